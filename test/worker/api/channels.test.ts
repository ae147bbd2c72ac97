import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { unseal } from '../../../src/lib/seal.ts';
import { RoutingStore } from '../../../src/routing/store.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const full = {
  name: 'Azure east',
  provider: 'azure',
  base_url: 'https://east.example.com/openai',
  keys: ['azure-key-number-one-1111', 'azure-key-number-two-2222'],
  models: ['gpt-4o', 'o*'],
  model_map: { 'gpt-4o': 'my-deployment' },
  priority: 5,
  weight: 3,
  enabled: false,
  headers: { 'x-team': 'relay' },
  groups: ['default'],
};
const plain = { name: 'x', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['*'] };

describe('creation of a channel', () => {
  it('encrypts a channel’s keys and shows only hints', async () => {
    const { call, events } = relay();
    const { status, body } = await call('POST', '/channels', full);
    expect(status).toBe(201);
    expect(body).toEqual({
      ...full,
      settings: {},
      id: expect.stringMatching(/^ch_/),
      keys: [
        { id: expect.stringMatching(/^key_/), hint: 'azur…1111' },
        { id: expect.any(String), hint: 'azur…2222' },
      ],
      created_at: '2026-11-01T12:00:00.000Z',
      updated_at: '2026-11-01T12:00:00.000Z',
    });
    expect(events).toEqual(['channels-changed']);
    const [stored] = await new RoutingStore(env.DB).loadChannels();
    const opened = await Promise.all(
      stored?.keys.map((key) => unseal(key, 'encryption-key-of-the-tests')) ?? [],
    );
    expect(opened).toEqual(full.keys);
    const raw = await env.DB.prepare('SELECT keys FROM channels').first<{ keys: string }>();
    expect(raw?.keys).not.toContain('number-one');
    expect(stored).toMatchObject({
      baseUrl: full.base_url,
      modelMap: full.model_map,
      enabled: false,
      weight: 3,
    });
  });

  it('accepts headers to forward, except credentials, hop-by-hop headers and client addresses', async () => {
    const { call } = relay();
    const create = (forward_headers: string[]) =>
      call('POST', '/channels', { ...plain, settings: { forward_headers, on_disconnect: 'abort' } });
    const { status, body } = await create(['Helicone-User-Id', 'x-team']);
    expect(status).toBe(201);
    expect(body.settings).toEqual({
      forward_headers: ['helicone-user-id', 'x-team'],
      on_disconnect: 'abort',
    });
    for (const header of [
      'Authorization',
      'cookie',
      'x-api-key',
      'connection',
      'te',
      'x-forwarded-for',
      'cf-ray',
      'host',
      'a b',
    ])
      expect((await create([header])).status, header).toBe(400);
  });

  it('stores the prompt cache switch and rejects anything but a boolean', async () => {
    const { call } = relay();
    const created = await call('POST', '/channels', { ...plain, settings: { prompt_cache: false } });
    expect([created.status, created.body.settings]).toEqual([201, { prompt_cache: false }]);
    const wrong = await call('POST', '/channels', { ...plain, settings: { prompt_cache: 'no' } });
    expect(wrong.status).toBe(400);
  });

  it('stores the ping interval within its bounds, and whether native streams get pings', async () => {
    const { call } = relay();
    const create = (settings: object) => call('POST', '/channels', { ...plain, settings });
    for (const ping_interval_ms of [0, 100, 3_600_000]) {
      const settings = { ping_interval_ms, ping_native: true };
      const { status, body } = await create(settings);
      expect([status, body.settings]).toEqual([201, settings]);
      const changed = await call('PATCH', `/channels/${body.id}`, { weight: 2 });
      expect(changed.body.settings).toEqual(settings);
    }
    for (const ping_interval_ms of [-1, 1, 99, 3_600_001, 150.5, '15000'])
      expect((await create({ ping_interval_ms })).status, String(ping_interval_ms)).toBe(400);
    expect((await create({ ping_native: 'yes' })).status).toBe(400);
  });

  it('creates a channel without a key for an upstream that requires none', async () => {
    const body = {
      name: 'x',
      provider: 'openai-compatible',
      base_url: 'http://localhost:11434/v1',
      models: ['*'],
    };
    const answer = await relay().call('POST', '/channels', body);
    expect(answer.body).toMatchObject({
      keys: [],
      priority: 0,
      weight: 1,
      enabled: true,
      headers: {},
      groups: [],
    });
  });

  it('names the missing secret when ENCRYPTION_KEY is not set', async () => {
    const { status, body } = await relay({ encryptionKey: null }).call('POST', '/channels', plain);
    expect([status, body.detail]).toEqual([503, expect.stringContaining('ENCRYPTION_KEY is not set')]);
  });

  const wrong: [object, string][] = [
    [{ name: '' }, 'name'],
    [{ provider: 'acme' }, 'provider'],
    [{ provider: 'azure' }, 'base_url'],
    [{ provider: 'openai-compatible' }, 'base_url'],
    [{ base_url: 'ftp://example.com' }, 'base_url'],
    [{ base_url: 'example.com' }, 'base_url'],
    [{ base_url: 'https://user:secret@example.com' }, 'base_url'],
    [{ base_url: 'https://example.com/?api-version=1' }, 'base_url'],
    [{ keys: [] }, 'keys'],
    [{ keys: [''] }, 'keys.0'],
    [{ keys: ['two words'] }, 'keys.0'],
    [{ keys: Array(101).fill('sk-0123456789abcdef') }, 'keys'],
    [{ models: [] }, 'models'],
    [{ models: ['a', ' '] }, 'models.1'],
    [{ model_map: { a: '' } }, 'model_map.a'],
    [{ model_map: { 'gpt-*': 'a' } }, 'model_map.gpt-*'],
    [{ model_map: { a: 'gpt-*' } }, 'model_map.a'],
    [{ priority: 1.5 }, 'priority'],
    [{ weight: -1 }, 'weight'],
    [{ enabled: 'yes' }, 'enabled'],
    [{ headers: { 'bad name': 'x' } }, 'headers.bad name'],
    [{ headers: { Host: 'x' } }, 'headers.Host'],
    [{ headers: { 'x-a': 'one\r\ntwo' } }, 'headers.x-a'],
    [{ key: 'sk-1' }, 'key'],
    [{ model_map: { '': 'a' } }, 'model_map.'],
  ];
  it.each(wrong)('rejects %j and names the field', async (fields, field) => {
    const { call, events } = relay();
    const { status, body } = await call('POST', '/channels', { ...plain, ...fields });
    expect([status, body.errors?.[0]?.field]).toEqual([400, field]);
    expect(events).toEqual([]);
  });
});

