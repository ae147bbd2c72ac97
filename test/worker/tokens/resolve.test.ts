// Token lookup in isolate, KV and D1, in that order; each lookup is made once.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { TokenCache } from '../../../src/tokens/cache.ts';
import { isolateCache, TokenResolver } from '../../../src/tokens/resolve.ts';
import { hashSecret, mintSecret } from '../../../src/tokens/secret.ts';
import { type TokenPolicy, unbounded } from '../../../src/tokens/token.ts';

const now = 1_800_000_000_000;
const failures: string[] = [];
const cache = new TokenCache(env.CACHE, (event) => failures.push(event));

beforeEach(() => {
  failures.length = 0;
});

/** Returns a database with one token that counts its lookups. */
function database(secret: string | null) {
  const policy: TokenPolicy = {
    tokenId: `tok_${secret?.slice(-8)}`,
    accountId: 'acc_admin',
    group: 'default',
    bounds: { ...unbounded, version: 1 },
    version: 4,
    status: 'active',
    hashes: [],
    expiresAtMs: null,
    quotaNanoUsd: null,
    budget: null,
    models: [],
    allowedIps: [],
    limits: {},
  };
  const store = {
    lookups: 0,
    away: false,
    findByHash: async (hash: string) => {
      store.lookups += 1;
      await scheduler.wait(5);
      if (store.away) throw new Error('D1 is away');
      return secret !== null && hash === hashSecret(secret) ? { policy } : null;
    },
  };
  return store;
}

it('reads the database once for many concurrent requests, and not again', async () => {
  const secret = mintSecret();
  const store = database(secret);
  const resolver = new TokenResolver(store, cache);
  const resolutions = await Promise.all(Array.from({ length: 50 }, () => resolver.resolve(secret, now)));
  const identity = {
    tokenId: `tok_${secret.slice(-8)}`,
    accountId: 'acc_admin',
    group: 'default',
    bounds: { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] },
    version: 4,
    hash: hashSecret(secret),
  };
  for (const resolution of resolutions) expect(resolution).toEqual({ outcome: 'known', identity });
  await resolver.resolve(secret, now + isolateCache.knownForMs - 1);
  expect(store.lookups).toBe(1);
});

it('finds an identity in KV that another isolate stored', async () => {
  const secret = mintSecret();
  await new TokenResolver(database(secret), cache).resolve(secret, now);
  const store = database(null);
  expect(await new TokenResolver(store, cache).resolve(secret, now)).toMatchObject({ outcome: 'known' });
  expect(store.lookups).toBe(0);
});

it('caches an unknown token briefly, in the isolate only', async () => {
  const secret = mintSecret();
  const strangers = database(null);
  const resolver = new TokenResolver(strangers, cache);
  for (const ms of [0, 1, isolateCache.unknownForMs - 1]) {
    expect(await resolver.resolve(secret, now + ms)).toEqual({ outcome: 'unknown' });
  }
  expect(strangers.lookups).toBe(1);
  await resolver.resolve(secret, now + isolateCache.unknownForMs);
  expect(strangers.lookups).toBe(2);
  expect(await env.CACHE.get(`token:${hashSecret(secret)}`)).toBeNull();
});

it('keeps known tokens cached when unknown ones arrive by the thousand', async () => {
  const secret = mintSecret();
  const store = database(secret);
  const resolver = new TokenResolver(store, cache);
  await resolver.resolve(secret, now);
  const strangers = Array.from({ length: isolateCache.unknown + 50 }, mintSecret);
  for (let from = 0; from < strangers.length; from += 150) {
    await Promise.all(strangers.slice(from, from + 150).map((stranger) => resolver.resolve(stranger, now)));
  }
  const before = store.lookups;
  await resolver.resolve(secret, now);
  expect(store.lookups).toBe(before);
});

it('does not take an outage as an unknown token, and does not cache it', async () => {
  const secret = mintSecret();
  const store = database(secret);
  const resolver = new TokenResolver(store, cache);
  store.away = true;
  const refused = await Promise.allSettled(Array.from({ length: 3 }, () => resolver.resolve(secret, now)));
  for (const { status, reason } of refused as PromiseRejectedResult[]) {
    expect(status).toBe('rejected');
    expect(reason.code).toBe('service_unavailable');
  }
  store.away = false;
  expect(await resolver.resolve(secret, now)).toMatchObject({ outcome: 'known' });
});

it('rejects a malformed token without a lookup', async () => {
  const store = database(null);
  expect(await new TokenResolver(store, cache).resolve('sk-oo8-nonsense', now)).toEqual({
    outcome: 'malformed',
  });
  expect(store.lookups).toBe(0);
});
