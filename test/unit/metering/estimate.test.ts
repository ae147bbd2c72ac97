// Tests the estimate of an answer without usage, and when an upstream's usage is implausible.

import { describe, expect, it } from 'vitest';
import type { FormatId } from '../../../src/formats/format-id.ts';
import { createMeter } from '../../../src/formats/meter.ts';
import type { Framing } from '../../../src/formats/observation.ts';
import { emptyUsage, type Usage, usageOf } from '../../../src/formats/usage.ts';
import {
  boundedEstimate,
  type EstimateContext,
  estimate,
  implausible,
  isImplausible,
} from '../../../src/metering/estimate.ts';
import { tokensOfImage, tokensOfSpeech } from '../../../src/metering/media-tokens.ts';
import { costNanoUsd, tableRates } from '../../../src/metering/price.ts';
import { unseenOutputOf } from '../../../src/metering/unseen-output.ts';
import { allFixtures, haveFixtures, kindOf, meterOf } from '../../support/fixtures.ts';
import { formatOf } from '../../support/formats.ts';

const rates = (model: string, provider: 'openai' | 'gemini' = 'openai') =>
  tableRates(provider, model, undefined, new Date());
const encoder = new TextEncoder();

function metered(kind: FormatId, framing: Framing, text: string | Uint8Array) {
  const meter = createMeter(formatOf(kind), framing);
  meter.push(typeof text === 'string' ? encoder.encode(text) : text);
  meter.end();
  return meter;
}

const context = (model: string, rest: Partial<EstimateContext> = {}): EstimateContext => ({
  model,
  request: {},
  rates: rates(model),
  elapsedMs: 0,
  heardSeconds: null,
  mostOutputTokens: null,
  isWhole: true,
  ...rest,
});
const typical = { typicalInput: usageOf({ inputTokens: 100 }) };

describe('the estimate of an answer without usage', () => {
  const text = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(300) } }] });

  it('counts its text', () => {
    const { passed, supposed } = estimate(
      typical,
      metered('openai-chat', 'json', text),
      context('gpt-4o', { elapsedMs: 60_000 }),
    );
    expect(passed).toMatchObject({ inputTokens: 100, outputTokens: 100 });
    expect(supposed).toEqual(passed);
  });

  it('counts the duration if the model reasons unseen, up to the caller’s limit', () => {
    const meter = metered('openai-chat', 'json', text);
    const took = (rest: Partial<EstimateContext>) =>
      estimate(typical, meter, context('gpt-5', rest)).supposed;
    expect(took({ elapsedMs: 10_000 })).toMatchObject({ outputTokens: 1_300, reasoningTokens: 1_200 });
    expect(took({ elapsedMs: 10_000, mostOutputTokens: 500 })).toMatchObject({
      outputTokens: 500,
      reasoningTokens: 400,
    });
    expect(took({ elapsedMs: 0 })).toMatchObject({ outputTokens: 100, reasoningTokens: 0 });
  });

  it('counts the bytes if they cannot be parsed', () => {
    for (const [framing, bytes] of [
      ['opaque', '\u0008\u0012'.repeat(1_500)],
      ['json', `{"choices":[{"message":{"content":"${'x'.repeat(2_963)}`],
      ['sse', `data: ${'y'.repeat(3_000)}\n\n`],
      ['sse', `<html>${'y'.repeat(2_994)}`],
    ] as const)
      expect(
        estimate(typical, metered('openai-chat', framing, bytes), context('gpt-4o')).passed.outputTokens,
      ).toBe(1_000);
  });

  it('counts the length of speech', () => {
    // A minute of PCM: $0.015 on OpenAI's price page.
    const meter = metered('openai-speech', 'opaque', new Uint8Array(60 * 48_000));
    const request = { response_format: 'pcm', input: 'x' };
    const { passed } = estimate(null, meter, context('gpt-4o-mini-tts', { request }));
    expect(costNanoUsd(passed, rates('gpt-4o-mini-tts') ?? never())).toBe(15_000_000);
    expect(estimate(null, meter, context('tts-1', { request })).passed.outputTokens).toBe(0);
  });

  it('counts the whole text for interrupted speech', () => {
    const meter = metered('openai-speech', 'opaque', new Uint8Array(48_000));
    const request = { response_format: 'pcm', input: 'x'.repeat(1_400) };
    const { supposed } = estimate(null, meter, context('gpt-4o-mini-tts', { request, isWhole: false }));
    expect(supposed.outputAudioTokens).toBe(tokensOfSpeech(100));
  });

  it('counts the length of the audio that was sent, up to the reservation', () => {
    const typicalInput = usageOf({ audioMilliseconds: 100_000, inputTokens: 1_200, inputAudioTokens: 1_200 });
    const meter = metered('openai-transcription', 'opaque', 'a transcript');
    const chargedMs = (heardSeconds: number | null) =>
      estimate({ typicalInput }, meter, context('whisper-1', { heardSeconds })).passed.audioMilliseconds;
    expect([chargedMs(null), chargedMs(12.5), chargedMs(1_000)]).toEqual([100_000, 12_500, 100_000]);
  });
});

