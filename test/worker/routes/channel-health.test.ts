// What the operator sees of channels: health, channel tests and model discovery; and what the caller sees when
// every key fails.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { probeLimits } from '../../../src/relay/upstream/channel-probe.ts';
import { listLimits } from '../../../src/routing/model-lists.ts';
import { RoutingStore } from '../../../src/routing/store.ts';
import { type OpenRelay, openRelay, type Received } from './open-relay.ts';
import { jsonBody, ownHeader } from './routes.ts';

let relay: OpenRelay;
let token: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  ({ token } = await relay.token());
});
afterEach(() => void vi.useRealTimers());

const send = (content = 'hi') =>
  relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', token) },
    body: JSON.stringify({ ...jsonBody('gpt-4o'), messages: [{ role: 'user', content }] }),
  });
const refuseKeys = (...keys: string[]) => {
  return ({ headers }: Received) => {
    const key = headers.get('authorization')?.replace('Bearer ', '') ?? '';
    return keys.includes(key)
      ? Response.json({ error: { message: `Incorrect API key provided: ${key}` } }, { status: 401 })
      : Response.json({ object: 'chat.completion', choices: [] });
  };
};
const createChannel = (fields: object = {}) =>
  relay.channel({
    name: 'c',
    provider: 'openai',
    models: ['gpt-4o'],
    keys: ['key-one-of-two', 'key-two-of-two'],
    ...fields,
  });

describe('health of a channel', () => {
  it('shows which key the provider refuses, and continues to use the other', async () => {
    relay.upstream = refuseKeys('key-one-of-two');
    const { id } = await createChannel();
    // Enough conversations for both keys to serve some.
    for (let turn = 0; turn < 20; turn++) expect((await send(`hi ${turn}`)).status).toBe(200);
    const { body } = await relay.manage('GET', `/channels/${id}`);
    const [first, second] = body.keys;
    expect([first.health.state, first.health.last_error]).toEqual(['refused', 'status 401']);
    expect(Date.parse(first.health.cool_until)).toBeGreaterThan(Date.now() + 400_000);
    expect([second.health.state, second.health.last_error]).toEqual(['ready', null]);
    expect(second.health.first_byte_ms).toBeGreaterThanOrEqual(0);
    expect(body.health.state).toBe('ready');
  });

  it('shows the refused keys to the operator, and only unavailability to the caller', async () => {
    relay.upstream = refuseKeys('key-one-of-two', 'key-two-of-two');
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { id } = await createChannel();
    const reply = await send();
    expect([reply.status, reply.headers.get('x-should-retry')]).toEqual([502, 'false']);
    expect(reply.text).not.toMatch(/key-one|key-two|401|Incorrect/);
    const logged = errors.mock.calls.map(([line]) => JSON.parse(String(line)));
    const refused = logged.filter(({ event }) => event === 'channel-key-refused');
    const { data } = (await relay.manage('GET', '/channels')).body;
    const ids = data[0].keys.map((key: { id: string }) => key.id);
    expect(refused.map(({ channelId, keyId }) => [channelId, keyId]).sort()).toEqual(
      ids.map((keyId: string) => [id, keyId]).sort(),
    );
    expect(logged.map(String).join()).not.toMatch(/key-one|key-two/);
    expect([
      data[0].health.state,
      ...data[0].keys.map((key: { health: { state: string } }) => key.health.state),
    ]).toEqual(['refused', 'refused', 'refused']);
    errors.mockRestore();
  });

  it('shares health with an isolate that saw no failure itself', async () => {
    relay.upstream = refuseKeys('key-one-of-two');
    const { id } = await createChannel({ keys: ['key-one-of-two'] });
    await send();
    const elsewhere = openRelay();
    const { body } = await elsewhere.manage('GET', `/channels/${id}`);
    expect(body.keys[0].health.state).toBe('refused');
  });

  it('restores a key after a successful channel test', async () => {
    relay.upstream = refuseKeys('key-one-of-two');
    const { id } = await createChannel({ keys: ['key-one-of-two'] });
    await send();
    const keyId = (await relay.manage('GET', `/channels/${id}`)).body.keys[0].id;
    expect((await relay.manage('POST', `/channels/${id}/test`, { key_id: keyId })).body.ok).toBe(false);
    relay.upstream = refuseKeys();
    expect((await relay.manage('POST', `/channels/${id}/test`, { key_id: keyId })).body.ok).toBe(true);
    expect((await relay.manage('GET', `/channels/${id}`)).body.health.state).toBe('ready');
    await expect(relay.manage('POST', `/channels/${id}/test`, { key_id: 'key_none' })).rejects.toThrow('400');
  });
});

