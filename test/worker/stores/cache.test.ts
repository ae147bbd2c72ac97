import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { TokenCache } from '../../../src/tokens/cache.ts';

const bounds = { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] };
const identity = { tokenId: 'tok_1', accountId: 'acc_1', group: 'default', bounds, version: 3, hash: 'abc' };

it('puts, gets and deletes an identity under its hash', async () => {
  const cache = new TokenCache(env.CACHE, () => expect.unreachable());
  expect(await cache.get('abc')).toBeNull();
  await cache.put(identity);
  expect(await cache.get('abc')).toEqual(identity);
  const { keys } = await env.CACHE.list({ prefix: 'token:' });
  expect(keys).toEqual([{ name: 'token:abc', expiration: expect.any(Number) }]);
  await cache.delete('abc');
  expect(await cache.get('abc')).toBeNull();
});

it('reports a KV failure and continues', async () => {
  const fail = () => Promise.reject(new Error('KV is away'));
  const events: string[] = [];
  const kv = { get: fail, put: fail, delete: fail } as unknown as KVNamespace;
  const cache = new TokenCache(kv, (event) => events.push(event));
  expect(await cache.get('abc')).toBeNull();
  await cache.put(identity);
  await cache.delete('abc');
  expect(events).toEqual(['token-cache-get-failed', 'token-cache-put-failed', 'token-cache-delete-failed']);
});

it('treats an entry that is no JSON as a miss', async () => {
  await env.CACHE.put('token:broken', '{');
  const events: string[] = [];
  expect(await new TokenCache(env.CACHE, (event) => events.push(event)).get('broken')).toBeNull();
  expect(events).toEqual(['token-cache-get-failed']);
});
