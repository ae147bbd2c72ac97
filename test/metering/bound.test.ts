// The reservation: never below the true cost of a recorded request but for the exceptions named here, and
// not absurdly above it; and what each field of a request does to it.
import { describe, expect, it } from 'vitest';
import { createMeter } from '../../src/formats/meter.ts';
import { inputBounds, outputBounds, upperBound } from '../../src/metering/bound.ts';
import { costNanoUsd, overrideRates } from '../../src/metering/price.ts';
import { allFixtures, framingOf, haveFixtures, kindOf, sayWhenLeftOut } from '../support/fixtures.ts';

sayWhenLeftOut();

/** One nano-USD a token in, ten a token out; cache writes as Anthropic prices them. */
const rates = overrideRates({
  input: 0.001,
  output: 0.01,
  cache_read: 0.0001,
  cache_write: 0.00125,
  cache_write_1h: 0.002,
});

/** Without caches, whose discounts would hide what a bound lacks. */
const plain = overrideRates({ input: 0.001, output: 0.01 });

/** Requests whose input grew by what no one can see in them. */
const exceptions: Record<string, string> = {
  'deepseek/responses/reasoning-servertools-cached-unary-deepseek-v4-flash':
    'web pages, over several searches',
  'groq/chat-completions/reasoning-structured-servertools-stream-compound': 'the model itself searches',
  'groq/chat-completions/reasoning-structured-servertools-unary-compound': 'the model itself searches',
  'groq/chat-completions/text-unary-compound-mini': 'the host’s own system prompt',
  'openai/responses/citations-servertools-stream-gpt-4o-mini-2024-07-18': 'code execution over many turns',
  'openai/responses/reasoning-citations-servertools-unary-gpt-5-2025-08-07':
    'web pages, 115,000 tokens of them',
  'openrouter/chat-completions/citations-stream-deepseek-chat': 'the host’s web plugin',
  'openrouter/chat-completions/text-stream-llama-3.2-3b-instruct-free': 'the host’s own system prompt',
  'pollinations/chat-completions/text-unary-gpt-4.1-mini-2025-04-14': 'the host’s own system prompt',
  'venice/chat-completions/text-stream-qwen3-5-9b': 'the host’s own system prompt',
  'xai/responses/reasoning-cached-stream-grok-4.3': 'the host’s own system prompt',
  'anthropic/messages/signature-servertools-cached-unary-claude-sonnet-5':
    'tools searched and called in code',
};

describe.skipIf(!haveFixtures)('the bounds of the recorded requests', () => {
  const rows = allFixtures().flatMap((fixture) => {
    const kind = kindOf(fixture);
    if (fixture.meta.status !== 200 || kind === null || fixture.request === undefined) return [];
    if (fixture.meta.request_trimmed) return [];
    const meter = createMeter(kind, framingOf(fixture));
    meter.push(fixture.bytes);
    meter.end();
    const usage = meter.usage();
    if (usage === null || usage.inputTokens === 0) return [];
    const bytes = new TextEncoder().encode(JSON.stringify(fixture.request)).length;
    const bound = upperBound(kind, fixture.request, bytes, plain, { streamed: false });
    const input = {
      ...usage,
      outputTokens: 0,
      reasoningTokens: 0,
      outputAudioTokens: 0,
      outputImageTokens: 0,
    };
    const trueCost = costNanoUsd(usage, plain);
    return [{ name: fixture.name, kind, bound, usage, trueInput: costNanoUsd(input, plain), trueCost }];
  });

  it('hold the true input, but for what nobody can see in a request', () => {
    const over = rows.filter((row) => row.usage.inputTokens > row.bound.inputTokens).map((row) => row.name);
    expect(over.sort()).toEqual(Object.keys(exceptions).sort());
  });

  it('hold the true output, but for a server tool’s loop beyond max_tokens', () => {
    const over = rows.filter((row) => row.usage.outputTokens > row.bound.outputTokens).map((row) => row.name);
    expect(over).toEqual(['anthropic/messages/servertools-unary-claude-opus-4-8']);
  });

  it('are not absurdly loose', () => {
    const table: Record<string, unknown> = {};
    const exceeded = rows.filter((row) => row.trueCost > row.bound.reserveNanoUsd).length;
    for (const kind of new Set(rows.map((row) => row.kind))) {
      const of = rows.filter((row) => row.kind === kind);
      const at = (loose: number[], share: number): string =>
        (loose.sort((left, right) => left - right)[Math.floor(loose.length * share)] ?? 0).toFixed(1);
      const input = of.map((row) => row.bound.inputNanoUsd / row.trueInput);
      const all = of.map((row) => row.bound.reserveNanoUsd / row.trueCost);
      table[kind] = {
        requests: of.length,
        'input median': at(input, 0.5),
        'input p90': at(input, 0.9),
        'all median': at(all, 0.5),
        'all p90': at(all, 0.9),
      };
    }
    console.log(
      `${rows.length} requests, of which ${exceeded} cost more than was reserved; bound / true cost:`,
    );
    console.table(table);
    expect(exceeded).toBeLessThan(rows.length * 0.04);
  });
});

