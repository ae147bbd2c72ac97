// Every recording that the relay could have relayed: metered whole, byte by byte and at seeded cuts, always
// the same, and equal to what the provider's own usage object says.
import { describe, expect, it } from 'vitest';
import { createMeter, type Meter } from '../../src/formats/meter.ts';
import type { Usage } from '../../src/formats/usage.ts';
import {
  allFixtures,
  cutAtSeed,
  type Fixture,
  framingOf,
  haveFixtures,
  kindOf,
  sayWhenLeftOut,
} from '../support/fixtures.ts';

sayWhenLeftOut();

const cases = allFixtures()
  .filter(({ meta }) => meta.method === 'POST' && meta.status === 200)
  .filter(kindOf);

/** Recordings whose true usage is not what meta.usage's numbers say; the reason, and the true counts. */
const exceptions: Record<string, { reason: string; usage: Partial<Usage> }> = {
  'vercel-gateway/chat-completions/tools-reasoning-stream-gemini-3-pro-preview': {
    reason:
      'reasoning (61) is outside completion_tokens (9) and outside the total; cost 0.000896 = 28·2 + 70·12',
    usage: { outputTokens: 70 },
  },
  'mistral/chat-completions/audio-stream-voxtral-small-latest': {
    reason: 'audio is in the total only: 393 − 16 − 2',
    usage: { inputTokens: 391, inputAudioTokens: 375 },
  },
  'mistral/chat-completions/audio-unary-voxtral-small-latest': {
    reason: 'audio is in the total and the details only: 585 − 9 − 201',
    usage: { inputTokens: 384 },
  },
  'mistral/audio-transcriptions/basic-unary-voxtral-mini-latest': {
    reason: 'audio is in the total and the details only: 400 − 5 − 20',
    usage: { inputTokens: 380 },
  },
  'azure/chat-completions/structured-cached-unary-grok-4-1-fast-non-reasoning': {
    reason: 'cached (157) is more than input (29)',
    usage: { cachedTokens: 29 },
  },
  'azure/chat-completions/tools-cached-stream-grok-4-1-fast-non-reasoning': {
    reason: 'cached (403) is more than input (347)',
    usage: { cachedTokens: 347 },
  },
  'anthropic/messages/text-stream-claude-sonnet-4-6': {
    reason: 'the compaction iteration is billed and outside the top level',
    usage: { inputTokens: 181 + 100 + 55_096, cachedTokens: 55_096, outputTokens: 8 + 83 },
  },
  'anthropic/messages/text-unary-claude-sonnet-4-6': {
    reason: 'the compaction iteration is billed and outside the top level',
    usage: { inputTokens: 162 + 99_195, outputTokens: 11 + 81 },
  },
  'anthropic/messages/text-unary-claude-sonnet-4-6-2': {
    reason: 'the compaction iteration is billed and outside the top level',
    usage: { inputTokens: 220 + 55_196, outputTokens: 8 + 125 },
  },
};

const xaiReasoningOutside = /^xai\/chat-completions\//;

/** What meta.usage says, by the conventions that the index documents for each provider's numbers. */
function expectedUsage({ name, meta }: Fixture): Partial<Usage> | null {
  const given = meta.usage;
  if (!given) return null;
  const number = (key: string): number => (typeof given[key] === 'number' ? (given[key] as number) : 0);
  const has = (key: string): boolean => typeof given[key] === 'number';
  const kind = kindOf({ name, meta } as Fixture);
  const expected: Partial<Usage> = {};
  if (has('input')) expected.inputTokens = number('input');
  if (has('output')) expected.outputTokens = number('output');
  if (has('cached')) expected.cachedTokens = number('cached');
  if (has('reasoning')) expected.reasoningTokens = number('reasoning');
  if (has('cache_write')) expected.cacheWriteTokens = number('cache_write');
  if (has('audio_input')) expected.inputAudioTokens = number('audio_input');
  if (has('audio_output')) expected.outputAudioTokens = number('audio_output');
  if (has('image_input')) expected.inputImageTokens = number('image_input');
  if (has('image_output')) expected.outputImageTokens = number('image_output');
  if (has('search_units')) expected.searchUnits = number('search_units');
  if (has('seconds')) expected.audioMilliseconds = number('seconds') * 1_000;
  if (kind === 'messages') {
    expected.inputTokens = number('input') + number('cached') + number('cache_creation');
    expected.cacheWriteTokens = number('cache_creation');
    expected.cacheWrite1hTokens = number('cache_creation_1h');
    const tools = given.server_tool_use as { web_search_requests?: number } | undefined;
    expected.webSearches = tools?.web_search_requests ?? 0;
  }
  if (kind === 'generate') {
    expected.outputTokens = number('output') + number('reasoning');
    if (has('input')) expected.inputTokens = number('input') + number('tool_use_prompt');
    else expected.inputTokens = number('total') - number('output') - number('reasoning');
  }
  if (xaiReasoningOutside.test(name)) expected.outputTokens = number('output') + number('reasoning');
  if (kind?.startsWith('rerank') || (kind === 'embeddings' && !has('input')))
    if (has('input') || has('total')) expected.inputTokens = number(has('input') ? 'input' : 'total');
  return { ...expected, ...exceptions[name]?.usage };
}