describe('the estimate of images without usage', () => {
  // https://developers.openai.com/api/docs/pricing: gpt-image-1 costs about $0.011, $0.042 and $0.167 per square
  // image.
  it.each([
    ['low', 0.011],
    ['medium', 0.042],
    ['high', 0.166],
  ])('of quality %s matches the price page', (quality, usd) => {
    const body = JSON.stringify({ data: [{ b64_json: 'x' }], size: '1024x1024', quality });
    const { supposed } = estimate(null, metered('openai-images', 'json', body), context('gpt-image-1'));
    expect(costNanoUsd(supposed, rates('gpt-image-1') ?? never()) / 1e9).toBeCloseTo(usd, 3);
  });

  it('assumes the highest price without a quality, and all requested images', () => {
    const partial = (quality?: string) =>
      `data: ${JSON.stringify({ type: 'image_generation.partial_image', b64_json: 'x', quality })}\n\n`;
    const tokens = (stream: string, request: object) =>
      estimate(
        null,
        metered('openai-images', 'sse', stream),
        context('gpt-image-1', { request: { ...request }, isWhole: false }),
      ).supposed.outputImageTokens;
    expect(tokens(partial(), { n: 2, quality: 'auto', size: 'auto' })).toBe(2 * 6_240 + 100);
    expect(tokens(partial('low').repeat(3), { size: '1024x1024' })).toBe(272 + 300);
    expect(tokens('', { n: 2 })).toBe(0);
  });

  it('scales unknown sizes by area', () => {
    const nothing = { size: null, quality: null };
    expect(tokensOfImage({ size: '2048x3072', quality: 'low' }, nothing)).toBe(4 * 408);
    expect(tokensOfImage({ size: '256x256', quality: 'low' }, nothing)).toBe(272);
  });

  it('prices a response’s image tool with the tool’s model', () => {
    const events = [
      {
        type: 'response.created',
        response: {
          tools: [{ type: 'image_generation', model: 'gpt-image-1', quality: 'medium', size: '1024x1024' }],
        },
      },
      { type: 'response.image_generation_call.partial_image', item_id: 'ig_1', partial_image_b64: 'x' },
      { type: 'response.image_generation_call.partial_image', item_id: 'ig_1', partial_image_b64: 'x' },
    ];
    const stream = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    const { others } = estimate(null, metered('openai-responses', 'sse', stream), context('gpt-5'));
    expect(others).toEqual([
      { model: 'gpt-image-1', usage: usageOf({ outputTokens: 1_256, outputImageTokens: 1_256 }) },
    ]);
  });
});

