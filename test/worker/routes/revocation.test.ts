// The effect of an edit, a rotation or a deletion on the very next request, whatever the caches contain; and the
// cost of unknown tokens and outages.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { mintSecret } from '../../../src/tokens/secret.ts';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { everyRoute, jsonBody, ownHeader, type Refusal, refusals, type TestRoute } from './routes.ts';

let relay: OpenRelay;

beforeEach(async () => {
  relay = openRelay();
  await addChannels(relay);
  // Loads the catalog snapshot first: later reads are the token's.
  await send('openai', (await relay.token()).token);
});

afterEach(() => void vi.useRealTimers());

const routeOf = (format: string): TestRoute => {
  const route = everyRoute.find((candidate) => candidate.format === format);
  if (route === undefined) throw new Error(format);
  return route;
};

function send(format: TestRoute['format'], token: string, model?: string) {
  const { method, path, headers, body } = routeOf(format);
  return relay.fetch(path, {
    method,
    headers: { ...headers, ...ownHeader(format, token) },
    body: model === undefined ? body() : JSON.stringify(jsonBody(model)),
  });
}

/** Creates a token that isolate and KV have cached. */
async function warmToken(fields: object = {}) {
  const made = await relay.token(fields);
  for (const format of ['openai', 'anthropic', 'gemini'] as const) {
    expect((await send(format, made.token)).status).toBe(200);
  }
  return made;
}

async function refusedEverywhere(token: string, refusal: Refusal): Promise<void> {
  for (const format of ['openai', 'anthropic', 'gemini'] as const) {
    expectRefusal(await send(format, token), format, refusal);
  }
}

it('applies deletion, disabling and enabling of a token to the very next request, with every cache warm', async () => {
  const { id, token } = await warmToken();
  await relay.manage('PATCH', `/tokens/${id}`, { status: 'disabled' });
  await refusedEverywhere(token, refusals.disabled);
  await relay.manage('PATCH', `/tokens/${id}`, { status: 'active' });
  expect((await send('openai', token)).status).toBe(200);
  await relay.manage('DELETE', `/tokens/${id}`);
  await refusedEverywhere(token, refusals.invalidKey);
});

it('applies an edit of expiry and of addresses at once', async () => {
  const { id, token } = await warmToken();
  await relay.manage('PATCH', `/tokens/${id}`, { expires_at: '2026-01-01T00:00:00Z' });
  await refusedEverywhere(token, refusals.expired);
  await relay.manage('PATCH', `/tokens/${id}`, { expires_at: null, allowed_ips: ['192.0.2.0/24'] });
  await refusedEverywhere(token, refusals.ipNotAllowed);
});

it('applies an edit of `models` at once, both ways, in the lists too', async () => {
  const { id, token } = await warmToken();
  await relay.manage('PATCH', `/tokens/${id}`, { models: ['claude-*'] });
  expectRefusal(await send('openai', token), 'openai', refusals.modelNotAllowed);
  expect((await send('anthropic', token)).status).toBe(200);
  const list = await relay.fetch('/v1/models', { headers: ownHeader('openai', token) });
  const names: string[] = list.body.data.map((model: { id: string }) => model.id);
  expect(names.filter((name) => !name.startsWith('claude-'))).toEqual([]);
  expect(names.length).toBeGreaterThan(0);
  await relay.manage('PATCH', `/tokens/${id}`, { models: [] });
  expect((await send('openai', token)).status).toBe(200);
});

it('revokes the old value of a rotated token at once', async () => {
  const { id, token } = await warmToken();
  const { body } = await relay.manage('POST', `/tokens/${id}/rotate`, { overlap_seconds: 0 });
  await refusedEverywhere(token, refusals.invalidKey);
  expect((await send('openai', body.token)).status).toBe(200);
});