describe('a bound', () => {
  const ask = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
  const bound = (
    kind: Parameters<typeof upperBound>[0],
    body: object,
    streamed = false,
  ): ReturnType<typeof upperBound> =>
    upperBound(kind, body, JSON.stringify(body).length, rates, { streamed });

  it('has the caller’s output bound, times the answers asked for', () => {
    expect(bound('chat', { ...ask, max_tokens: 10 }).outputTokens).toBe(10);
    expect(bound('chat', { ...ask, max_tokens: 9, max_completion_tokens: 10, n: 3 }).outputTokens).toBe(30);
    expect(bound('completions', { model: 'm', prompt: 'x', max_tokens: 10, best_of: 4 }).outputTokens).toBe(
      40,
    );
    expect(bound('responses', { model: 'm', input: 'x', max_output_tokens: 7 }).outputTokens).toBe(7);
    expect(bound('messages', { ...ask, max_tokens: 7 }).outputTokens).toBe(7);
    const config = { maxOutputTokens: 5, candidateCount: 2 };
    expect(bound('generate', { contents: [], generationConfig: config }).outputTokens).toBe(10);
  });

  it('has 4,096 tokens of output where the caller sets no bound, and none where there is no output', () => {
    expect(bound('chat', ask).outputTokens).toBe(4_096);
    expect(bound('chat', { ...ask, max_tokens: 'many' }).outputTokens).toBe(4_096);
    expect(bound('embeddings', { model: 'm', input: 'x' }).outputTokens).toBe(0);
  });

  it('reserves a stream in steps of 2,000 tokens, or of less where the whole is less', () => {
    const long = bound('chat', ask, true);
    expect(long.reserveNanoUsd).toBe(long.inputNanoUsd + 2_000 * 10);
    expect(long.stepNanoUsd).toBe(2_000 * 10);
    const short = bound('chat', { ...ask, max_tokens: 50 }, true);
    expect(short.reserveNanoUsd).toBe(short.inputNanoUsd + 50 * 10);
    expect(short.stepNanoUsd).toBe(50 * 10);
  });

  it('counts an image as an image, not as its base64', () => {
    const url = `data:image/png;base64,${'A'.repeat(1_000_000)}`;
    const content = [{ type: 'image_url', image_url: { url } }];
    const { inputTokens } = bound('chat', { model: 'm', messages: [{ role: 'user', content }] });
    expect(inputTokens).toBeGreaterThan(inputBounds.tokensPerImage.openai);
    expect(inputTokens).toBeLessThan(inputBounds.tokensPerImage.openai + 200);
    const source = { type: 'base64', media_type: 'image/jpeg', data: 'A'.repeat(1_000_000) };
    const messages = [{ role: 'user', content: [{ type: 'image', source }] }];
    expect(bound('messages', { model: 'm', max_tokens: 1, messages }).inputTokens).toBeLessThan(5_000);
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'A'.repeat(1_000_000) } }];
    expect(bound('generate', { contents: [{ parts }] }).inputTokens).toBeLessThan(5_000);
  });

  it('counts base64 in a text field, and text in a media field, as text', () => {
    const pasted = `data:image/png;base64,${'A'.repeat(100_000)}`;
    expect(
      bound('chat', { model: 'm', messages: [{ role: 'user', content: pasted }] }).inputTokens,
    ).toBeGreaterThan(40_000);
    const posing = { type: 'text', media_type: 'image/png', data: 'some words '.repeat(10_000) };
    const messages = [{ role: 'user', content: [{ type: 'image', source: posing }] }];
    expect(bound('messages', { model: 'm', max_tokens: 1, messages }).inputTokens).toBeGreaterThan(40_000);
  });

  it('takes cache writes at their rate only where they can happen', () => {
    const plain = bound('messages', { ...ask, max_tokens: 1 });
    expect(plain.inputNanoUsd).toBe(plain.inputTokens);
    const text = (ttl?: string): object => ({
      type: 'text',
      text: 'x',
      cache_control: { type: 'ephemeral', ttl },
    });
    const marked = (ttl?: string): ReturnType<typeof bound> =>
      bound('messages', { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: [text(ttl)] }] });
    expect(marked().inputNanoUsd).toBe(Math.ceil(marked().inputTokens * 1.25));
    expect(marked('1h').inputNanoUsd).toBe(marked('1h').inputTokens * 2);
  });

  it('multiplies as the charge will be', () => {
    const body = { ...ask, max_tokens: 10 };
    const twice = upperBound('chat', body, 100, rates, { streamed: false, multiplier: 2 });
    expect(twice.reserveNanoUsd).toBe(
      2 * upperBound('chat', body, 100, rates, { streamed: false }).reserveNanoUsd,
    );
  });

  it('counts a query once a document, and Cohere’s search units', () => {
    const documents = Array.from({ length: 101 }, () => 'a short document');
    const body = { model: 'm', query: 'which of these documents is the best one?', documents };
    const perSearch = overrideRates({ input: 0, output: 0, search_unit: 0.002 });
    const cohere = upperBound('rerank-cohere', body, 2_000, perSearch, { streamed: false });
    expect(cohere.reserveNanoUsd).toBe(2 * 2_000_000);
    const voyage = upperBound('rerank-voyage', body, 2_000, rates, { streamed: false });
    expect(voyage.inputTokens).toBeGreaterThan((101 * body.query.length) / 4);
  });

  it('bounds speech by its characters and transcription by its bytes', () => {
    const each = overrideRates({ input: 0, output: 0, characters: 15, audio_hour: 0.36 });
    const speech = upperBound('speech', { model: 'tts-1', input: 'abcde' }, 50, each, { streamed: false });
    expect(speech.reserveNanoUsd).toBe(5 * 15_000);
    const heard = upperBound('transcription', { model: 'whisper-1' }, 2_000 * 3_600, each, {
      streamed: false,
    });
    expect(heard.inputNanoUsd).toBe(360_000_000);
  });

  it('bears any body', () => {
    for (const body of [null, 7, 'text', [], { messages: 1, tools: 7, generationConfig: null }])
      expect(upperBound('chat', body, 10, rates, { streamed: true }).outputTokens).toBe(
        outputBounds.tokensWithoutBound,
      );
  });
});