describe('an upstream’s reported usage', () => {
  const isImplausibleBeside = (usage: Partial<Usage>, characters: number, kind: FormatId = 'openai-chat') =>
    isImplausible(
      usageOf(usage),
      metered(kind, 'json', JSON.stringify({ choices: [{ message: { content: 'x'.repeat(characters) } }] })),
      rates('gpt-4o'),
    );

  it.each([
    [{}, 0, false],
    [{}, implausible.charactersWithoutTokens, false],
    [{}, implausible.charactersWithoutTokens + 1, true],
    [{ inputTokens: 10 }, 500, true],
    [{ inputTokens: 10, outputTokens: 1 }, 900, false],
    [{ inputTokens: 10, outputTokens: 10 }, 10 * implausible.charactersPerToken, false],
    [{ inputTokens: 10, outputTokens: 10 }, 10 * implausible.charactersPerToken + 1, true],
  ])('of %o beside %i characters is implausible: %s', (usage, characters, isNothing) => {
    expect(isImplausibleBeside(usage, characters)).toBe(isNothing);
  });

  it('is implausible if it only counts images that are priced by tokens', () => {
    const meter = metered('openai-images', 'json', JSON.stringify({ data: [{ b64_json: 'x' }] }));
    expect(isImplausible(usageOf({ images: 1 }), meter, rates('gpt-image-1'))).toBe(true);
    const perImage = { ...(rates('gpt-4o') ?? never()), perImage: 1 };
    expect(isImplausible(usageOf({ images: 1 }), meter, perImage)).toBe(false);
  });

  it.runIf(haveFixtures)('is plausible in every recording that has one', () => {
    const wrong = allFixtures().filter((fixture) => {
      const meter = meterOf(fixture);
      const usage = meter.usage();
      return (
        fixture.meta.status === 200 &&
        kindOf(fixture) !== null &&
        usage !== null &&
        isImplausible(usage, meter, null)
      );
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

it('charges the supposed amount up to the reservation, and what passed in any case', () => {
  const price = rates('gpt-4o') ?? never();
  const costOf = (usage: Usage) => costNanoUsd(usage, price);
  const passed = usageOf({ inputTokens: 100, outputTokens: 50 });
  const supposed = usageOf({ inputTokens: 100, outputTokens: 10_050, reasoningTokens: 10_000 });
  const charged = (reserved: number) => boundedEstimate({ passed, supposed, others: [] }, reserved, costOf);
  expect(charged(1e9)).toEqual(supposed);
  expect(charged(0)).toEqual(passed);
  expect(costOf(charged(5_000_000))).toBeLessThanOrEqual(5_000_000);
  expect(costOf(charged(5_000_000))).toBeGreaterThan(4_980_000);
});

it.each([
  ['gpt-5', 'yes'],
  ['gpt-5-mini-2025-08-07', 'yes'],
  ['openai/o4-mini', 'yes'],
  ['gpt-5-chat-latest', 'no'],
  ['gpt-4o', 'no'],
  ['gemini-2.5-flash', 'yes'],
  ['models/gemini-3-pro-preview', 'yes'],
  ['gemini-2.0-flash', 'no'],
  ['grok-4-0709', 'yes'],
  ['grok-4-fast-non-reasoning', 'no'],
  ['deepseek-reasoner', 'yes'],
  ['deepseek-chat', 'no'],
  ['claude-sonnet-4-5', 'no'],
  ['llama-3.3-70b', 'no'],
  ['my-own-model', 'possible'],
])('predicts whether %s may reason unseen: %s', (model, reasons) => {
  expect(unseenOutputOf(formatOf('openai-chat'), model, {}).reasons).toBe(reasons);
});

it('expects unseen reasoning from Claude if thinking is requested', () => {
  const reasons = (request: object) =>
    unseenOutputOf(formatOf('anthropic-messages'), 'claude-opus-4-8', { ...request }).reasons;
  expect([reasons({ thinking: { type: 'adaptive' } }), reasons({ thinking: { type: 'disabled' } })]).toEqual([
    'yes',
    'no',
  ]);
});

it('estimates nothing for an empty answer', () => {
  expect(estimate(null, createMeter(formatOf('openai-chat'), 'sse'), null).passed).toEqual(emptyUsage());
});

function never(): never {
  throw new Error('it has a price');
}
