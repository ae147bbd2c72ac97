// Tests the plan of a request without a database: its models, routes and bound, or its refusal.
import { describe, expect, it } from 'vitest';
import { formats } from '../../../../src/formats/registry.ts';
import type { Call, RelayServices } from '../../../../src/relay/call.ts';
import { planRequest } from '../../../../src/relay/plan/plan.ts';
import type { CallerBody } from '../../../../src/relay/request/read-body.ts';
import { Catalog, type LiveChannel } from '../../../../src/routing/catalog.ts';
import type { ModelAlias } from '../../../../src/routing/channel.ts';
import type { UpstreamIdOwner } from '../../../../src/routing/upstream-id-store.ts';
import { plainChannel } from '../../../support/plain-channel.ts';

const channel = (id: string, more: Partial<LiveChannel> = {}): LiveChannel => ({
  ...plainChannel(id),
  plainKeys: ['k'],
  lastResort: false,
  ...more,
});

interface Given {
  path?: string;
  headers?: Record<string, string>;
  suffix?: string;
  channels?: LiveChannel[];
  aliases?: ModelAlias[];
  owners?: Record<string, Partial<UpstreamIdOwner>>;
  multiplierMillionths?: number;
}

const bounds = { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] };

function callTo({ path = '/v1/chat/completions', headers = {}, suffix = '', multiplierMillionths }: Given) {
  const endpoint =
    formats.fixedEndpoints.find((one) => one.path === path) ?? formats.endpoint('generate-content');
  const ofGroup = { ...bounds, priceMultiplierMillionths: multiplierMillionths ?? 1_000_000 };
  const identity = {
    tokenId: 't',
    accountId: 'mine',
    group: 'default',
    bounds: ofGroup,
    version: 1,
    hash: '',
  };
  const request = new Request(`http://relay.test${path}`, { method: 'POST', headers });
  return { endpoint, formats, identity, request, suffix, pathModel: null } as unknown as Call;
}

function plan(value: object, given: Given = {}) {
  const text = JSON.stringify(value);
  const body: CallerBody = {
    type: 'json',
    bytes: new TextEncoder().encode(text).buffer as ArrayBuffer,
    text,
    value,
  };
  const { channels = [channel('one')], aliases = [], owners = {} } = given;
  const catalog = new Catalog({ channels, groups: [], overrides: [], aliases });
  const services = {
    conversations: { isOn: false, find: async () => null },
    upstreamIds: { owners: async () => new Map(Object.entries(owners)) },
  } as unknown as RelayServices;
  return planRequest(callTo(given), body, catalog, services, Date.UTC(2026, 10, 1));
}

const messages = [{ role: 'user', content: 'Say hi.' }];
const chat = (model: string, more: object = {}) => ({ model, messages, max_tokens: 100, ...more });
const modelsOf = (planned: Awaited<ReturnType<typeof plan>>) =>
  planned.routes.map(({ channel: { id }, model }) => `${id} ${model}`);

