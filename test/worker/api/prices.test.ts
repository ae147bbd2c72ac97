import { beforeEach, expect, it } from 'vitest';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const price = { input: 2.5, output: 10, cache_read: 1.25 };

it('sets, replaces and deletes a price, and updates the catalog each time', async () => {
  const { call, events } = relay();
  const { status, body } = await call('PUT', '/prices/gpt-4o', price);
  expect([status, body]).toEqual([
    200,
    { model: 'gpt-4o', ...price, updated_at: '2026-11-01T12:00:00.000Z' },
  ]);
  await call('PUT', '/prices/gpt-4o', { input: 0, output: 0 });
  const { data } = (await call('GET', '/prices')).body;
  expect(data).toEqual([{ model: 'gpt-4o', input: 0, output: 0, updated_at: expect.any(String) }]);
  expect((await call('DELETE', '/prices/gpt-4o')).status).toBe(204);
  expect((await call('DELETE', '/prices/gpt-4o')).status).toBe(404);
  expect(events).toEqual(['channels-changed', 'channels-changed', 'channels-changed']);
});

it.each([
  ['meta-llama/llama-3.1-8b', 'meta-llama/llama-3.1-8b'],
  ['meta-llama%2Fllama-3.1-8b', 'meta-llama/llama-3.1-8b'],
  ['claude-*', 'claude-*'],
  ['openai%2F*', 'openai/*'],
  ['ft:gpt-4o:acme::id', 'ft:gpt-4o:acme::id'],
  ['health', 'health'],
])('reads the model name %s as %s', async (path, model) => {
  const { call } = relay();
  expect((await call('PUT', `/prices/${path}`, price)).body.model).toBe(model);
  expect((await call('DELETE', `/prices/${path}`)).status).toBe(204);
});

it('lists prices in pages, ordered by model', async () => {
  const { call } = relay();
  for (const model of ['b', 'a/x', 'c']) await call('PUT', `/prices/${model}`, price);
  const first = (await call('GET', '/prices?limit=2')).body;
  const second = (await call('GET', `/prices?limit=2&cursor=${first.next_cursor}`)).body;
  const models = [...first.data, ...second.data].map(({ model }: { model: string }) => model);
  expect([models, second.next_cursor]).toEqual([['a/x', 'b', 'c'], null]);
});

it.each([
  [{ input: 1 }, 'output'],
  [{ input: -1, output: 1 }, 'input'],
  [{ input: '1', output: 1 }, 'input'],
  [{ input: 1, output: 1, cached: 1 }, 'cached'],
])('rejects the price %j', async (body, field) => {
  const answer = await relay().call('PUT', '/prices/m', body);
  expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
});
