// Tests a request's charge: tools, tiers and other models beside the tokens, and items that add up.
import { describe, expect, it } from 'vitest';
import { createMeter } from '../../../src/formats/meter.ts';
import { emptyUsage, usageOf } from '../../../src/formats/usage.ts';
import { type Charge, type Charged, chargeFor, costOfCharge } from '../../../src/metering/charge.ts';
import { overrideRates, type Rates, tableRates } from '../../../src/metering/price.ts';
import { highestRequestedFactor, standardTerms, tierFactor } from '../../../src/metering/service-tier.ts';
import { fixtureRoutes } from '../../support/fixture-routes.ts';
import {
  allFixtures,
  type Fixture,
  haveFixtures,
  kindOf,
  meterOf,
  reportSkippedReplay,
} from '../../support/fixtures.ts';
import { formatOf } from '../../support/formats.ts';

reportSkippedReplay();

const at = new Date('2026-11-01T12:00:00Z');

/** Returns a recording's charge as the relay computes it; null without a usage or a price. */
function chargeOf(fixture: Fixture): Charge | null {
  const route = fixtureRoutes[fixture.meta.provider];
  const meter = meterOf(fixture);
  const model = fixture.meta.model ?? meter.model;
  const usage = meter.usage();
  if (route === undefined || usage === null || !model) return null;
  const [provider, baseUrl] = route;
  const rates = tableRates(provider, model, baseUrl, at);
  if (rates === null) return null;
  const terms = { tier: meter.serviceTier, region: meter.servedIn };
  const charged = { provider, model, usage, others: meter.otherModelUsage, terms, multiplier: 1 };
  return chargeFor(charged, rates, (other) => tableRates(provider, other, baseUrl, at));
}

/** An administrator's price for any model. */
const own = { request: 0.001, image: 0.04, characters: 15, search_unit: 0.002, audio_hour: 0.36 };

function chargeAt(fixture: Fixture, rates: Rates): Charge {
  const meter = meterOf(fixture);
  const usage = meter.usage() ?? emptyUsage();
  const { otherModelUsage: others } = meter;
  const charged = { model: 'x', usage, others, terms: standardTerms, multiplier: 1 };
  return chargeFor({ ...charged, provider: 'openai-compatible' }, rates, () => null);
}

