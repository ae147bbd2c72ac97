// Tests when a changed model takes effect: once the upstream reports it, and never if it refuses the change.
import { expect, it } from 'vitest';
import { SessionModels } from '../../../src/realtime/openai/models.ts';
import type { SessionOrder } from '../../../src/realtime/order.ts';
import { pricingAt } from '../../../src/realtime/routes.ts';
import { Catalog, type LiveChannel } from '../../../src/routing/catalog.ts';

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

function models(reported = 'gpt-realtime'): SessionModels {
  const route = { channel, upstreamModel: 'gpt-realtime', model: 'gpt-realtime', translateTo: null };
  const pricing = pricingAt(route, { named: 'gpt-realtime', isAlias: false }, catalog, identity, 0);
  const policy = { quotaNanoUsd: 1, budget: null };
  const inspect = async () => ({ outcome: 'allowed' as const, policy: policy as never });
  const made = new SessionModels(pricing, order, { inspect }, async () => catalog);
  made.reportedIn({ model: reported });
  return made;
}

it('prices by a changed model once the upstream reports it', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.pricing.model).toBe('gpt-realtime');
  expect(session.reportedIn({ model: 'gpt-realtime-mini' })).toBeNull();
  expect(session.pricing.model).toBe('gpt-realtime-mini');
});

it('ignores a change that the upstream does not make', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.reportedIn({ model: 'gpt-realtime' })).toBeNull();
  expect(session.pricing.model).toBe('gpt-realtime');
});

it('reports a change that the client did not request', () => {
  expect(models().reportedIn({ model: 'gpt-realtime-mini' })).toBe('gpt-realtime-mini');
});

it('refuses a model that the connection’s channel does not serve', async () => {
  await expect(models().take('gpt-4o')).rejects.toMatchObject({ code: 'model_not_found' });
});

it('applies a change from its own report, not from the answer to an earlier update', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.reportedIn({ model: 'gpt-realtime' })).toBeNull();
  expect([session.pricing.model, session.coming.model]).toEqual(['gpt-realtime', 'gpt-realtime-mini']);
  expect(session.reportedIn({ model: 'gpt-realtime-mini' })).toBeNull();
  expect([session.pricing.model, session.coming.model]).toEqual(['gpt-realtime-mini', 'gpt-realtime-mini']);
});

it('applies several changes in order', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.changeIn({ model: 'gpt-realtime-mini' })).toBeNull();
  expect(session.changeIn({ model: 'gpt-realtime' })).toBe('gpt-realtime');
  await session.take('gpt-realtime');
  session.reportedIn({ model: 'gpt-realtime-mini' });
  expect(session.pricing.model).toBe('gpt-realtime-mini');
  session.reportedIn({ model: 'gpt-realtime' });
  expect(session.pricing.model).toBe('gpt-realtime');
});

it.each([
  ['by its name', { event_id: 'mine' }],
  ['by what it is about', { param: 'session.model', event_id: null }],
])('discards a change that the upstream refuses %s', async (_, error) => {
  const session = models();
  await session.take('gpt-realtime-mini', 'mine');
  session.refused({ type: 'error', error: { event_id: 'another' } });
  session.refused({ type: 'error', error: { param: 'response', event_id: null } });
  expect(session.coming.model).toBe('gpt-realtime-mini');
  session.refused({ type: 'error', error });
  expect(session.coming.model).toBe('gpt-realtime');
});

it('matches a reported model name with a date to the requested change', async () => {
  const session = models();
  await session.take('gpt-realtime-mini');
  expect(session.reportedIn({ model: 'gpt-realtime-mini-2025-10-06' })).toBeNull();
  expect(session.pricing.model).toBe('gpt-realtime-mini');
});

it('ignores a name that the upstream reported before, whatever the channel calls it', () => {
  const session = models('an upstream’s own name');
  expect(session.reportedIn({ model: 'an upstream’s own name' })).toBeNull();
});
