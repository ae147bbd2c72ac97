// What an upstream's refusal means for its target, and where the request goes next.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorBodyLimits } from '../../../src/providers/call.ts';
import { type OpenRelay, openRelay, type Received } from './open-relay.ts';
import { ownHeader } from './routes.ts';

let relay: OpenRelay;
let token: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  ({ token } = await relay.token());
});

const succeed = () =>
  Response.json({
    id: 'c',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  });
const send = (fields: object = {}, headers: Record<string, string> = {}, path = '/v1/chat/completions') =>
  relay.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', token), ...headers },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], ...fields }),
  });
const createChannel = (name: string, fields: object = {}) =>
  relay.channel({
    name,
    provider: 'openai',
    base_url: `https://${name}.test/v1`,
    models: ['gpt-4o', 'gpt-4.1'],
    keys: [`the-key-of-${name}`],
    ...fields,
  });
const hostsCalled = () => relay.received.map(({ url }) => new URL(url).hostname.replace('.test', ''));
const healthOf = async (id: string) => (await relay.manage('GET', `/channels/${id}`)).body;
/** Makes the channel `first` answer with `first`, and `second` succeed. */
const failFirst = (first: () => Response) => (request: Received) =>
  request.url.includes('first') ? first() : succeed();
const refusal = (status: number, error: object) => () => Response.json({ error }, { status });

describe('refusals that only look like one of the key', () => {
  it('returns an error about a field that is named like a key error to the caller', async () => {
    const { id } = await createChannel('first', { priority: 1 });
    await createChannel('second');
    const error = {
      message: "Unknown parameter: 'API_KEY_INVALID'.",
      type: 'invalid_request_error',
      param: 'API_KEY_INVALID',
      code: 'unknown_parameter',
    };
    relay.upstream = failFirst(refusal(400, error));
    const reply = await send({ API_KEY_INVALID: 1 });
    expect([reply.status, reply.body.error.param]).toEqual([400, 'API_KEY_INVALID']);
    expect(hostsCalled()).toEqual(['first']);
    expect((await healthOf(id)).health.state).toBe('ready');
  });

  it('cools down the model, and uses the key for other models', async () => {
    const { id } = await createChannel('first', { priority: 1 });
    await createChannel('second');
    const message = 'Project `proj_1` does not have access to model `gpt-4.1`';
    relay.upstream = failFirst(
      refusal(403, { message, type: 'invalid_request_error', code: 'model_not_found' }),
    );
    expect((await send({ model: 'gpt-4.1' })).status).toBe(200);
    expect(hostsCalled()).toEqual(['first', 'second']);
    expect((await healthOf(id)).keys[0].health.state).toBe('ready');
  });
});

describe('refusals of the account that look like the caller’s error', () => {
  it.each([
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    'This organization has been disabled.',
  ])('fails over on an account error: %s', async (message) => {
    const { id } = await createChannel('first', { provider: 'anthropic', models: ['claude-x'], priority: 1 });
    await createChannel('second', { provider: 'anthropic', models: ['claude-x'] });
    const body = { type: 'error', error: { type: 'invalid_request_error', message } };
    relay.upstream = failFirst(() => Response.json(body, { status: 400 }));
    const reply = await send({ model: 'claude-x', max_tokens: 5 }, {}, '/v1/messages');
    expect(reply.status).toBe(200);
    expect((await healthOf(id)).keys[0].health.state).toBe('refused');
  });
});

describe('retry-after', () => {
  const coolsFor = async (first: () => Response) => {
    const { id } = await createChannel('first', { priority: 1 });
    await createChannel('second');
    relay.upstream = failFirst(first);
    expect((await send()).status).toBe(200);
    const { health, model_health } = await healthOf(id);
    const until = health.cool_until ?? model_health[0].health.cool_until;
    return Date.parse(until) - Date.now();
  };

  it.each([503, 529])('obeys the retry-after of a %s as of a 429', async (status) => {
    const ms = await coolsFor(() => Response.json({}, { status, headers: { 'retry-after': '40' } }));
    expect(ms).toBeGreaterThan(20_000);
  });

  it('obeys Gemini’s retryDelay in the body', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '41.5s' }];
    const ms = await coolsFor(refusal(429, { code: 429, status: 'RESOURCE_EXHAUSTED', details }));
    expect(ms).toBeGreaterThan(20_000);
  });
});

describe('several models at one channel', () => {
  it('tries each model at a channel that still answers', async () => {
    await createChannel('first');
    relay.upstream = ({ body }) =>
      JSON.parse(body).model === 'gpt-4o' ? refusal(529, { message: 'Overloaded' })() : succeed();
    const reply = await send({}, { 'x-relay-fallback': 'gpt-4.1' });
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, 'gpt-4.1']);
  });
});

describe('callers that leave before the first event', () => {
  it('counts no failure and tries no other channel when the caller leaves', async () => {
    const { id } = await createChannel('first', { priority: 1 });
    await createChannel('second');
    const leave = new AbortController();
    relay.upstream = ({ url }, signal) => {
      if (url.includes('second')) return succeed();
      setTimeout(() => leave.abort(), 50);
      const body = new ReadableStream({
        start: (controller) =>
          signal?.addEventListener('abort', () => controller.error(new Error('aborted'))),
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    await relay.fetch('/v1/chat/completions', {
      method: 'POST',
      signal: leave.signal,
      headers: { 'content-type': 'application/json', ...ownHeader('openai', token) },
      body: JSON.stringify({ model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(hostsCalled()).toEqual(['first']);
    expect((await healthOf(id)).health.state).toBe('ready');
  });
});

describe('bodies of errors', () => {
  const spaces = ' '.repeat(64 * 1024);
  const bodyOf = (bytes: number) => {
    const text = JSON.stringify({ error: { message: 'Too long.', code: 'x' } });
    let left = bytes - text.length;
    return new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      pull: (controller) => {
        const next = spaces.slice(0, Math.max(0, left));
        left -= next.length;
        if (next === '') controller.close();
        else controller.enqueue(new TextEncoder().encode(next));
      },
    });
  };

  it.each([
    [errorBodyLimits.bytes, errorBodyLimits.bytes],
    [errorBodyLimits.bytes + 1, errorBodyLimits.bytes],
    [Number.POSITIVE_INFINITY, errorBodyLimits.bytes],
  ])('passes an error body of %d bytes through up to %d bytes', async (bytes, expected) => {
    await createChannel('first');
    relay.upstream = () =>
      new Response(bodyOf(bytes), { status: 404, headers: { 'content-type': 'application/json' } });
    const reply = await send();
    expect([reply.status, reply.text.length]).toEqual([404, expected]);
    expect(reply.text).toContain('Too long.');
  });
});