describe('a plan', () => {
  it('contains the requested model, its routes, and a bound above the reservation', async () => {
    const planned = await plan(chat('gpt-4o'));
    expect(planned).toMatchObject({ model: 'gpt-4o', models: null, isFree: false, isUncounted: false });
    expect(modelsOf(planned)).toEqual(['one gpt-4o']);
    expect(planned.bound?.reserveNanoUsd).toBeGreaterThan(planned.bound?.inputNanoUsd ?? 0);
    expect(planned.freshTokens).toBe(planned.size?.typicalInput.inputTokens);
  });

  it('multiplies its bound by the price multiplier of the group', async () => {
    const [plain, twice] = [
      await plan(chat('gpt-4o')),
      await plan(chat('gpt-4o'), { multiplierMillionths: 2_000_000 }),
    ];
    expect(twice.multiplier).toBe(2);
    expect(twice.bound?.fullNanoUsd).toBe(2 * (plain.bound?.fullNanoUsd ?? 0));
  });

  it('has a size but no bound for a model without a price', async () => {
    const planned = await plan(chat('my-own-model'), {
      channels: [channel('own', { provider: 'openai-compatible', baseUrl: 'https://own.test' })],
    });
    expect(planned.bound).toBeNull();
    expect(planned.size?.outputTokens).toBe(100);
  });

  it('tries an alias’s models in order, and requires each to be allowed', async () => {
    const aliases = [{ name: 'best', models: ['gpt-4o', 'gpt-4o-mini'] }];
    const planned = await plan(chat('best'), { aliases });
    expect(planned).toMatchObject({ model: 'best', models: ['gpt-4o', 'gpt-4o-mini'] });
    expect(planned.routes.map(({ model, rank }) => [model, rank])).toEqual([
      ['gpt-4o', 0],
      ['gpt-4o-mini', 1],
    ]);
  });

  it('reserves for its most expensive route, whichever is tried first', async () => {
    const fallback = (model: string) => ({ headers: { 'x-relay-fallback': model } });
    const expensive = await plan(chat('gpt-4o'));
    const expensiveFirst = await plan(chat('gpt-4o'), fallback('gpt-4o-mini'));
    const cheapFirst = await plan(chat('gpt-4o-mini'), fallback('gpt-4o'));
    const cheap = await plan(chat('gpt-4o-mini'));
    expect(expensiveFirst.models).toEqual(['gpt-4o', 'gpt-4o-mini']);
    expect(expensiveFirst.bound).toEqual(expensive.bound);
    expect(cheapFirst.bound?.reserveNanoUsd).toBeGreaterThan(2 * (cheap.bound?.reserveNanoUsd ?? 0));
  });

  it('falls back to another model even if no channel serves the first', async () => {
    const planned = await plan(chat('unserved'), {
      channels: [channel('one', { models: ['gpt-4o'] })],
      headers: { 'x-relay-fallback': 'gpt-4o' },
    });
    expect(modelsOf(planned)).toEqual(['one gpt-4o']);
  });

  it('reads a reasoning effort from a model’s name, unless a channel serves that exact name', async () => {
    const [{ routes: read }, { routes: named }] = [
      await plan(chat('gpt-5-high')),
      await plan(chat('gpt-5-high'), { channels: [channel('one', { models: ['gpt-5-high', '*'] })] }),
    ];
    expect(read.map(({ model, effort }) => [model, effort])).toEqual([['gpt-5', 'high']]);
    expect(named.map(({ model, effort }) => [model, effort])).toEqual([['gpt-5-high', null]]);
  });

  it('uses the channel and key that created a referenced resource', async () => {
    const planned = await plan(
      { model: 'gpt-4o', input: 'More.', previous_response_id: 'resp_1' },
      {
        path: '/v1/responses',
        channels: [channel('one'), channel('two')],
        owners: { resp_1: { accountId: 'mine', channelId: 'two', keyId: 'key_2', contextTokens: 900 } },
      },
    );
    expect(planned.routes.map(({ channel: { id }, keyId }) => [id, keyId])).toEqual([['two', 'key_2']]);
    expect(planned.size?.inputTokens).toBeGreaterThan(900);
  });

  it('is free for moderations without a price', async () => {
    const planned = await plan({ input: 'Is this fine?' }, { path: '/v1/moderations' });
    expect(planned).toMatchObject({ model: 'omni-moderation-latest', isFree: true });
  });
});

describe('an invalid request', () => {
  it.each<[string, object, Given, object]>([
    ['without a model', { messages }, {}, { code: 'invalid_request', details: { param: 'model' } }],
    [
      'with a model in another spelling',
      chat('gpt-4o', { Model: 'x' }),
      {},
      { code: 'invalid_request', details: { param: 'Model' } },
    ],
    ['for a model that no channel serves', chat('gpt-4o'), { channels: [] }, { code: 'model_not_found' }],
    [
      'for ids of another account',
      { model: 'gpt-4o', input: 'More.', previous_response_id: 'resp_1' },
      { path: '/v1/responses', owners: { resp_1: { accountId: 'another', channelId: 'one' } } },
      { code: 'resource_not_found' },
    ],
    [
      'with too many fallbacks',
      chat('gpt-4o'),
      { headers: { 'x-relay-fallback': 'a,b,c,d,e,f' } },
      { code: 'invalid_request' },
    ],
  ])('is refused %s', async (_, value, given, error) => {
    await expect(plan(value, given)).rejects.toMatchObject(error);
  });
});