describe('discovery with several keys', () => {
  it('discovers models with another key where the first is refused', async () => {
    relay.upstream = ({ headers }) =>
      headers.get('authorization') === 'Bearer key-two-of-two'
        ? Response.json({ data: [{ id: 'a' }] })
        : Response.json({ error: { message: 'Incorrect API key' } }, { status: 401 });
    const { id } = await createChannel();
    expect((await relay.manage('POST', `/channels/${id}/discover`)).body).toEqual({ models: ['a'] });
    const late = (last: string) =>
      createChannel({ keys: ['no', 'nor-this', last].map((key) => `key-${key}`) });
    const third = await late('two-of-two');
    expect((await relay.manage('POST', `/channels/${third.id}/discover`)).body).toEqual({ models: ['a'] });
    const fourth = await createChannel({ keys: ['key-a', 'key-b', 'key-c', 'key-two-of-two'] });
    relay.received.length = 0;
    expect((await relay.manage('POST', `/channels/${fourth.id}/discover`)).body.models).toBeNull();
    expect(relay.received).toHaveLength(listLimits.keys);
    const one = await createChannel({ keys: ['key-one-of-two'] });
    const { body } = await relay.manage('POST', `/channels/${one.id}/discover`);
    expect(body).toEqual({ models: null, error: expect.stringContaining('401') });
  });
});

describe('concurrent edits of keys', () => {
  it('keeps both of two concurrent key edits', async () => {
    const { id } = await createChannel();
    await Promise.all(
      ['key-three', 'key-four'].map((key) => relay.manage('PATCH', `/channels/${id}`, { add_keys: [key] })),
    );
    expect((await relay.manage('GET', `/channels/${id}`)).body.keys).toHaveLength(4);
  });
});

describe('edits that fix a channel', () => {
  const stateOf = async (id: string) => {
    const { body } = await relay.manage('GET', `/channels/${id}`);
    return [body.health.state, ...body.keys.map((key: { health: { state: string } }) => key.health.state)];
  };

  it('uses a channel at once after a missing key was added', async () => {
    relay.upstream = ({ headers }) =>
      headers.has('authorization')
        ? Response.json({ object: 'chat.completion', choices: [] })
        : Response.json({ error: { message: 'No key' } }, { status: 401 });
    const fields = { provider: 'openai-compatible', base_url: 'https://x.test/v1', keys: [], priority: 1 };
    const { id } = await createChannel(fields);
    expect((await send()).status).toBe(502);
    expect(await stateOf(id)).toEqual(['refused']);
    await createChannel({ provider: 'openai-compatible', base_url: 'https://y.test/v1' });
    await relay.manage('PATCH', `/channels/${id}`, { add_keys: ['key-that-it-lacked'] });
    expect(await stateOf(id)).toEqual(['ready', 'ready']);
    relay.received.length = 0;
    expect((await send()).status).toBe(200);
    expect(relay.received.map(({ url }) => new URL(url).host)).toEqual(['x.test']);
  });

  it('resets a channel’s and its keys’ health on a new address, only its own on new keys, and nothing on a new name', async () => {
    relay.upstream = refuseKeys('key-one-of-two', 'key-two-of-two');
    const { id } = await createChannel();
    await send();
    await relay.manage('PATCH', `/channels/${id}`, {
      name: 'another',
      base_url: null,
      headers: {},
      enabled: true,
    });
    await relay.manage('PATCH', `/channels/${id}`, { add_keys: ['key-three'] });
    expect(await stateOf(id)).toEqual(['ready', 'refused', 'refused', 'ready']);
    await relay.manage('PATCH', `/channels/${id}`, { headers: { 'x-team': 'relay' } });
    expect(await stateOf(id)).toEqual(['ready', 'ready', 'ready', 'ready']);
    // The shared health registry is reset too: another isolate reads it.
    const elsewhere = openRelay();
    const { body } = await elsewhere.manage('GET', `/channels/${id}`);
    expect(body.keys[0].health.state).toBe('ready');
  });
});

describe('channel tests', () => {
  it.each<[string, () => Response, string]>([
    ['an HTML page', () => new Response('<html>Welcome!</html>'), 'Welcome!'],
    ['nothing', () => new Response(''), 'no JSON'],
    [
      'an error with 200',
      () => Response.json({ error: { message: 'No such model', code: 404 } }),
      'No such model',
    ],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://x.test' } }), '302'],
    ['nothing with 500', () => new Response('', { status: 500 }), '500'],
  ])('fails a channel test that is answered with %s, and reports why', async (_, answer, words) => {
    relay.upstream = answer;
    const { id } = await createChannel();
    const { body } = await relay.manage('POST', `/channels/${id}/test`);
    expect(body.ok).toBe(false);
    expect(body.error).toContain(words);
  });

  it('does not wait for a response that never ends', async () => {
    relay.upstream = (_request, signal) => {
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('{"id":'));
          signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
        },
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
    const { id } = await createChannel();
    const trying = relay.manage('POST', `/channels/${id}/test`);
    await vi.waitFor(() => expect(relay.received).toHaveLength(1));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + probeLimits.waitMs });
    expect((await trying).body).toMatchObject({ ok: false, error: expect.any(String) });
  });
});