function meterOf(fixture: Fixture, pieces: Uint8Array[]): Meter {
  const meter = createMeter(kindOf(fixture) ?? 'uncounted', framingOf(fixture));
  for (const piece of pieces) meter.push(piece);
  meter.end();
  return meter;
}

function snapshot(meter: Meter): unknown {
  const { complete, outputCharacters, started, madeIds, model, error, serviceTier, atBoundary } = meter;
  const counts = { usage: meter.usage(), partial: meter.partialUsage(), other: meter.otherModelUsage };
  return { ...counts, complete, outputCharacters, started, madeIds, model, error, serviceTier, atBoundary };
}

describe.skipIf(!haveFixtures)('metering the recordings', () => {
  const compared = new Map<string, number>();

  it.each(cases.map((fixture) => [fixture.name, fixture] as const))(
    '%s: equal to the upstream’s own usage',
    (name, fixture) => {
      const usage = meterOf(fixture, [fixture.bytes]).partialUsage();
      const expected = expectedUsage(fixture);
      if (expected === null) {
        // Images and transcripts without a usage object are still counted, from the answer itself.
        if (usage !== null) expect(['images', 'transcription', 'generate']).toContain(kindOf(fixture));
        return;
      }
      if (Object.keys(expected).length === 0) return;
      expect(usage, name).not.toBeNull();
      for (const [field, value] of Object.entries(expected)) {
        compared.set(field, (compared.get(field) ?? 0) + 1);
        expect({ [field]: usage?.[field as keyof Usage] }, name).toEqual({ [field]: value });
      }
    },
  );

  it('is the same byte by byte (bodies up to 8 KB) and at seeded cuts', () => {
    let bytewise = 0;
    for (const fixture of cases) {
      const whole = snapshot(meterOf(fixture, [fixture.bytes]));
      for (const seed of [1, 2, 3]) {
        const cut = snapshot(meterOf(fixture, cutAtSeed(fixture.bytes, seed, seed === 3 ? 4_096 : 97)));
        expect(cut, `${fixture.name} at seed ${seed}`).toEqual(whole);
      }
      if (fixture.bytes.length > 8_192) continue;
      bytewise++;
      expect(snapshot(meterOf(fixture, cutAtSeed(fixture.bytes, 1, 1))), `${fixture.name} bytewise`).toEqual(
        whole,
      );
    }
    console.log(`${cases.length} recordings metered, ${bytewise} of them byte by byte`);
    console.table(Object.fromEntries(compared));
  });

  it('sees the end of every whole stream, and no end where one was cut or failed', () => {
    const incomplete = cases.filter((fixture) => !meterOf(fixture, [fixture.bytes]).complete);
    const whole = incomplete.map(({ name }) => name).filter((name) => !cutOrFailed.test(name));
    expect(whole).toEqual([
      // Test data of a vendor, without any finish reason.
      'vertex/streamGenerateContent/firebase-streaming-failure-empty-content',
      'vertex/streamGenerateContent/firebase-streaming-success-quotes-escaped',
    ]);
    expect(incomplete).toHaveLength(12);
  });

  it('knows an error inside an answer of status 200, and finds none elsewhere', () => {
    const failed = cases.filter((fixture) => meterOf(fixture, [fixture.bytes]).error !== null);
    const expected = cases.filter(({ name }) => /midstream|openai-error|error-mid-stream/.test(name));
    expect(failed.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  });

  it('counts output characters close to the output tokens of text answers', () => {
    const ratios = cases
      .filter(({ meta }) => meta.features.includes('text') && !meta.trimmed)
      .map((fixture) => meterOf(fixture, [fixture.bytes]))
      .flatMap((meter) => {
        const usage = meter.usage();
        const tokens = usage === null ? 0 : usage.outputTokens - usage.reasoningTokens;
        return tokens >= 30 ? [meter.outputCharacters / tokens] : [];
      })
      .sort((left, right) => left - right);
    const at = (share: number): string => (ratios[Math.floor(ratios.length * share)] ?? 0).toFixed(2);
    console.log(
      `characters a visible token, ${ratios.length} answers: p10 ${at(0.1)}, median ${at(0.5)}, p90 ${at(0.9)}`,
    );
    expect(Number(at(0.5))).toBeGreaterThan(2.5);
    expect(Number(at(0.5))).toBeLessThan(6);
  });
});

const cutOrFailed = /midstream-error|truncated-stream/;
