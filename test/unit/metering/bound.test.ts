// Tests the reservation: never below the true cost of a recorded request except for those named here, and not
// absurdly above it. Also tests the effect of each request field.
import { describe, expect, it } from 'vitest';
import { createMeter } from '../../../src/formats/meter.ts';
import { inputBounds, outputBounds, upperBound } from '../../../src/metering/bound.ts';
import { costNanoUsd, overrideRates } from '../../../src/metering/price.ts';
import { allFixtures, framingOf, haveFixtures, kindOf, reportSkippedReplay } from '../../support/fixtures.ts';
import { formatOf } from '../../support/formats.ts';

reportSkippedReplay();

/** One nano-USD per input token, ten per output token; cache writes as Anthropic prices them. */
const rates = overrideRates({
  input: 0.001,
  output: 0.01,
  cache_read: 0.0001,
  cache_write: 0.00125,
  cache_write_1h: 0.002,
});

/** Without cache discounts, which would hide what a bound lacks. */
const plain = overrideRates({ input: 0.001, output: 0.01 });

/** Providers that the relay knows by name; all others are hosts behind `openai-compatible`. */
const ownProviders = ['openai', 'anthropic', 'gemini', 'azure', 'cohere', 'jina', 'voyage'];

describe.skipIf(!haveFixtures)('the bounds of the recorded requests', () => {
  const rows = allFixtures().flatMap((fixture) => {
    const kind = kindOf(fixture);
    if (fixture.meta.status !== 200 || kind === null || fixture.request === undefined) return [];
    if (fixture.meta.request_trimmed) return [];
    const meter = createMeter(formatOf(kind), framingOf(fixture));
    meter.push(fixture.bytes);
    meter.end();
    const usage = meter.usage();
    if (usage === null || usage.inputTokens === 0) return [];
    const bytes = new TextEncoder().encode(JSON.stringify(fixture.request)).length;
    const hosted = !ownProviders.includes(fixture.meta.provider);
    const bound = upperBound(formatOf(kind), fixture.request, bytes, plain, { streamed: false, hosted });
    const input = {
      ...usage,
      outputTokens: 0,
      reasoningTokens: 0,
      outputAudioTokens: 0,
      outputImageTokens: 0,
    };
    const trueCost = costNanoUsd(usage, plain);
    return [
      { name: fixture.name, kind, bytes, bound, usage, trueInput: costNanoUsd(input, plain), trueCost },
    ];
  });

  it('cover the true input', () => {
    const over = rows.filter((row) => row.usage.inputTokens > row.bound.inputTokens).map((row) => row.name);
    expect(over).toEqual([]);
  });

  it('cover the true output', () => {
    const over = rows.filter((row) => row.usage.outputTokens > row.bound.outputTokens).map((row) => row.name);
    expect(over).toEqual([]);
  });

  it('cover the true cost', () => {
    const exceeded = rows.filter((row) => row.trueCost > row.bound.reserveNanoUsd);
    const kinds = [...new Set(rows.map((row) => row.kind))];
    const table = Object.fromEntries([
      ...kinds.map((kind) => [kind, looseness(rows.filter((row) => row.kind === kind))]),
      ['all', looseness(rows)],
      ['all of 4 KB and more', looseness(rows.filter((row) => row.bytes >= 4_096))],
    ]);
    console.log(
      `${rows.length} requests, ${exceeded.length} cost more than was reserved; bound / true cost:`,
    );
    console.table(table);
    expect(exceeded.map((row) => row.name)).toEqual([]);
  });

  it('estimate the input without bias: half of the requests are longer, half shorter', () => {
    const long = rows.filter(
      ({ kind, bytes }) =>
        bytes >= 2_048 &&
        ['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini-generate'].includes(kind),
    );
    const ratios = long.map(({ usage, bound }) => bound.typicalInput.inputTokens / usage.inputTokens);
    console.log(
      `estimate / true input of ${long.length} requests of 2 KB and more: median ${quantile(ratios, 0.5)}, p10 ${quantile(ratios, 0.1)}, p90 ${quantile(ratios, 0.9)}`,
    );
    expect(Number(quantile(ratios, 0.5))).toBeGreaterThan(0.8);
    expect(Number(quantile(ratios, 0.5))).toBeLessThan(1.4);
  });

  function looseness(of: typeof rows) {
    const input = of.map((row) => row.bound.inputNanoUsd / row.trueInput);
    const all = of.map((row) => row.bound.reserveNanoUsd / row.trueCost);
    return {
      requests: of.length,
      exceeded: of.filter((row) => row.trueCost > row.bound.reserveNanoUsd).length,
      'input median': quantile(input, 0.5),
      'input p90': quantile(input, 0.9),
      'all median': quantile(all, 0.5),
      'all p90': quantile(all, 0.9),
    };
  }
});