describe('model discovery', () => {
  const lists: Record<string, (url: URL) => object> = {
    openai: () => ({ data: [{ id: 'a' }, { id: 'b' }] }),
    azure: () => ({ data: [{ id: 'a' }, { id: 'b' }] }),
    'openai-compatible': () => ({ data: [{ id: 'a' }, { id: 'b' }] }),
    anthropic: ({ searchParams }) =>
      searchParams.get('after_id') === 'a'
        ? { data: [{ id: 'b' }], has_more: false, last_id: 'b' }
        : { data: [{ id: 'a' }], has_more: true, last_id: 'a' },
    gemini: ({ searchParams }) =>
      searchParams.get('pageToken') === 't'
        ? { models: [{ name: 'models/b' }] }
        : { models: [{ name: 'models/a' }], nextPageToken: 't' },
    cohere: ({ searchParams }) =>
      searchParams.get('page_token') === 't'
        ? { models: [{ name: 'b' }], next_page_token: '' }
        : { models: [{ name: 'a' }], next_page_token: 't' },
  };
  const addresses: Record<string, string> = {
    openai: 'https://api.openai.com/v1/models',
    azure: 'https://x.test/openai/models?api-version=2024-10-21',
    'openai-compatible': 'https://x.test/v1/models',
    anthropic: 'https://api.anthropic.com/v1/models?limit=1000',
    gemini: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000',
    cohere: 'https://api.cohere.com/v1/models?page_size=1000',
  };

  it.each(Object.keys(lists))('reads the whole model list of %s', async (provider) => {
    relay.upstream = ({ url, method }) =>
      method === 'GET' ? Response.json(lists[provider]?.(new URL(url))) : new Response('', { status: 405 });
    const base_url =
      provider === 'azure'
        ? 'https://x.test/openai?api-version=2024-10-21'
        : provider === 'openai-compatible'
          ? 'https://x.test'
          : null;
    const { id } = await createChannel({ provider, base_url });
    const { body } = await relay.manage('POST', `/channels/${id}/discover`);
    expect(body).toEqual({ models: ['a', 'b'] });
    expect(relay.received[0]?.url).toBe(addresses[provider]);
    expect([...(relay.received[0]?.headers.values() ?? [])].join()).toContain('key-one-of-two');
  });

  it('reports what is wrong in the upstream’s words, and which providers have no list', async () => {
    relay.upstream = () => Response.json({ error: 'no such account' }, { status: 403 });
    const { id } = await createChannel();
    const { body } = await relay.manage('POST', `/channels/${id}/discover`);
    expect(body).toEqual({ models: null, error: expect.stringContaining('403') });
    expect(body.error).toContain('no such account');
    relay.upstream = () => new Response('<html>');
    expect((await relay.manage('POST', `/channels/${id}/discover`)).body.models).toBeNull();
    const jina = await createChannel({ provider: 'jina' });
    expect((await relay.manage('POST', `/channels/${jina.id}/discover`)).body.error).toContain('no list');
  });

  it('reads a limited number of pages', async () => {
    let page = 0;
    relay.upstream = () => {
      page += 1;
      return Response.json({ data: [{ id: `m${page}` }], has_more: true, last_id: `m${page}` });
    };
    const { id } = await createChannel({ provider: 'anthropic' });
    const { body } = await relay.manage('POST', `/channels/${id}/discover`);
    expect([body.models.length, page]).toEqual([listLimits.pages, listLimits.pages]);
  });
});

describe('removed channels', () => {
  it('sends no new request of the same isolate to a removed channel', async () => {
    relay.upstream = refuseKeys();
    const { id } = await createChannel();
    expect((await send()).status).toBe(200);
    await relay.manage('DELETE', `/channels/${id}`);
    expect((await send()).status).toBe(404);
    expect(relay.received).toHaveLength(1);
  });

  it('sends no request of any other isolate to a removed channel after a minute', async () => {
    relay.upstream = refuseKeys();
    const { id } = await createChannel();
    expect((await send()).status).toBe(200);
    // Deletes the channel as another isolate does, without notifying this one.
    await new RoutingStore(env.DB).delete(id);
    expect((await send()).status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    expect((await send()).status).toBe(404);
  });
});
