// Tests prices of models on clouds, by the clouds' own model names.
import { describe, expect, it } from 'vitest';
import { modelsOf, type PricedProvider, type Rates, tableRates } from '../../../src/metering/price.ts';
import { listRates } from '../../../src/routing/route-rates.ts';
import { plainChannel } from '../../support/plain-channel.ts';

const at = new Date('2026-11-24T12:00:00Z');
const usd = (rates: Rates | null) => rates && [rates.base.input / 1e6, rates.base.output / 1e6];
const priceOf = (provider: PricedProvider, model: string) => usd(tableRates(provider, model, undefined, at));

describe('Bedrock prices', () => {
  const profile = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile';
  it.each([
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', [3.3, 16.5]],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', [3.3, 16.5]],
    ['jp.anthropic.claude-sonnet-4-5-20250929-v1:0', [3.3, 16.5]],
    ['global.anthropic.claude-sonnet-4-5-20250929-v1:0', [3, 15]],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', [5.5, 27.5]],
    ['apac.anthropic.claude-3-haiku-20240307-v1:0', [0.25, 1.25]],
    ['us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0', [3, 15]],
    [`${profile}/us.anthropic.claude-sonnet-4-5-20250929-v1:0`, [3.3, 16.5]],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0', [0.25, 1.25]],
  ])('include %s', (model, price) => {
    expect(priceOf('bedrock', model)).toEqual(price);
  });

  it('do not exist for a custom profile, whose name identifies no model', () => {
    const own = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcd1234';
    expect(priceOf('bedrock', own)).toBeNull();
    expect(priceOf('bedrock', 'claude-sonnet-4-5')).toBeNull();
  });

  it('charge a one-hour cache write at twice the input price', () => {
    const rates = tableRates('bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', undefined, at);
    expect(rates?.base).toMatchObject({ cacheWrite: 3_750_000, cacheWrite1h: 6_000_000 });
  });
});

describe('Vertex prices', () => {
  const rates = (model: string, location?: string) =>
    usd(
      listRates(
        {
          ...plainChannel('v'),
          plainKeys: null,
          lastResort: false,
          provider: 'vertex',
          settings: location === undefined ? {} : { location },
        },
        model,
        at.getTime(),
      ),
    );

  it.each([
    ['claude-opus-4-5@20251101', 5, 25],
    ['claude-haiku-4-5@20251001', 1, 5],
    ['claude-sonnet-4-6', 3, 15],
  ])('of %s are a tenth higher in a region', (model, input, output) => {
    expect(rates(model)).toEqual([input, output]);
    expect(rates(model, 'global')).toEqual([input, output]);
    expect(rates(model, 'us-east5')).toEqual(
      [input * 1.1, output * 1.1].map((price) => Number(price.toFixed(6))),
    );
  });

  it.each([
    'claude-opus-4-1@20250805',
    'claude-sonnet-4@20250514',
    'claude-3-5-haiku@20241022',
    'gemini-2.5-flash',
  ])('of %s are the same everywhere', (model) => {
    expect(rates(model, 'us-east5')).toEqual(rates(model));
    expect(rates(model)).not.toBeNull();
  });
});

describe('Workers AI prices', () => {
  it('are found by the model names of the binding', () => {
    expect(priceOf('workers-ai', '@cf/meta/llama-3.1-8b-instruct')).toEqual([0.282, 0.827]);
    expect(modelsOf('workers-ai')).toContain('@cf/openai/gpt-oss-120b');
  });
});

it('prices Together alike at its new and its old address', () => {
  const model = 'meta-llama/Llama-3.3-70B-Instruct-Turbo';
  const priced = (host: string) => usd(tableRates('openai-compatible', model, `https://${host}/v1`, at));
  expect(priced('api.together.ai')).toEqual(priced('api.together.xyz'));
  expect(priced('api.together.ai')).not.toBeNull();
});