describe.skipIf(!haveFixtures)('the recordings', () => {
  const fixtures = new Map(allFixtures().map((fixture) => [fixture.name, fixture]));
  const itemsOf = (name: string) => {
    const fixture = fixtures.get(name);
    if (fixture === undefined) throw new Error(`there is no recording ${name}`);
    return chargeOf(fixture)?.items ?? [];
  };

  it('have a charge if their model has a price, and each charge adds up to its cost', () => {
    let charged = 0;
    const unpriced = new Map<string, number>();
    for (const fixture of fixtures.values()) {
      if (fixture.meta.status !== 200 || kindOf(fixture) === null) continue;
      if (meterOf(fixture).usage() === null) continue;
      const charge = chargeOf(fixture);
      if (charge === null) {
        // No price is published, but an administrator's override supplies one.
        expect(
          costOfCharge(chargeAt(fixture, overrideRates({ ...own, input: 1, output: 1 }))),
        ).toBeGreaterThan(0);
        const name = `${fixture.meta.provider}:${fixture.meta.model}`;
        unpriced.set(name, (unpriced.get(name) ?? 0) + 1);
        continue;
      }
      charged++;
      const stored = JSON.parse(JSON.stringify(charge)) as Charge;
      const pico = stored.items.reduce((sum, [kind, count, each]) => {
        return sum + (kind === 'audio' ? (count * each) / 3_600_000 : count * each);
      }, 0);
      expect(costOfCharge(stored), fixture.name).toBe(Math.ceil(Number((pico / 1_000).toFixed(6))));
    }
    console.log(`${charged} usages charged; without a price: ${[...unpriced].join(' ')}`);
    expect(charged).toBeGreaterThan(330);
  });

  const webSearch = 10_000_000_000;
  it.each([
    ['openai/responses/reasoning-servertools-stream-gpt-5.6-sol', 'webSearch', 1, webSearch],
    // Opening pages and searching inside them is free.
    ['openai/responses/vercel-openai-web-search-tool.1-stream', 'webSearch', 2, webSearch],
    [
      'openai/responses/citations-servertools-unary-gpt-4.1-2025-04-14',
      'previewWebSearch',
      1,
      25_000_000_000,
    ],
    ['openai/responses/vercel-openai-file-search-tool.2-unary', 'fileSearch', 1, 2_500_000_000],
    ['openai/responses/vercel-openai-file-search-tool.2-stream', 'fileSearch', 1, 2_500_000_000],
    // Two runs share one container.
    [
      'openai/responses/citations-servertools-stream-gpt-4o-mini-2024-07-18',
      'codeSession',
      1,
      30_000_000_000,
    ],
    ['openai/responses/vercel-openai-shell-container.1-unary', 'codeSession', 1, 30_000_000_000],
    ['xai/responses/reasoning-citations-servertools-unary-grok-4.3', 'webSearch', 2, 5_000_000_000],
    [
      'gemini/generateContent/firebase-unary-success-google-maps-grounding',
      'mappedRequest',
      1,
      25_000_000_000,
    ],
    // Two queries, one of them empty.
    [
      'gemini/streamGenerateContent/signature-structured-citations-stream-gemini-3-flash-preview',
      'webSearch',
      1,
      14_000_000_000,
    ],
    // Two queries, one grounded prompt.
    [
      'vertex/generateContent/reasoning-citations-servertools-unary-gemini-2.5-flash',
      'searchedRequest',
      1,
      35_000_000_000,
    ],
  ])('has %s: %s, %d times at %d pico-USD', (name, kind, count, picoEach) => {
    const tools = itemsOf(name).filter(([item]) => /search|code|map/i.test(item));
    expect(tools).toEqual([[kind, count, picoEach]]);
  });

  it('include Anthropic’s searches by its own count', () => {
    const counts = [...fixtures.values()]
      .filter((fixture) => kindOf(fixture) === 'anthropic-messages' && fixture.meta.status === 200)
      .flatMap((fixture) => chargeOf(fixture)?.items ?? [])
      .filter(([kind]) => kind === 'webSearch');
    expect(counts.length).toBeGreaterThan(2);
    for (const [, , each] of counts) expect(each).toBe(webSearch);
  });

  it('include images made by a tool with a model of its own', () => {
    const images = itemsOf('openai/responses/reasoning-servertools-unary-gpt-5-2025-08-07').filter(
      ([, , , model]) => model !== undefined,
    );
    // One image of high quality, 1024x1536.
    expect(images).toEqual([['output', 6_240, 40_000_000, 'gpt-image-1']]);
  });
});

describe('a charge', () => {
  const rates = overrideRates({ input: 1, output: 10, cache_read: 0.1, web_search: 0.01 });
  const plain = (fields: Partial<Charged>): Charged => ({
    provider: 'anthropic',
    model: 'claude-x',
    usage: usageOf({ inputTokens: 1_000, cachedTokens: 400, outputTokens: 10 }),
    others: [],
    terms: standardTerms,
    multiplier: 1,
    ...fields,
  });

  it('names every price that was applied, once, and nothing that was free', () => {
    expect(chargeFor(plain({}), rates, () => null)).toEqual({
      source: 'override',
      items: [
        ['input', 600, 1_000_000],
        ['cacheRead', 400, 100_000],
        ['output', 10, 10_000_000],
      ],
    });
    expect(chargeFor(plain({ usage: emptyUsage() }), rates, () => null).items).toEqual([]);
  });

  it('adds up with the group’s multiplier, rounded up once', () => {
    const charge = chargeFor(plain({ multiplier: 1.2 }), rates, () => null);
    expect([charge.multiplier, costOfCharge(charge)]).toEqual([1.2, 888_000]);
  });

  it('charges other models at their own prices, or at the answer’s if they have none', () => {
    const others = [
      { model: 'advisor', usage: usageOf({ inputTokens: 30, outputTokens: 4 }) },
      { model: 'unknown', usage: usageOf({ outputTokens: 2 }) },
    ];
    const priced = (model: string): Rates | null =>
      model === 'advisor' ? overrideRates({ input: 5, output: 25, request: 1 }) : null;
    const { items } = chargeFor(plain({ others, usage: emptyUsage() }), rates, priced);
    expect(items).toEqual([
      ['input', 30, 5_000_000, 'advisor'],
      ['output', 4, 25_000_000, 'advisor'],
      ['output', 2, 10_000_000, 'unknown'],
    ]);
    expect(costOfCharge({ source: 'override', items })).toBe(30 * 5_000 + 4 * 25_000 + 2 * 10_000);
  });

  it('includes the advisor’s iterations in the cost of an Anthropic answer', () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 2,
      iterations: [{ type: 'advisor_message', model: 'claude-opus-5', input_tokens: 30, output_tokens: 4 }],
    };
    const meter = createMeter(formatOf('anthropic-messages'), 'json');
    meter.push(new TextEncoder().encode(JSON.stringify({ type: 'message', usage })));
    meter.end();
    const own = tableRates('anthropic', 'claude-haiku-4-5', undefined, at);
    if (own === null) throw new Error('no price');
    const charged = plain({
      model: 'claude-haiku-4-5',
      usage: meter.usage() ?? emptyUsage(),
      others: meter.otherModelUsage,
    });
    const charge = chargeFor(charged, own, (model) => tableRates('anthropic', model, undefined, at));
    expect(costOfCharge(charge)).toBe(10 * 1_000 + 2 * 5_000 + 30 * 5_000 + 4 * 25_000);
  });
});

