// Checks the tokens that the meters count against what the hosts charged: `usage.cost` and similar fields are
// independent of how we read a usage object. The prices are those that each host published for its model when the
// answer was recorded (USD per million tokens).
import { describe, expect, it } from 'vitest';
import { isObject } from '../../../src/formats/json-reader.ts';
import { readChatUsage } from '../../../src/formats/openai-chat/usage.ts';
import type { Usage } from '../../../src/formats/usage.ts';
import {
  allFixtures,
  type Fixture,
  haveFixtures,
  meterOf,
  reportSkippedReplay,
} from '../../support/fixtures.ts';

reportSkippedReplay();

interface Price {
  input: number;
  cached?: number;
  output: number;
}

const prices: Readonly<Record<string, Price>> = {
  'anthropic/claude-sonnet-4': { input: 3, output: 15 },
  'anthropic/claude-4.6-sonnet-20260217': { input: 3, output: 15 },
  'anthropic/claude-haiku-4.5': { input: 1, output: 5 },
  'anthropic/claude-4.5-haiku-20251001': { input: 1, output: 5 },
  'google/gemini-2.5-flash': { input: 0.3, output: 2.5 },
  'google/gemini-3-pro-preview': { input: 2, output: 12 },
  'grok-3-mini': { input: 0.3, cached: 0.075, output: 0.5 },
  'grok-4-fast-reasoning': { input: 0.2, cached: 0.05, output: 0.5 },
  'grok-4.3': { input: 1.25, cached: 0.2, output: 2.5 },
  'grok-code-fast-1': { input: 0.2, cached: 0.02, output: 1.5 },
  'moonshotai/kimi-k2.5-0127': { input: 0.6, cached: 0.0675, output: 2 },
  'openai/gpt-4.1-mini': { input: 0.4, output: 1.6 },
  'openai/gpt-4o': { input: 2.5, output: 10 },
  'openai/gpt-4o-mini': { input: 0.15, output: 0.6 },
  'openai/gpt-5': { input: 1.25, output: 10 },
  'qwen/qwen3.5-122b-a10b-20260224': { input: 0.26, output: 2.08 },
  'x-ai/grok-4.1-fast': { input: 0.2, cached: 0.05, output: 0.5 },
};

/** Returns the charge for tokens that the host states, in USD; null if it states none, or also charges tools. */
function statedUsd(usage: Record<string, unknown>): number | null {
  if (typeof usage.cost_in_usd_ticks === 'number')
    return usage.num_server_side_tools_used ? null : usage.cost_in_usd_ticks / 1e10;
  const details = isObject(usage.cost_details) ? usage.cost_details : {};
  const inference = details.upstream_inference_cost ?? usage.cost;
  return typeof inference === 'number' && inference > 0 ? inference : null;
}

function chargedUsd({ inputTokens, cachedTokens, outputTokens }: Usage, price: Price): number {
  const input = (inputTokens - cachedTokens) * price.input;
  return (input + cachedTokens * (price.cached ?? price.input) + outputTokens * price.output) / 1e6;
}

/**
 * Vercel's gateway adds reasoning to completion_tokens for OpenAI's models too, whose completion_tokens contain
 * it: 327 tokens, 256 of them reasoning, are stated at the cost of 583. Its total and OpenAI's own figure are
 * 327, and so is ours.
 */
const statesReasoningTwice = /^vercel-gateway\/.*gpt-5/;

function priceOf(fixture: Fixture): Price | undefined {
  return prices[meterOf(fixture).model ?? ''];
}

describe.skipIf(!haveFixtures)('the cost that a host states beside its usage', () => {
  const stated = allFixtures()
    .filter(({ meta }) => /^(chat-completions|responses)$/.test(meta.endpoint) && meta.status === 200)
    .flatMap((fixture) => {
      const usd = statedUsd(fixture.meta.usage?.raw ?? {});
      const price = priceOf(fixture);
      if (usd === null || price === undefined || statesReasoningTwice.test(fixture.name)) return [];
      return [{ name: fixture.name, fixture, usd, price }];
    });

  it.each(stated)('equals the price of $name’s counted tokens', ({ fixture, usd, price }) => {
    const usage = meterOf(fixture).usage();
    expect(usage).not.toBeNull();
    expect(chargedUsd(usage as Usage, price)).toBeCloseTo(usd, 9);
  });

  it('is in at least 25 recordings of three hosts', () => {
    expect(stated.length).toBeGreaterThanOrEqual(25);
    const hosts = new Set(stated.map(({ name }) => name.split('/')[0]));
    expect([...hosts].sort()).toEqual(['openrouter', 'vercel-gateway', 'xai']);
  });
});

describe.skipIf(!haveFixtures)('the total that a host states', () => {
  /**
   * Vercel's total omits Gemini's thoughts, but its cost above includes them. Two of Cerebras' recordings have 2
   * and 5 tokens in the total that no other count contains.
   */
  const leavesOut = /^vercel-gateway\/.*gemini|^perplexity\/.*deep-research|^cerebras\//;

  it('equals the sum of the counted tokens of every chat recording', () => {
    const wrong = allFixtures()
      .filter(
        ({ meta, name }) =>
          meta.endpoint === 'chat-completions' && meta.status === 200 && !leavesOut.test(name),
      )
      .flatMap((fixture) => {
        const usage = meterOf(fixture).usage();
        const total = fixture.meta.usage?.raw?.total_tokens;
        if (usage === null || typeof total !== 'number') return [];
        const counted = usage.inputTokens + usage.outputTokens;
        return counted === total ? [] : [`${fixture.name}: ${total}, counted ${counted}`];
      });
    expect(wrong).toEqual([]);
  });
});

describe('reasoning that exceeds completion_tokens', () => {
  const chat = (prompt: number, completion: number, reasoning: number, more: object = {}) => ({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    completion_tokens_details: { reasoning_tokens: reasoning },
    ...more,
  });

  it.each([
    [
      'OpenRouter',
      chat(333, 303, 325, {
        cost: 0.000353,
        cost_details: { upstream_inference_completions_cost: 0.000303 },
      }),
      303,
    ],
    ['Together', chat(40, 2_048, 2_051), 2_048],
    ['Doubleword', chat(40, 2_298, 2_948, { cache_read_input_tokens: 0 }), 2_298],
    ['a host that counts three times as much', chat(10, 100, 300), 100],
  ])('is part of the completion at %s', (_host, usage, output) => {
    expect(readChatUsage(usage)).toMatchObject({ outputTokens: output, reasoningTokens: output });
  });

  it('is separate at Vercel’s gateway, whose cost charges both', () => {
    const usage = chat(28, 9, 61, { cost: 0.000896, market_cost: 0.000896 });
    expect(readChatUsage(usage)).toMatchObject({ outputTokens: 70, reasoningTokens: 61 });
    expect(chargedUsd(readChatUsage(usage) as Usage, { input: 2, output: 12 })).toBeCloseTo(0.000896, 9);
  });

  it('is separate from the output if the total shows it', () => {
    expect(readChatUsage({ ...chat(12, 1, 290), total_tokens: 303 })).toMatchObject({ outputTokens: 291 });
  });
});