describe('edits of a channel', () => {
  it('changes the named fields and leaves the rest', async () => {
    const { call, events } = relay();
    const { id, keys, created_at } = (await call('POST', '/channels', full)).body;
    const { status, body } = await call('PATCH', `/channels/${id}`, {
      enabled: true,
      model_map: null,
      weight: 0,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...full, keys, enabled: true, model_map: {}, weight: 0, created_at });
    expect(body.updated_at > created_at).toBe(true);
    expect(events).toEqual(['channels-changed', 'channels-changed']);
    expect((await call('GET', `/channels/${id}`)).body).toMatchObject(body);
  });

  it('replaces, adds and removes keys', async () => {
    const { call } = relay();
    const { id, keys } = (await call('POST', '/channels', full)).body;
    const edit = { add_keys: ['azure-key-number-three-33'], remove_key_ids: [keys[0].id] };
    const after = (await call('PATCH', `/channels/${id}`, edit)).body.keys;
    expect(after).toEqual([keys[1], { id: expect.any(String), hint: 'azur…e-33' }]);
    const replaced = (await call('PATCH', `/channels/${id}`, { keys: ['short'] })).body.keys;
    expect(replaced).toEqual([{ id: expect.any(String), hint: '…' }]);
  });

  it.each([
    [{ remove_key_ids: ['key_none'] }, 'remove_key_ids'],
    [{ keys: ['sk-0123456789abcdef'], add_keys: ['sk-0123456789abcdef'] }, 'keys'],
    [{ keys: [] }, 'keys'],
    [{ base_url: null }, 'base_url'],
    [{ models: [], model_map: {} }, 'models'],
    [{ id: 'ch_other' }, 'id'],
  ])('rejects the edit %j', async (edit, field) => {
    const { call } = relay();
    const { id } = (await call('POST', '/channels', full)).body;
    const { status, body } = await call('PATCH', `/channels/${id}`, edit);
    expect([status, body.errors[0].field]).toEqual([400, field]);
  });
});

describe('other calls of the channel API', () => {
  it('lists channels newest first, in pages', async () => {
    const { call } = relay();
    for (const name of ['a', 'b', 'c']) await call('POST', '/channels', { ...plain, name });
    const first = (await call('GET', '/channels?limit=2')).body;
    const second = (await call('GET', `/channels?limit=2&cursor=${first.next_cursor}`)).body;
    const names = [...first.data, ...second.data].map(({ name }: { name: string }) => name);
    expect([names, second.next_cursor]).toEqual([['c', 'b', 'a'], null]);
  });

  it('deletes a channel once', async () => {
    const { call, events } = relay();
    const { id } = (await call('POST', '/channels', plain)).body;
    expect((await call('DELETE', `/channels/${id}`)).status).toBe(204);
    expect((await call('DELETE', `/channels/${id}`)).status).toBe(404);
    expect((await call('GET', `/channels/${id}`)).status).toBe(404);
    expect((await call('PATCH', `/channels/${id}`, { name: 'y' })).status).toBe(404);
    expect(events).toEqual(['channels-changed', 'channels-changed']);
  });

  it('tests a channel with the given model or with one of its own', async () => {
    const { call } = relay();
    const { id } = (await call('POST', '/channels', plain)).body;
    const { status, body } = await call('POST', `/channels/${id}/test`, { model: 'gpt-4o' });
    expect([status, body]).toEqual([200, { ok: false, status: 401, latency_ms: 12, error: 'no gpt-4o' }]);
    expect((await call('POST', `/channels/${id}/test`)).body.error).toBe('no undefined');
    expect((await call('POST', '/channels/ch_none/test', {})).status).toBe(404);
  });
});