/** Returns rates with that price that count as the table's. */
const overrideLike = (price: { input: number; output: number }): Rates => ({
  ...overrideRates(price),
  source: 'table',
});

describe('a service tier', () => {
  const factor = (provider: Charged['provider'], model: string, tier: string | null, region = 'global') => {
    const [times, over] = tierFactor(provider, model, { tier, region });
    return times / over;
  };

  it.each([
    ['openai', 'gpt-5.5', 'priority', 2.5],
    ['openai', 'gpt-5-mini-2025-08-07', 'priority', 1.8],
    ['openai', 'gpt-5.4-mini', 'priority', 2],
    ['openai', 'gpt-4.1', 'priority', 1.75],
    ['openai', 'gpt-4o-2024-08-06', 'priority', 1.7],
    ['openai', 'o3', 'flex', 0.5],
    ['azure', 'gpt-5', 'default', 1],
    ['openai', 'gpt-5', 'scale', 1],
    ['openai', 'gpt-5', null, 1],
    ['gemini', 'gemini-3.5-flash', 'PRIORITY', 1.8],
    ['gemini', 'gemini-3.5-flash', 'flex', 0.5],
    ['anthropic', 'claude-opus-4-6', 'fast', 6],
    ['anthropic', 'claude-opus-5-5', 'fast', 2],
    ['anthropic', 'claude-opus-5-5', 'priority', 1],
    ['anthropic', 'claude-opus-5-5', 'batch', 0.5],
    ['openai-compatible', 'llama', 'priority', 1],
  ] as const)('of %s %s %s costs %d times the standard price', (provider, model, tier, expected) => {
    expect(factor(provider, model, tier)).toBeCloseTo(expected, 12);
  });

  it('is reserved for if requested and more expensive, and not if it is cheaper', () => {
    const base = overrideLike({ input: 1, output: 10 });
    const input = (provider: Charged['provider'], request: object) =>
      highestRequestedFactor(base, provider, 'claude-opus-5', { ...request }).base.input;
    expect(input('openai', { service_tier: 'priority' })).toBe(2_000_000);
    expect(input('openai', { service_tier: 'flex' })).toBe(1_000_000);
    expect(input('gemini', { serviceTier: 'priority' })).toBe(1_800_000);
    expect(input('anthropic', { speed: 'fast', inference_geo: 'us' })).toBe(2_200_000);
    expect(input('anthropic', { service_tier: 7 })).toBe(1_000_000);
  });

  it('multiplies with the surcharge for inference in the US', () => {
    expect(factor('anthropic', 'claude-opus-5', 'fast', 'us')).toBeCloseTo(2.2, 12);
    expect(factor('openai', 'gpt-5', null, 'us')).toBe(1);
  });

  it('is read from the answer, changes tokens only, and never changes an administrator’s price', () => {
    const usage = usageOf({ inputTokens: 1_000_000, webSearches: 1 });
    const base = tableRates('openai', 'gpt-5', undefined, at);
    if (base === null) throw new Error('no price');
    const charged = {
      ...{ provider: 'openai' as const, model: 'gpt-5', usage, others: [], multiplier: 1 },
      terms: { tier: 'flex', region: null },
    };
    const charge = chargeFor(charged, base, () => null);
    expect(charge).toMatchObject({ source: 'table', tier: 'flex' });
    expect(costOfCharge(charge)).toBe(625_000_000 + 10_000_000);
    const own = chargeFor(charged, overrideRates({ input: 1, output: 1 }), () => null);
    expect(costOfCharge(own)).toBe(1_000_000_000);
  });
});
