// From when on a changed model counts: from the upstream's own word, and not where it refuses the change.
import { expect, it } from 'vitest';
import { SessionModels } from '../../src/realtime/openai/models.ts';
import type { SessionOrder } from '../../src/realtime/order.ts';
import { pricingAt } from '../../src/realtime/routes.ts';
import { Catalog, type LiveChannel } from '../../src/routing/catalog.ts';

const channel: LiveChannel = {
  id: 'ch_1',
  name: 'one',
  provider: 'openai',
  baseUrl: null,
  keys: [],
  plainKeys: ['k'],
  models: ['gpt-realtime', 'gpt-realtime-mini'],
  modelMap: {},
  priority: 0,
  weight: 1,
  enabled: true,
  headers: {},
  groups: [],
  settings: {},
  lastResort: false,
};
const catalog = new Catalog({ channels: [channel], groups: [], overrides: [], aliases: [] });
const bounds = { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] };
const identity = { tokenId: 't', accountId: 'a', group: 'default', bounds, version: 1, hash: 'h' };
const order = {
  format: 'openai',
  identity,
  ip: null,
  bound: null,
  intent: 'conversation',
} as unknown as SessionOrder;

function models(): SessionModels {
  const route = { channel, upstreamModel: 'gpt-realtime', model: 'gpt-realtime', target: null };
  const pricing = pricingAt(route, { named: 'gpt-realtime', isAlias: false }, catalog, identity, 0);
  const policy = { quotaNanoUsd: 1, budget: null };
  const inspect = async () => ({ outcome: 'allowed' as const, policy: policy as never });
  const made = new SessionModels(pricing, order, { inspect }, async () => catalog);
  made.reportedIn({ model: 'gpt-realtime' });
  return made;
}

it('a change that the upstream reports counts from then on', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.pricing.model).toBe('gpt-realtime');
  expect(session.reportedIn({ model: 'gpt-realtime-mini' })).toBeNull();
  expect(session.pricing.model).toBe('gpt-realtime-mini');
});

it('a change that the upstream does not make does not count', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.reportedIn({ model: 'gpt-realtime' })).toBeNull();
  expect(session.pricing.model).toBe('gpt-realtime');
});

it('a change that nobody asked for is told', () => {
  expect(models().reportedIn({ model: 'gpt-realtime-mini' })).toBe('gpt-realtime-mini');
});

it('a model that the connection’s channel does not serve is refused', async () => {
  await expect(models().take('gpt-4o')).rejects.toMatchObject({ code: 'model_not_found' });
});