function quantile(values: number[], share: number): string {
  const sorted = [...values].sort((left, right) => left - right);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
}

describe('a bound', () => {
  const question = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
  const bound = (kind: string, body: object, streamed = false): ReturnType<typeof upperBound> =>
    upperBound(formatOf(kind), body, JSON.stringify(body).length, rates, { streamed });

  it('includes the caller’s output limit, times the requested number of answers', () => {
    expect(bound('openai-chat', { ...question, max_tokens: 10 }).outputTokens).toBe(10);
    expect(
      bound('openai-chat', { ...question, max_tokens: 9, max_completion_tokens: 10, n: 3 }).outputTokens,
    ).toBe(30);
    expect(
      bound('openai-completions', { model: 'm', prompt: 'x', max_tokens: 10, best_of: 4 }).outputTokens,
    ).toBe(40);
    expect(bound('openai-responses', { model: 'm', input: 'x', max_output_tokens: 7 }).outputTokens).toBe(7);
    expect(bound('anthropic-messages', { ...question, max_tokens: 7 }).outputTokens).toBe(7);
    const config = { maxOutputTokens: 5, candidateCount: 2 };
    expect(bound('gemini-generate', { contents: [], generationConfig: config }).outputTokens).toBe(10);
  });

  it('uses the larger of two output limits, in either spelling, and every prompt of a list', () => {
    expect(
      bound('openai-chat', { ...question, max_tokens: 900, max_completion_tokens: 1 }).outputTokens,
    ).toBe(900);
    const config = { max_output_tokens: 7, candidate_count: 3 };
    expect(bound('gemini-generate', { contents: [], generation_config: config }).outputTokens).toBe(21);
    const prompts = { model: 'm', prompt: ['a', 'b', 'c'], max_tokens: 10, n: 2 };
    expect(bound('openai-completions', prompts).outputTokens).toBe(60);
    expect(bound('openai-completions', { ...prompts, prompt: [11, 12, 13] }).outputTokens).toBe(20);
  });

  it('adds a thinking budget to the default if the caller sets no limit', () => {
    const thinkingConfig = { thinkingBudget: 10_000 };
    const generate = (config: object) =>
      bound('gemini-generate', { contents: [], generationConfig: { thinkingConfig, ...config } })
        .outputTokens;
    expect(generate({})).toBe(14_096);
    expect(generate({ maxOutputTokens: 12_000 })).toBe(12_000);
    expect(bound('openai-chat', { ...question, reasoning: { max_tokens: 2_000 } }).outputTokens).toBe(6_096);
    expect(bound('openai-chat', { ...question, max_tokens: 10, thinking_budget: 500 }).outputTokens).toBe(
      510,
    );
  });

  it('includes the recorded length of previous_response_id, else a default', () => {
    const body = { model: 'm', input: 'go on', previous_response_id: 'resp_1' };
    const of = (historyTokens: number | null) =>
      upperBound(formatOf('openai-responses'), body, 80, rates, { streamed: false, historyTokens })
        .inputTokens;
    expect(of(123_456) - of(0)).toBe(123_456);
    expect(of(null) - of(0)).toBe(inputBounds.tokensOfHiddenHistory);
  });

  it('uses the most expensive tier within reach', () => {
    const tiered = {
      ...rates,
      tiers: [{ aboveInputTokens: 50, rates: { input: 3_000, output: 20_000 } }],
    };
    const at = (bytes: number) =>
      upperBound(formatOf('openai-chat'), { ...question, max_tokens: 10 }, bytes, tiered, {
        streamed: false,
      });
    // The base tier's own cache writes, at 1.25, cost more than its input.
    expect(at(20).reserveNanoUsd).toBe(Math.ceil(at(20).inputTokens * 1.25) + 100);
    expect(at(2_000).reserveNanoUsd).toBe(at(2_000).inputTokens * 3 + 200);
  });

  it('prices a file of unknown kind as the most expensive media', () => {
    const parts = [{ fileData: { fileUri: 'https://files.test/1' } }];
    const audio = { ...rates, base: { input: 1_000, output: 10_000, inputAudio: 7_000 } };
    const { inputNanoUsd, inputTokens } = upperBound(
      formatOf('gemini-generate'),
      { contents: [{ parts }] },
      80,
      audio,
      {
        streamed: false,
      },
    );
    expect(inputTokens).toBeGreaterThan(inputBounds.tokensPerRemoteFile);
    expect(inputNanoUsd).toBe(inputTokens * 7);
  });

  it('does not price an image upload as text of its length', () => {
    const fields = { model: 'gpt-image-1', prompt: 'a hat' };
    const { inputTokens } = upperBound(formatOf('openai-images'), fields, 20_000_000, rates, {
      streamed: false,
    });
    expect(inputTokens).toBeLessThan(inputBounds.tokensOfImageUpload + 100);
  });

  it('assumes 4,096 output tokens without a limit, and none for models without output', () => {
    expect(bound('openai-chat', question).outputTokens).toBe(4_096);
    expect(bound('openai-chat', { ...question, max_tokens: 'many' }).outputTokens).toBe(4_096);
    expect(bound('openai-embeddings', { model: 'm', input: 'x' }).outputTokens).toBe(0);
  });

  it('reserves a stream in steps of 2,000 tokens, or less if the whole is less', () => {
    const long = bound('openai-chat', question, true);
    expect(long.reserveNanoUsd).toBe(long.inputNanoUsd + 2_000 * 10);
    expect(long.stepNanoUsd).toBe(2_000 * 10);
    const short = bound('openai-chat', { ...question, max_tokens: 50 }, true);
    expect(short.reserveNanoUsd).toBe(short.inputNanoUsd + 50 * 10);
    expect(short.stepNanoUsd).toBe(50 * 10);
  });

  it('counts an image as an image, not by its base64', () => {
    const url = `data:image/png;base64,${'A'.repeat(1_000_000)}`;
    const content = [{ type: 'image_url', image_url: { url } }];
    const { inputTokens } = bound('openai-chat', { model: 'm', messages: [{ role: 'user', content }] });
    expect(inputTokens).toBeGreaterThan(inputBounds.tokensPerImage.openai);
    expect(inputTokens).toBeLessThan(inputBounds.tokensPerImage.openai + 200);
    const source = { type: 'base64', media_type: 'image/jpeg', data: 'A'.repeat(1_000_000) };
    const messages = [{ role: 'user', content: [{ type: 'image', source }] }];
    expect(bound('anthropic-messages', { model: 'm', max_tokens: 1, messages }).inputTokens).toBeLessThan(
      5_000,
    );
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'A'.repeat(1_000_000) } }];
    expect(bound('gemini-generate', { contents: [{ parts }] }).inputTokens).toBeLessThan(5_000);
  });

  it('counts base64 in a text field, and text in a media field, as text', () => {
    const pasted = `data:image/png;base64,${'A'.repeat(100_000)}`;
    expect(
      bound('openai-chat', { model: 'm', messages: [{ role: 'user', content: pasted }] }).inputTokens,
    ).toBeGreaterThan(40_000);
    const posing = { type: 'text', media_type: 'image/png', data: 'some words '.repeat(10_000) };
    const messages = [{ role: 'user', content: [{ type: 'image', source: posing }] }];
    expect(bound('anthropic-messages', { model: 'm', max_tokens: 1, messages }).inputTokens).toBeGreaterThan(
      40_000,
    );
  });

  it('applies the rate of cache writes only where they can happen', () => {
    const plain = bound('anthropic-messages', { ...question, max_tokens: 1 });
    expect(plain.inputNanoUsd).toBe(plain.inputTokens);
    const text = (ttl?: string): object => ({
      type: 'text',
      text: 'x',
      cache_control: { type: 'ephemeral', ttl },
    });
    const marked = (ttl?: string): ReturnType<typeof bound> =>
      bound('anthropic-messages', {
        model: 'm',
        max_tokens: 1,
        messages: [{ role: 'user', content: [text(ttl)] }],
      });
    expect(marked().inputNanoUsd).toBe(Math.ceil(marked().inputTokens * 1.25));
    expect(marked('1h').inputNanoUsd).toBe(marked('1h').inputTokens * 2);
  });

  it('applies the same multiplier as the charge', () => {
    const body = { ...question, max_tokens: 10 };
    const twice = upperBound(formatOf('openai-chat'), body, 100, rates, { streamed: false, multiplier: 2 });
    expect(twice.reserveNanoUsd).toBe(
      2 * upperBound(formatOf('openai-chat'), body, 100, rates, { streamed: false }).reserveNanoUsd,
    );
  });

  it('counts the query once per document, and Cohere’s search units', () => {
    const documents = Array.from({ length: 101 }, () => 'a short document');
    const body = { model: 'm', query: 'which of these documents is the best one?', documents };
    const perSearch = overrideRates({ input: 0, output: 0, search_unit: 0.002 });
    const cohere = upperBound(formatOf('cohere-rerank'), body, 2_000, perSearch, { streamed: false });
    expect(cohere.reserveNanoUsd).toBe(2 * 2_000_000);
    const voyage = upperBound(formatOf('voyage-rerank'), body, 2_000, rates, { streamed: false });
    expect(voyage.inputTokens).toBeGreaterThan((101 * body.query.length) / 4);
  });

  it('bounds speech by its characters and transcription by its bytes', () => {
    const each = overrideRates({ input: 0, output: 0, characters: 15, audio_hour: 0.36 });
    const speech = upperBound(formatOf('openai-speech'), { model: 'tts-1', input: 'abcde' }, 50, each, {
      streamed: false,
    });
    expect(speech.reserveNanoUsd).toBe(5 * 15_000);
    const transcription = upperBound(
      formatOf('openai-transcription'),
      { model: 'whisper-1' },
      750 * 3_600,
      each,
      {
        streamed: false,
      },
    );
    expect(transcription.inputNanoUsd).toBe(360_000_000);
    const remote = upperBound(formatOf('openai-transcription'), { model: 'm', url: 'https://x' }, 200, each, {
      streamed: false,
    });
    expect(remote.inputNanoUsd).toBe(Math.ceil((100 * 1024 * 1024) / 750) * 100_000);
    const slow = upperBound(
      formatOf('openai-speech'),
      { model: 'm', input: 'x'.repeat(100), speed: 0.25 },
      200,
      each,
      {
        streamed: false,
      },
    );
    expect(slow.outputTokens).toBe(1_200);
  });

  it('accepts any body', () => {
    for (const body of [null, 7, 'text', [], { messages: 1, tools: 7, generationConfig: null }])
      expect(upperBound(formatOf('openai-chat'), body, 10, rates, { streamed: true }).outputTokens).toBe(
        outputBounds.tokensWithoutBound,
      );
  });
});
