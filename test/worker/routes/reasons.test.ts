// Why a request failed, as its caller, the API, and the dashboard's log say it.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay, type Reply, type Upstream } from './open-relay.ts';

const key = 'Kj83hfPQ0zLmN4vXw2RtY7uB';
const prompt = 'Tell me everything about the secret merger of Acme and Initech';
const messages = [{ role: 'user', content: prompt }];

let relay: OpenRelay;
let token: string;
let channelId: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  const settings = { first_byte_ms: 1_000 };
  const fields = { name: 'o', provider: 'openai', keys: [key], models: ['gpt-*'], settings };
  ({ id: channelId } = await relay.channel(fields));
  ({ token } = await relay.token());
});

async function call(upstream: Upstream, body: object, secret = token): Promise<Reply> {
  relay.upstream = upstream;
  return relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', max_tokens: 9, messages, ...body }),
  });
}

/** The row of a reply's request, once it is in the log. */
async function rowOf({ headers }: Reply) {
  const path = `/logs/${headers.get('x-request-id')}`;
  for (let tries = 0; tries < 100; tries++) {
    const row = await relay.manage('GET', path).catch(() => null);
    if (row !== null) return row.body;
    await scheduler.wait(100);
  }
  throw new Error('the row did not come');
}

const unused: Upstream = () => {
  throw new Error('nothing is sent');
};
const untilAborted: Upstream = (_, signal) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
const refused = (status: number, message: string) => () => Response.json({ error: { message } }, { status });

describe('the reason of a failed request is in its row', () => {
  it('a wrong field', async () => {
    const reply = await call(unused, { messages: 'nonsense' });
    const reason = "Invalid 'messages': expected an array, got a string.";
    expect(reply.body.error.message).toBe(reason);
    expect(await rowOf(reply)).toMatchObject({ status: 400, error_class: 'caller', error_message: reason });
  });

  it('a wrong field that only the upstream knows', async () => {
    const text = `Unknown parameter: 'max_completion_tokens'. You sent: ${prompt} with ${key}`;
    const reply = await call(refused(400, text), { max_completion_tokens: 1 });
    const row = await rowOf(reply);
    const reason = "Unknown parameter: 'max_completion_tokens'. You sent: … with …";
    expect(row).toMatchObject({ error_code: 'upstream_error', error_class: 'caller', error_message: reason });
    expect(row.attempts[0]).toMatchObject({ status: 400, error: null, message: reason });
  });

  it('a rejected key of the provider, which only admins read', async () => {
    const reply = await call(refused(401, `Incorrect API key provided: ${key}.`), {});
    const row = await rowOf(reply);
    expect(row).toMatchObject({ status: 502, error_code: 'upstream_refused_relay', error_class: 'upstream' });
    expect(row.error_message).toMatch(/^The model provider refused the account of this relay/);
    expect(row.attempts[0]).toMatchObject({ status: 401, message: 'Incorrect API key provided: ….' });
    const { body } = await relay.manage('GET', `/channels/${channelId}`);
    expect(body.last_error).toMatchObject({ status: 401, message: 'Incorrect API key provided: ….' });
  });

  it('a page of HTML', async () => {
    const html = `<html><head><title>502 Bad Gateway</title></head><body>${key}</body></html>`;
    const row = await rowOf(await call(() => new Response(html, { status: 502 }), {}));
    const reason = 'HTML page, status 502: 502 Bad Gateway';
    expect(row).toMatchObject({ status: 502, error_class: 'upstream', error_message: reason });
    expect(row.attempts[0]).toMatchObject({ status: 502, message: reason });
  });

  it('a timeout', async () => {
    const row = await rowOf(await call(untilAborted, {}));
    const reason = 'The model provider did not answer in time.';
    expect(row).toMatchObject({
      error_code: 'upstream_timeout',
      error_class: 'upstream',
      error_message: reason,
    });
    expect(row.attempts[0].message).toMatch(/^The model provider did not answer in time/);
  });

  it('a used-up quota', async () => {
    const { token: small } = await relay.token({ quota_usd: 0.000001 });
    const reply = await call(unused, {}, small);
    const row = await rowOf(reply);
    expect(row).toMatchObject({ status: 429, error_code: 'insufficient_quota', error_class: 'relay' });
    expect(row.error_message).toBe(reply.body.error.message);
    expect(row.error_message).toMatch(/^This request does not fit the quota of this API key/);
  });

  it.each([
    ['of a wildcard', 'gpt-9', /^The model `gpt-9` does not exist/],
    ['of no channel', 'claud-9', /^The model `claud-9` does not exist/],
  ])('an unknown model %s', async (_, model, reason) => {
    const { token: small } = await relay.token({ quota_usd: 5 });
    const reply = await call(unused, { model }, small);
    expect(reply.status).toBe(404);
    expect(reply.body.error).toMatchObject({
      code: 'model_not_found',
      message: expect.stringMatching(reason),
    });
    const row = await rowOf(reply);
    expect(row).toMatchObject({ error_code: 'model_not_found', error_class: 'caller' });
    expect(row.error_message).toMatch(reason);
  });

  it('an error in a stream', async () => {
    const events = `data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"error":{"message":"Lost ${prompt} at ${key}","type":"server_error"}}\n\n`;
    const headers = { 'content-type': 'text/event-stream' };
    const reply = await call(() => new Response(events, { headers }), { stream: true });
    const row = await rowOf(reply);
    expect(row).toMatchObject({ status: 200, error_code: 'server_error', error_class: 'upstream' });
    expect(row.error_message).toBe('Lost … at …');
  });

  it('no reason where nothing failed, and the model that answered', async () => {
    const answer = { object: 'chat.completion', model: 'gpt-4o-2024-08-06', choices: [] };
    const row = await rowOf(await call(() => Response.json(answer), {}));
    expect(row).toMatchObject({
      error_code: null,
      error_class: null,
      error_message: null,
      served_model: 'gpt-4o',
    });
    expect(row.attempts[0].message).toBeNull();
  });
});

describe('a key of another product', () => {
  it.each([
    ['sk-proj-abcdefghijklmnopqrstuvwx0123456789', 'OpenAI'],
    ['sk-ant-api03-abcdefghijklmnopqrstuvwx0123456789', 'Anthropic'],
    ['AIzaSyAbcdefghijklmnopqrstuvwx0123456789', 'Google'],
  ])('is named and not repeated: %s', async (secret, owner) => {
    const { status, body } = await call(unused, {}, secret);
    expect(status).toBe(401);
    expect(body.error.message).toBe(
      `This is a key of ${owner}, not of this relay: keys of this relay begin with \`sk-oo8-\`. Create one in the dashboard.`,
    );
  });
});
