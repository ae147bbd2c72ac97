// A token that is invalid whatever the body contains is refused before its body is read.
import { expect, it } from 'vitest';
import { relayLimits } from '../../../src/relay/limits.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';

const refusals: [string, object, string, number][] = [
  ['disabled', { status: 'disabled' }, 'token_disabled', 401],
  ['expired', { expires_at: '2020-01-01T00:00:00Z' }, 'token_expired', 401],
  ['used from another address', { allowed_ips: ['203.0.113.9'] }, 'ip_not_allowed', 403],
];

/** Returns a body of 64 KB chunks and counts what was read of it. */
function chunkedBody(bytes: number): { body: ReadableStream; read: () => number } {
  const chunk = new TextEncoder().encode(' '.repeat(65_536));
  let sent = 0;
  const body = new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      if (sent >= bytes) return controller.close();
      sent += chunk.byteLength;
      controller.enqueue(chunk.slice());
    },
  });
  return { body, read: () => sent };
}

/** Returns a body that never arrives. */
const silentBody = () => new ReadableStream({ type: 'bytes', pull: () => new Promise(() => {}) });

async function send(relay: OpenRelay, token: string, body: ReadableStream, headers: object = {}) {
  return relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  });
}

async function tokenThat(relay: OpenRelay, fields: object): Promise<string> {
  const { id, token } = await relay.token();
  await relay.manage('PATCH', `/tokens/${id}`, fields);
  return token;
}

it.each(refusals)(
  'refuses a token that is %s without reading a large body',
  async (_, fields, code, status) => {
    const relay = openRelay();
    await addChannels(relay);
    const token = await tokenThat(relay, fields);
    const { body, read } = chunkedBody(50 * 1024 * 1024);
    const reply = await send(relay, token, body);
    expect([reply.status, reply.body.error.code]).toEqual([status, code]);
    expect(read()).toBeLessThanOrEqual(relayLimits.smallBodyBytes + 2 * 65_536);
    const announced = chunkedBody(50 * 1024 * 1024);
    await send(relay, token, announced.body, { 'content-length': String(50 * 1024 * 1024) });
    expect(announced.read()).toBeLessThanOrEqual(2 * 65_536);
  },
);

it.each(refusals)(
  'refuses a token that is %s although its small body does not arrive',
  async (_, fields, code) => {
    const relay = openRelay();
    await addChannels(relay);
    const token = await tokenThat(relay, fields);
    const reply = await send(relay, token, silentBody(), { 'content-length': '100' });
    expect(reply.body.error.code).toBe(code);
  },
);

it('refuses a token with a spent quota, and counts one refusal', async () => {
  const relay = openRelay();
  await addChannels(relay);
  const { id, token } = await relay.token({ quota_usd: 0.001 });
  relay.upstream = () =>
    Response.json({ choices: [], usage: { prompt_tokens: 1_000, completion_tokens: 1_000 } });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({
    model: 'gpt-4o',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'hi' }],
  });
  expect((await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body })).status).toBe(200);
  const large = chunkedBody(20 * 1024 * 1024);
  const reply = await send(relay, token, large.body);
  expect([reply.status, reply.body.error.code]).toEqual([429, 'insufficient_quota']);
  expect(reply.headers.get('x-should-retry')).toBe('false');
  expect(large.read()).toBeLessThan(2 * relayLimits.smallBodyBytes);
  await expect
    .poll(
      async () => {
        const { data } = (await relay.manage('GET', `/logs?token=${id}&status=429`)).body;
        return data.map((row: { count: number; error_code: string }) => [row.error_code, row.count]);
      },
      { timeout: 10_000 },
    )
    .toEqual([['insufficient_quota', 1]]);
});

it('reads the large body of a valid token', async () => {
  const relay = openRelay();
  await addChannels(relay);
  const { token } = await relay.token();
  const body = JSON.stringify({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'x'.repeat(3_000_000) }],
  });
  const reply = await send(relay, token, new Response(body).body as ReadableStream);
  expect(reply.status).toBe(200);
  expect(relay.received.at(-1)?.body).toBe(body);
});