it('accepts the old value of a rotated token until the overlap is over, and no longer', async () => {
  const { id, token } = await warmToken();
  const { body } = await relay.manage('POST', `/tokens/${id}/rotate`, { overlap_seconds: 60 });
  const rotatedAtMs = Date.now();
  expect((await send('openai', token)).status).toBe(200);
  vi.useFakeTimers({ toFake: ['Date'], now: rotatedAtMs + 58_000 });
  expect((await send('openai', token)).status).toBe(200);
  vi.setSystemTime(rotatedAtMs + 60_000);
  await refusedEverywhere(token, refusals.invalidKey);
  expect((await send('openai', body.token)).status).toBe(200);
});

it('refuses a mistyped token without any request', async () => {
  const before = { ...relay.traffic };
  const token = mintSecret();
  const mistyped = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
  for (const route of everyRoute) {
    const { method, path, headers, body } = route;
    const given = { ...headers, ...ownHeader(route.format, mistyped) };
    expectRefusal(
      await relay.fetch(path, { method, headers: given, body: body() }),
      route.format,
      refusals.invalidKey,
    );
  }
  expect(relay.traffic).toEqual(before);
});

it('writes nothing for an unknown token, calls no ledger, and reads the database once', async () => {
  const before = { ...relay.traffic };
  const token = mintSecret();
  const replies = await Promise.all(Array.from({ length: 20 }, () => send('openai', token)));
  for (const reply of replies) expectRefusal(reply, 'openai', refusals.invalidKey);
  expectRefusal(await send('gemini', token), 'gemini', refusals.invalidKey);
  const { d1, d1Writes, kv, kvWrites, ledger } = relay.traffic;
  expect({ d1, d1Writes, kv, kvWrites, ledger }).toEqual({
    d1: before.d1 + 1,
    d1Writes: before.d1Writes,
    kv: before.kv + 1,
    kvWrites: before.kvWrites,
    ledger: before.ledger,
  });
});

it('finds a token in the isolate after its first request, and calls only the ledger', async () => {
  const { token } = await warmToken();
  const before = { ...relay.traffic };
  await send('openai', token);
  const { d1, kv, ledger } = relay.traffic;
  expect({ d1: d1 - before.d1, kv: kv - before.kv }).toEqual({ d1: 0, kv: 0 });
  // One admission and one settlement.
  expect(ledger - before.ledger).toBe(2);
});

const unavailable: Refusal = {
  status: 503,
  openai: ['server_error', 'service_unavailable'],
  anthropic: 'overloaded_error',
  gemini: ['UNAVAILABLE', 'SERVICE_UNAVAILABLE'],
};

it('answers 503 with retry-after when the ledger is unavailable: never 401, never 429, in each API’s format', async () => {
  const { token } = await warmToken();
  const receivedBefore = relay.received.length;
  relay.traffic.fails.add('ledger');
  for (const route of everyRoute) {
    const { method, path, headers, body, format } = route;
    const reply = await relay.fetch(path, {
      method,
      headers: { ...headers, ...ownHeader(format, token) },
      body: body(),
    });
    expectRefusal(reply, format, unavailable);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(relay.received.length).toBe(receivedBefore);
  relay.traffic.fails.clear();
  expect((await send('openai', token)).status).toBe(200);
});

it('serves a known token while database and KV are unavailable, and answers an unknown one with 503', async () => {
  const { token } = await warmToken();
  relay.traffic.fails.add('d1').add('kv');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  expect((await send('openai', token)).status).toBe(200);
  for (const format of ['openai', 'anthropic', 'gemini'] as const) {
    expectRefusal(await send(format, mintSecret()), format, unavailable);
  }
  warn.mockRestore();
  relay.traffic.fails.clear();
});

it('does not cache an outage: finds the token as soon as the database is back', async () => {
  const { token } = await relay.token();
  relay.traffic.fails.add('d1').add('kv');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  expect((await send('openai', token)).status).toBe(503);
  warn.mockRestore();
  relay.traffic.fails.clear();
  expect((await send('openai', token)).status).toBe(200);
});
