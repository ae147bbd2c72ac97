// Tests counts in a request beyond the provider's limits.

import { describe, expect, it } from 'vitest';
import type { FormatId } from '../../../src/formats/format-id.ts';
import { mostOfCount } from '../../../src/formats/json-reader.ts';
import { createMeter } from '../../../src/formats/meter.ts';
import { requestCounts } from '../../../src/formats/request-checks.ts';
import { readRequestFacts } from '../../../src/formats/request-facts.ts';
import { emptyUsage, usageFields, usageOf } from '../../../src/formats/usage.ts';
import { upperBound } from '../../../src/metering/bound.ts';
import { costNanoUsd, overrideRates } from '../../../src/metering/price.ts';
import { formatOf } from '../../support/formats.ts';

const messages: unknown[] = [];
const { choices, images, partialImages, candidates } = requestCounts;

it.each<[FormatId, string, (count: unknown) => object, number]>([
  ['openai-chat', 'n', (n) => ({ model: 'm', messages, n }), choices],
  ['openai-completions', 'n', (n) => ({ model: 'm', n }), choices],
  ['openai-completions', 'best_of', (best_of) => ({ model: 'm', best_of }), choices],
  ['openai-images', 'n', (n) => ({ n }), images],
  ['openai-images', 'partial_images', (partial_images) => ({ partial_images }), partialImages],
  [
    'gemini-generate',
    'generationConfig.candidateCount',
    (candidateCount) => ({ contents: [], generationConfig: { candidateCount } }),
    candidates,
  ],
  [
    'gemini-generate',
    'generation_config.candidate_count',
    (candidate_count) => ({ contents: [], generation_config: { candidate_count } }),
    candidates,
  ],
])('refuses more than the limit of %s %s', (kind, param, body, bound) => {
  const fault = (count: unknown) => {
    const facts = readRequestFacts(formatOf(kind), body(count));
    return facts.ok ? null : facts.param;
  };
  for (const count of [bound, -1, 0, 1.5, null, 'x', undefined])
    expect(fault(count), String(count)).toBe(null);
  for (const count of [bound + 1, 1e308, Number.POSITIVE_INFINITY, '1e308'])
    expect(fault(count), String(count)).toBe(param);
});

const rates = overrideRates({
  input: 10,
  output: 100,
  image: 1,
  web_search: 10,
  characters: 10,
  audio_hour: 1,
});

it.each([1e300, Number.MAX_VALUE, Number.POSITIVE_INFINITY, -1e300, Number.NaN, 0.5])(
  'bounds a request with every figure %d by a safe integer',
  (figure) => {
    const config = {
      maxOutputTokens: figure,
      candidateCount: figure,
      thinkingConfig: { thinkingBudget: figure },
    };
    const body = {
      n: figure,
      best_of: figure,
      partial_images: figure,
      max_tokens: figure,
      max_completion_tokens: figure,
      max_output_tokens: figure,
      thinking_budget: figure,
      reasoning: { max_tokens: figure },
      thinking: { budget_tokens: figure },
      tools: [{ type: 'web_search', max_uses: figure }],
      generationConfig: config,
      input: 'hi',
      speed: figure,
      prompt: ['a', 'b'],
    };
    for (const kind of [
      'openai-chat',
      'openai-completions',
      'openai-responses',
      'anthropic-messages',
      'gemini-generate',
      'openai-images',
      'openai-speech',
      'openai-transcription',
    ] as const)
      for (const streamed of [true, false]) {
        const { reserveNanoUsd, fullNanoUsd, stepNanoUsd, inputNanoUsd } = upperBound(
          formatOf(kind),
          body,
          1_000,
          rates,
          { streamed, multiplier: 1.25 },
        );
        for (const sum of [reserveNanoUsd, fullNanoUsd, stepNanoUsd, inputNanoUsd])
          expect(Number.isSafeInteger(sum) && sum >= 0, `${kind} ${sum}`).toBe(true);
      }
  },
);

describe('a usage of 10^18 tokens', () => {
  const figure = 1e18;
  const chat = {
    prompt_tokens: figure,
    completion_tokens: figure,
    total_tokens: figure,
    completion_tokens_details: { reasoning_tokens: figure },
  };
  const responses = { input_tokens: figure, output_tokens: figure, total_tokens: figure };
  const gemini = {
    promptTokenCount: figure,
    candidatesTokenCount: figure,
    thoughtsTokenCount: figure,
    toolUsePromptTokenCount: figure,
  };
  it.each<[FormatId, object]>([
    ['openai-chat', { usage: chat }],
    ['openai-completions', { usage: chat }],
    ['openai-embeddings', { usage: chat }],
    ['openai-responses', { usage: responses, tool_usage: { web_search: { num_requests: figure } } }],
    [
      'anthropic-messages',
      {
        usage: {
          ...responses,
          cache_read_input_tokens: figure,
          server_tool_use: { web_search_requests: figure },
        },
      },
    ],
    ['gemini-generate', { usageMetadata: gemini }],
    ['openai-images', { usage: responses }],
    ['openai-transcription', { usage: { type: 'duration', seconds: figure } }],
    ['openai-transcription', { duration: figure }],
    ['cohere-rerank', { meta: { billed_units: { search_units: figure } } }],
    ['voyage-rerank', { usage: { total_tokens: figure } }],
  ])('of %s is capped, and costs a safe integer', (kind, body) => {
    const meter = createMeter(formatOf(kind), 'json');
    meter.push(new TextEncoder().encode(JSON.stringify(body)));
    meter.end();
    const usage = meter.usage() ?? emptyUsage();
    const counts = usageFields.map((field) => usage[field]);
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(mostOfCount);
    expect(Math.max(...counts)).toBeLessThanOrEqual(1_000 * mostOfCount);
    const cost = costNanoUsd(usage, rates, 3);
    expect(Number.isSafeInteger(cost)).toBe(true);
  });
});

it('rounds counts that are not whole numbers', () => {
  expect(usageOf({ outputTokens: Number.NaN, inputTokens: -5, cachedTokens: 1.5 })).toEqual(usageOf({}));
  expect(usageOf({ outputTokens: 1.5 }).outputTokens).toBe(2);
});
