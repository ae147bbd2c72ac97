// The usage that a recording's own usage object reports, in the relay's counts. The providers' conventions are
// written here a second time, from meta.json alone, to check the meters against.
import type { Usage } from '../../src/formats/usage.ts';
import { type Fixture, kindOf } from './fixtures.ts';

/** The counts in the log; absent ones are not in the recording. */
export interface RowTokens {
  input_tokens?: number;
  cached_tokens?: number;
  cache_write_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
}

type Numbers = (key: string) => number | undefined;

/** What a provider's numbers omit or count twice; each convention states the fact that recordings show. */
interface Convention {
  reason: string;
  applies: (given: Numbers, raw: Record<string, unknown>, fixture: Fixture) => boolean;
  change: (counts: Partial<Usage>, given: Numbers, raw: Record<string, unknown>) => Partial<Usage>;
}

const conventions: readonly Convention[] = [
  {
    reason: 'Anthropic: input leaves the cache out',
    applies: (_given, _raw, fixture) => kindOf(fixture) === 'anthropic-messages',
    change: (counts, given, raw) => ({
      ...counts,
      inputTokens: sum(given, 'input', 'cached', 'cache_creation'),
      cacheWriteTokens: sum(given, 'cache_creation'),
      cacheWrite1hTokens: sum(given, 'cache_creation_1h'),
      webSearches: numberIn(raw.server_tool_use, 'web_search_requests'),
    }),
  },
  {
    reason: 'Anthropic: compaction is billed and outside the top level',
    applies: (_given, raw) => compactions(raw).length > 0,
    change: (counts, _given, raw) => compactions(raw).reduce(withCompaction, counts),
  },
  {
    reason: 'Gemini: thoughts are outside output, the prompts of tools outside input',
    applies: (_given, _raw, fixture) => kindOf(fixture) === 'gemini-generate',
    change: (counts, given) => ({
      ...counts,
      outputTokens: sum(given, 'output', 'reasoning'),
      inputTokens:
        given('input') === undefined
          ? (given('total') ?? 0) - sum(given, 'output', 'reasoning')
          : sum(given, 'input', 'tool_use_prompt'),
    }),
  },
  {
    reason: 'reasoning is outside output: xAI; Gemini behind the gateway of Vercel',
    applies: (given, _raw, { name }) =>
      /^xai\/chat-completions\//.test(name) ||
      (/^vercel-gateway\/chat-completions\/.*gemini/.test(name) && (given('reasoning') ?? 0) > 0),
    change: (counts, given) => ({ ...counts, outputTokens: sum(given, 'output', 'reasoning') }),
  },
  {
    reason: 'Mistral: audio is in the total only',
    applies: (_given, raw) => typeof raw.prompt_audio_seconds === 'number',
    change: (counts, given) => {
      const input = (given('total') ?? 0) - (given('output') ?? 0);
      return { ...counts, inputTokens: input, inputAudioTokens: input - (given('input') ?? 0) };
    },
  },
  {
    reason: 'rerankers and embedders that name a total only',
    applies: (given, _raw, fixture) =>
      /rerank$|^(openai|cohere)-embeddings$/.test(kindOf(fixture) ?? '') && given('input') === undefined,
    change: (counts, given) => {
      const total = given('total');
      return total === undefined ? counts : { ...counts, inputTokens: total };
    },
  },
  {
    reason: 'more cached than input (Azure-hosted grok): cached is part of input',
    applies: (given, _raw, fixture) =>
      kindOf(fixture) === 'openai-chat' && (given('cached') ?? 0) > (given('input') ?? Infinity),
    change: (counts) => ({ ...counts, cachedTokens: counts.inputTokens ?? 0 }),
  },
];

const fields: Partial<Record<keyof Usage, string>> = {
  inputTokens: 'input',
  outputTokens: 'output',
  cachedTokens: 'cached',
  reasoningTokens: 'reasoning',
  cacheWriteTokens: 'cache_write',
  inputAudioTokens: 'audio_input',
  outputAudioTokens: 'audio_output',
  inputImageTokens: 'image_input',
  outputImageTokens: 'image_output',
  searchUnits: 'search_units',
};

/** Returns the counts in a recording and the conventions that were applied, or null if it has no usage. */
export function recordedUsage(fixture: Fixture): { usage: Partial<Usage>; reasons: string[] } | null {
  const given = fixture.meta.usage;
  if (!given) return null;
  const raw = given.raw ?? {};
  const numbers: Numbers = (key) => (typeof given[key] === 'number' ? (given[key] as number) : undefined);
  let usage: Partial<Usage> = {};
  for (const [field, key] of Object.entries(fields)) {
    const count = numbers(key);
    if (count !== undefined) usage[field as keyof Usage] = count;
  }
  const seconds = numbers('seconds');
  if (seconds !== undefined) usage.audioMilliseconds = seconds * 1_000;
  const needed = conventions.filter(({ applies }) => applies(numbers, raw, fixture));
  for (const { change } of needed) usage = change(usage, numbers, raw);
  return { usage, reasons: needed.map(({ reason }) => reason) };
}

/** Returns those of the counts that a log row has. */
export function recordedTokens(fixture: Fixture): RowTokens | null {
  const recorded = recordedUsage(fixture);
  if (recorded === null) return null;
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens } = recorded.usage;
  return {
    ...(inputTokens !== undefined && { input_tokens: inputTokens }),
    ...(cachedTokens !== undefined && { cached_tokens: cachedTokens }),
    ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
    ...(outputTokens !== undefined && { output_tokens: outputTokens }),
    ...(reasoningTokens !== undefined && { reasoning_tokens: reasoningTokens }),
  };
}

function sum(given: Numbers, ...keys: string[]): number {
  return keys.reduce((total, key) => total + (given(key) ?? 0), 0);
}

function numberIn(holder: unknown, key: string): number {
  const value = (holder as Record<string, unknown> | null | undefined)?.[key];
  return typeof value === 'number' ? value : 0;
}

function compactions(raw: Record<string, unknown>): unknown[] {
  const iterations = Array.isArray(raw.iterations) ? raw.iterations : [];
  return iterations.filter((iteration) => iteration?.type === 'compaction');
}

function withCompaction(counts: Partial<Usage>, iteration: unknown): Partial<Usage> {
  const cached = numberIn(iteration, 'cache_read_input_tokens');
  const written = numberIn(iteration, 'cache_creation_input_tokens');
  return {
    ...counts,
    inputTokens: (counts.inputTokens ?? 0) + numberIn(iteration, 'input_tokens') + cached + written,
    cachedTokens: (counts.cachedTokens ?? 0) + cached,
    cacheWriteTokens: (counts.cacheWriteTokens ?? 0) + written,
    outputTokens: (counts.outputTokens ?? 0) + numberIn(iteration, 'output_tokens'),
  };
}
