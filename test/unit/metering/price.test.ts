// Tests prices: our exact sums against the library's floating-point ones on every recorded usage, and the
// arithmetic separately.
import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { type Usage, usageOf } from '../../../src/formats/usage.ts';
import { deepSeekRates } from '../../../src/metering/deepseek-prices.ts';
import {
  costNanoUsd,
  costOfTerms,
  modelsOf,
  overrideRates,
  type Rates,
  tableRates,
  termsOf,
} from '../../../src/metering/price.ts';
import { presets } from '../../../src/providers/presets.ts';
import { fixtureRoutes } from '../../support/fixture-routes.ts';
import { allFixtures, haveFixtures, kindOf, meterOf, reportSkippedReplay } from '../../support/fixtures.ts';

reportSkippedReplay();

const at = new Date('2026-11-01T12:00:00Z');

/** Returns the cost without tools, because the library knows the fees of few models. See charge.test.ts. */
function tokenCost(usage: Usage, rates: Rates): number {
  const ofTools = new Set(['request', 'webSearch', 'searchedRequest', 'mapSearch', 'mappedRequest']);
  const ofFiles = new Set(['previewWebSearch', 'fileSearch', 'codeSession']);
  return costOfTerms(termsOf(usage, rates).filter(([kind]) => !ofTools.has(kind) && !ofFiles.has(kind)));
}

/**
 * Returns our counts under the library's names. Kinds without tokens are omitted, because the library would ask
 * for their overlaps.
 */
function libraryUsage(usage: Usage): Record<string, number> {
  const all: Record<string, number> = {
    cache_read_tokens: usage.cachedTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cache_write_1h_tokens: usage.cacheWrite1hTokens,
    output_reasoning_tokens: usage.reasoningTokens,
    output_citation_tokens: usage.citationTokens,
    input_audio_tokens: usage.inputAudioTokens,
    cache_audio_read_tokens: usage.cachedAudioTokens,
    output_audio_tokens: usage.outputAudioTokens,
    input_image_tokens: usage.inputImageTokens,
    cache_image_read_tokens: usage.cachedImageTokens,
    output_image_tokens: usage.outputImageTokens,
    input_video_tokens: usage.inputVideoTokens,
    audio_seconds: usage.audioMilliseconds / 1_000,
    input_audio_seconds: usage.audioMilliseconds / 1_000,
  };
  const some = Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
  return { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens, ...some };
}

describe.skipIf(!haveFixtures)('the price of every recorded usage', () => {
  it('equals the library’s, rounded up to the nano-USD', () => {
    let compared = 0;
    const unpriced = new Set<string>();
    for (const fixture of allFixtures()) {
      const kind = kindOf(fixture);
      const names = fixtureRoutes[fixture.meta.provider];
      if (fixture.meta.status !== 200 || kind === null || names === undefined) continue;
      const meter = meterOf(fixture);
      const usage = meter.usage();
      const model = fixture.meta.model ?? meter.model;
      if (usage === null || !model) continue;
      // The library's prices are out of date (deepseek-prices.test.ts).
      if (fixture.meta.provider === 'deepseek' && deepSeekRates(model, at) !== null) continue;
      const rates = tableRates(names[0], model, names[1], at);
      const theirs = calcPrice(libraryUsage(usage), model, { providerId: names[2], timestamp: at });
      if (rates === null || theirs === null) {
        expect(theirs, `${fixture.name} ${model}`).toBeNull();
        if (rates === null) unpriced.add(`${fixture.meta.provider}:${model}`);
        continue;
      }
      compared++;
      const perRequest = theirs.model_price.requests_kcount;
      const fee = typeof perRequest === 'number' ? perRequest * 1e6 : 0;
      if (fee > 0) expect(rates.perRequest).toBe(fee * 1_000);
      const ours = tokenCost(usage, rates) + fee;
      expect(ours - theirs.total_price * 1e9, fixture.name).toBeGreaterThan(-1e-3);
      expect(ours - theirs.total_price * 1e9, fixture.name).toBeLessThan(1 + 1e-3);
    }
    console.log(`${compared} usages priced as the library does; unpriced models:`, [...unpriced].join(' '));
    expect(compared).toBeGreaterThan(300);
  });
});

