import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '../../../src/lib/relay-error.ts';
import { mintSecret } from '../../../src/tokens/secret.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import { adminKey, emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

/** Every call that requires the admin key. */
const locked: [string, string][] = [
  ['GET', '/tokens'],
  ['POST', '/tokens'],
  ['GET', '/tokens/health'],
  ['PATCH', '/tokens/x'],
  ['DELETE', '/tokens/x'],
  ['POST', '/tokens/x/rotate'],
  ['GET', '/channels'],
  ['POST', '/channels'],
  ['GET', '/channels/x'],
  ['PATCH', '/channels/x'],
  ['DELETE', '/channels/health'],
  ['POST', '/channels/x/test'],
  ['GET', '/prices'],
  ['PUT', '/prices/health'],
  ['DELETE', '/prices/a/openapi.json'],
  ['GET', '/logs'],
  ['GET', '/usage'],
  ['GET', '/export'],
  ['POST', '/import'],
  ['GET', '/nothing'],
];

describe.each(locked)('%s %s', (method, path) => {
  it('requires the admin key', async () => {
    const { call } = relay();
    for (const authorization of [
      '',
      'Bearer',
      'Basic YTpi',
      `Bearer ${adminKey}x`,
      `bearer ${adminKey.slice(1)}`,
    ]) {
      const { status, headers, body } = await call(method, path, undefined, { authorization });
      expect([status, headers.get('www-authenticate'), headers.get('content-type')]).toEqual([
        401,
        'Bearer',
        'application/problem+json',
      ]);
      expect(body).toMatchObject({ type: 'about:blank', title: 'Unauthorized', status: 401 });
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

it('distinguishes a relay token from a wrong admin key', async () => {
  const { status, body } = await relay().call('GET', '/tokens', undefined, {
    authorization: `Bearer ${mintSecret()}`,
  });
  expect([status, body.detail]).toEqual([401, expect.stringContaining('relay token')]);
});

it('names the missing secret when ADMIN_KEY is not set', async () => {
  const { call } = relay({ adminKey: null });
  const { status, body } = await call('GET', '/tokens');
  expect([status, body.detail]).toEqual([503, expect.stringContaining('ADMIN_KEY is not set')]);
  expect((await call('GET', '/health')).status).toBe(200);
});

it('accepts the authorization scheme in any case', async () => {
  const { status } = await relay().call('GET', '/tokens', undefined, { authorization: `bearer ${adminKey}` });
  expect(status).toBe(200);
});

it('answers health without a key, for GET and HEAD', async () => {
  const { call } = relay();
  const { status, body, headers } = await call('GET', '/health', undefined, { authorization: '' });
  expect([status, body]).toEqual([200, { ok: true, version: '1.2.3' }]);
  expect(headers.get('cache-control')).toBe('no-store');
  expect((await call('HEAD', '/health', undefined, { authorization: '' })).status).toBe(200);
});

it('answers 404 for unknown paths, and 405 with the allowed methods for wrong methods', async () => {
  const { call } = relay();
  expect((await call('GET', '/nothing')).body).toMatchObject({ status: 404, title: 'Not Found' });
  const allowed: [string, string, string][] = [
    ['DELETE', '/tokens', 'GET, HEAD, POST'],
    ['PUT', '/tokens/x', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/tokens/x/rotate', 'POST'],
    ['POST', '/prices/a/b', 'PUT, DELETE'],
    ['POST', '/health', 'GET, HEAD'],
    ['OPTIONS', '/logs', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of allowed) {
    const { status, headers } = await call(method, path);
    const methods = headers.get('allow')?.split(', ').sort();
    expect([path, status, methods]).toEqual([path, 405, allow.split(', ').sort()]);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

describe('request bodies of the management API', () => {
  it('accepts only JSON that is declared as JSON', async () => {
    const { call } = relay();
    const broken = await call('POST', '/tokens', '{"name": ');
    expect([broken.status, broken.body.detail]).toEqual([400, 'The body is not valid JSON.']);
    const form = await call('POST', '/tokens', 'name=x', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([form.status, form.body.detail]).toEqual([
      415,
      expect.stringContaining('content-type: application/json'),
    ]);
  });

  it('accepts a body of up to one megabyte', async () => {
    const { call } = relay();
    const { status, body } = await call('POST', '/tokens', { name: 'x'.repeat(1_048_577) });
    expect([status, body.title]).toEqual([413, 'Content Too Large']);
    expect((await call('POST', '/tokens', { name: 'x'.repeat(1_048_000) })).status).toBe(400);
  });

  it('treats a missing body as empty, whatever the content type', async () => {
    const { call } = relay();
    expect((await call('POST', '/tokens')).body.errors[0].field).toBe('name');
    const { id } = (await call('POST', '/tokens', { name: 'x' })).body;
    expect((await call('POST', `/tokens/${id}/rotate`, '')).status).toBe(200);
  });
});

describe('failures of the management API', () => {
  class BrokenStore extends TokenStore {
    override async sorted(): Promise<never> {
      throw new Error('secret detail');
    }
  }

  it('answers and reports an unexpected error as a 500 that reveals nothing', async () => {
    const { call, events } = relay({ tokens: new BrokenStore(env.DB) });
    const { status, body } = await call('GET', '/tokens');
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret detail');
    expect(events).toEqual(['management-api-failed']);
  });

  it('answers 503 when the database is unavailable', async () => {
    class AwayStore extends TokenStore {
      override async sorted(): Promise<never> {
        throw new Error('D1_ERROR: Network connection lost.');
      }
    }
    const { status, headers } = await relay({ tokens: new AwayStore(env.DB) }).call('GET', '/tokens');
    expect([status, headers.get('retry-after')]).toEqual([503, '2']);
  });

  it('answers 503 when a ledger is unavailable', async () => {
    const { call, ledgers } = relay();
    const { id } = (await call('POST', '/tokens', { name: 'x' })).body;
    ledgers.away = true;
    const { status, body } = await call('GET', `/tokens/${id}`);
    expect([status, body.detail]).toEqual([503, 'the ledger is away']);
  });

  it('keeps the status of an error that the relay raises', async () => {
    const testChannel = async () => {
      throw new RelayError('model_not_found', 'This channel has no such model.');
    };
    const { call } = relay({ testChannel });
    const channel = { name: 'x', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['*'] };
    const { id } = (await call('POST', '/channels', channel)).body;
    expect((await call('POST', `/channels/${id}/test`)).status).toBe(404);
  });
});
