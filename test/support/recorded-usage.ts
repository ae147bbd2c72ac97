// The token counts that a log row must have for a recording, from what meta.json says of the provider's own
// usage object. The conventions are those of the fixtures' index: Anthropic's input leaves the cache out,
// Gemini's output leaves thoughts out, xAI's leaves reasoning out.
import { type Fixture, kindOf } from './fixtures.ts';

/** As the log names them. Absent: the recording does not say. */
export interface RowTokens {
  input_tokens?: number;
  cached_tokens?: number;
  cache_write_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
}

/** Recordings whose provider's numbers are not what was used, and what was; the reasons are facts, not guesses. */
const exceptions: Record<string, { reason: string; tokens: RowTokens }> = {
  'vercel-gateway/chat-completions/tools-reasoning-stream-gemini-3-pro-preview': {
    reason: 'reasoning is outside completion_tokens and outside the total; its cost says that it was billed',
    tokens: { output_tokens: 70 },
  },
  'mistral/chat-completions/audio-stream-voxtral-small-latest': {
    reason: 'audio is in the total only: 393 − 2',
    tokens: { input_tokens: 391 },
  },
  'mistral/chat-completions/audio-unary-voxtral-small-latest': {
    reason: 'audio is in the total and the details only: 585 − 201',
    tokens: { input_tokens: 384 },
  },
  'mistral/audio-transcriptions/basic-unary-voxtral-mini-latest': {
    reason: 'audio is in the total and the details only: 400 − 20',
    tokens: { input_tokens: 380 },
  },
  'azure/chat-completions/structured-cached-unary-grok-4-1-fast-non-reasoning': {
    reason: 'cached (157) is more than input (29)',
    tokens: { cached_tokens: 29 },
  },
  'azure/chat-completions/tools-cached-stream-grok-4-1-fast-non-reasoning': {
    reason: 'cached (403) is more than input (347)',
    tokens: { cached_tokens: 347 },
  },
  'anthropic/messages/text-stream-claude-sonnet-4-6': {
    reason: 'the compaction iteration is billed and outside the top level',
    tokens: { input_tokens: 181 + 100 + 55_096, cached_tokens: 55_096, output_tokens: 8 + 83 },
  },
  'anthropic/messages/text-unary-claude-sonnet-4-6': {
    reason: 'the compaction iteration is billed and outside the top level',
    tokens: { input_tokens: 162 + 99_195, output_tokens: 11 + 81 },
  },
  'anthropic/messages/text-unary-claude-sonnet-4-6-2': {
    reason: 'the compaction iteration is billed and outside the top level',
    tokens: { input_tokens: 220 + 55_196, output_tokens: 8 + 125 },
  },
};

/** Null when the recording has no usage. */
export function recordedTokens(fixture: Fixture): RowTokens | null {
  const { meta, name } = fixture;
  const given = meta.usage;
  if (!given) return null;
  const count = (key: string): number | undefined =>
    typeof given[key] === 'number' ? (given[key] as number) : undefined;
  const sum = (...keys: string[]): number => keys.reduce((total, key) => total + (count(key) ?? 0), 0);
  const tokens: RowTokens = {};
  const set = (field: keyof RowTokens, value: number | undefined) => {
    if (value !== undefined) tokens[field] = value;
  };
  set('input_tokens', count('input'));
  set('output_tokens', count('output'));
  set('cached_tokens', count('cached'));
  set('reasoning_tokens', count('reasoning'));
  set('cache_write_tokens', count('cache_write'));
  const kind = kindOf(fixture);
  if (kind === 'messages') {
    tokens.input_tokens = sum('input', 'cached', 'cache_creation');
    tokens.cache_write_tokens = sum('cache_creation');
  }
  if (kind === 'generate') {
    const without = (count('total') ?? 0) - sum('output', 'reasoning');
    tokens.output_tokens = sum('output', 'reasoning');
    tokens.input_tokens = count('input') === undefined ? without : sum('input', 'tool_use_prompt');
  }
  if (/^xai\/chat-completions\//.test(name)) tokens.output_tokens = sum('output', 'reasoning');
  if (kind?.startsWith('rerank') || kind === 'embeddings')
    set('input_tokens', count('input') ?? count('total'));
  return { ...tokens, ...exceptions[name]?.tokens };
}