describe('the table', () => {
  const million = usageOf({ inputTokens: 1_000_000, outputTokens: 1_000_000 });

  it('prices every model of the native providers as the library does, on both sides of every tier', () => {
    let compared = 0;
    for (const name of ['openai', 'anthropic', 'google', 'azure', 'voyageai']) {
      const ours = Object.values(fixtureRoutes).find((entry) => entry[2] === name)?.[0] ?? 'openai';
      for (const model of findProvider({ providerId: name })?.models ?? []) {
        const rates = tableRates(ours, model.id, undefined, at);
        const theirs = calcPrice({}, model.id, { providerId: name, timestamp: at });
        if (rates === null || theirs === null) continue;
        for (const inputTokens of [
          1, 127_999, 128_001, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001,
        ]) {
          // The table starts OpenAI's long rate one token early: see the next test.
          if (inputTokens === 272_000) continue;
          const usage = usageOf({ inputTokens, outputTokens: 10, cachedTokens: 1 });
          const total = calcPrice(libraryUsage(usage), model.id, {
            providerId: name,
            timestamp: at,
          })?.total_price;
          const difference = tokenCost(usage, rates) - (total ?? 0) * 1e9;
          expect(difference, `${model.id} at ${inputTokens}`).toBeGreaterThan(-1e-2);
          expect(difference, `${model.id} at ${inputTokens}`).toBeLessThan(1 + 1e-2);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(1_000);
  });

  it('starts OpenAI’s long-context rate above 272,000 tokens, and xAI’s at 200,000', () => {
    const inputRate = (provider: 'openai' | 'openai-compatible', model: string, inputTokens: number) => {
      const rates = tableRates(provider, model, 'https://api.x.ai/v1', at);
      const price = rates === null ? null : costNanoUsd(usageOf({ inputTokens }), rates) / inputTokens;
      return price === null ? null : Math.round(price * 1_000) / 1_000;
    };
    for (const model of ['gpt-5.4', 'gpt-5.5', 'gpt-5.6-sol', 'gpt-6-astra', 'gpt-6-sol']) {
      const [short, exact, long] = [271_999, 272_000, 272_001].map((tokens) =>
        inputRate('openai', model, tokens),
      );
      expect([model, exact]).toEqual([model, short]);
      expect([model, long]).toEqual([model, (short ?? 0) * 2]);
    }
    const grok = [199_999, 200_000].map((tokens) => inputRate('openai-compatible', 'grok-4.3', tokens));
    expect(grok).toEqual([1_250, 2_500].map((nano) => nano));
  });

  it('prices presets that the library lacks by their hosts', () => {
    const usd = (model: string, baseUrl: string, usage: Partial<Usage>) => {
      const rates = tableRates('openai-compatible', model, baseUrl, at);
      return rates && costNanoUsd(usageOf(usage), rates) / 1e9;
    };
    const each = { inputTokens: 1_000_000, outputTokens: 1_000_000 };
    const zai = presets.zai.baseUrl;
    expect(usd('glm-4.6', zai, each)).toBe(2.8);
    expect(usd('glm-4.6', zai, { ...each, cachedTokens: 1_000_000 })).toBe(2.31);
    expect(usd('glm-4.7-flash', zai, each)).toBe(0);
    // The library's own prices.
    expect(usd('GLM-5.2', zai, each)).toBeGreaterThan(0);
    const alibaba = presets.alibaba.baseUrl;
    expect(usd('qwen-flash', alibaba, { inputTokens: 256_000 })).toBe(0.0128);
    expect(usd('qwen-flash', alibaba, { inputTokens: 256_001 })).toBe(0.06400025);
    expect(usd('qwen3-max', alibaba, { inputTokens: 32_000, outputTokens: 1_000 })).toBe(0.0444);
    expect(usd('qwen3-max', alibaba, { inputTokens: 32_001, outputTokens: 1_000 })).toBe(0.0888024);
    expect(usd('qwen-plus', alibaba, { ...each, inputTokens: 1_000, reasoningTokens: 500_000 })).toBe(2.6004);
    // Another region has other prices, and another host has none.
    for (const host of ['dashscope.aliyuncs.com', 'example.test'])
      expect(usd('qwen-flash', `https://${host}/compatible-mode/v1`, each)).toBeNull();
    expect(usd('toString', zai, each)).toBeNull();
  });

  it('recognizes a compatible provider by its address, and uses only its own prices', () => {
    const groq = tableRates('openai-compatible', 'openai/gpt-oss-120b', 'https://api.groq.com/openai/v1', at);
    expect(groq?.base.input).toBeGreaterThan(0);
    expect(
      tableRates('openai-compatible', 'claude-sonnet-4-5', 'https://api.groq.com/openai/v1', at),
    ).toBeNull();
  });

  it('prices a maker’s exact name at an unknown address, but no similar name', () => {
    const url = 'http://127.0.0.1:9000/v1';
    for (const name of ['gpt-4o', 'gpt-4o-2024-08-06', 'openai/gpt-4o', 'text-embedding-3-small'])
      expect(tableRates('openai-compatible', name, url, at), name).not.toBeNull();
    for (const name of ['gpt-4-of-my-own', 'llama-on-my-desk', 'my-claude'])
      expect(tableRates('openai-compatible', name, url, at), name).toBeNull();
  });

  it('has published prices for models that the library lacks, and null for unpublished ones', () => {
    const rerank = tableRates('cohere', 'rerank-v3.5', undefined, at);
    expect(rerank && costNanoUsd(usageOf({ searchUnits: 1 }), rerank)).toBe(2_000_000);
    const speech = tableRates('openai', 'tts-1', undefined, at);
    expect(speech && costNanoUsd(usageOf({ characters: 100 }), speech)).toBe(1_500_000);
    expect(tableRates('jina', 'jina-reranker-v2-base-multilingual', undefined, at)).toBeNull();
    expect(tableRates('openai', 'no-such-model', undefined, at)).toBeNull();
  });

  it('bills whisper by duration, to the millisecond', () => {
    const whisper = tableRates('openai', 'whisper-1', undefined, at);
    expect(whisper && costNanoUsd(usageOf({ audioMilliseconds: 9_500 }), whisper)).toBe(950_000);
  });

  it('prices a free model at zero, and lists a provider’s models', () => {
    const free = tableRates('gemini', 'gemma-3', undefined, at);
    expect(free && costNanoUsd(million, free)).toBe(0);
    expect(modelsOf('anthropic')).toContain('claude-sonnet-4-5');
    expect(modelsOf('cohere')).toContain('rerank-v3.5');
    expect(modelsOf('openai-compatible')).toEqual([]);
  });
});

describe('the cost of a usage', () => {
  const rates = overrideRates({
    input: 3,
    output: 15,
    cache_read: 0.3,
    cache_write: 3.75,
    cache_write_1h: 6,
  });

  it('prices cached, written and other input separately, every token once', () => {
    const usage = usageOf({
      inputTokens: 1_000,
      cachedTokens: 500,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 100,
      outputTokens: 10,
      reasoningTokens: 5,
    });
    expect(costNanoUsd(usage, rates)).toBe(200 * 3_000 + 500 * 300 + 200 * 3_750 + 100 * 6_000 + 10 * 15_000);
  });

  it('rounds up once, at the end', () => {
    const cheap = overrideRates({ input: 0.0001, output: 0.0001 });
    expect(costNanoUsd(usageOf({ inputTokens: 1 }), cheap)).toBe(1);
    expect(costNanoUsd(usageOf({ inputTokens: 5, outputTokens: 5 }), cheap)).toBe(1);
    expect(costNanoUsd(usageOf({ inputTokens: 11 }), cheap)).toBe(2);
    expect(costNanoUsd(usageOf({}), cheap)).toBe(0);
  });

  it('multiplies exactly', () => {
    expect(costNanoUsd(usageOf({ inputTokens: 1_000 }), overrideRates({ input: 1, output: 0 }), 1.2)).toBe(
      1_200_000,
    );
    expect(costNanoUsd(usageOf({ inputTokens: 3 }), overrideRates({ input: 0.001, output: 0 }), 1.1)).toBe(4);
    expect(costNanoUsd(usageOf({ inputTokens: 1_000 }), rates, 0)).toBe(0);
  });

  it('is exact beyond the range of doubles: 10^12 tokens', () => {
    const usage = usageOf({ inputTokens: 1_000_000_000_001 });
    expect(costNanoUsd(usage, overrideRates({ input: 0.001, output: 0 }))).toBe(1_000_000_000_001);
  });

  it('charges requests, searches, images, characters and hours', () => {
    const each = overrideRates({
      input: 0,
      output: 0,
      request: 0.001,
      web_search: 0.01,
      search_unit: 0.002,
      image: 0.04,
      audio_hour: 0.36,
      characters: 15,
    });
    const usage = usageOf({
      webSearches: 1,
      searchUnits: 1,
      images: 1,
      audioMilliseconds: 10_000,
      characters: 1,
    });
    expect(costNanoUsd(usage, each)).toBe(
      1_000_000 + 10_000_000 + 2_000_000 + 40_000_000 + 1_000_000 + 15_000,
    );
  });
});
