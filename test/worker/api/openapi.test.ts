import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { managementApi } from '../../../src/dashboard/api/management-api.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { type Answer, emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

type Json = Record<string, unknown>;

/** Returns the schema with every `$ref` into the document resolved. */
function resolveRefs(schema: unknown, document: Json): unknown {
  if (Array.isArray(schema)) return schema.map((item) => resolveRefs(item, document));
  if (typeof schema !== 'object' || schema === null) return schema;
  const reference = (schema as Json).$ref;
  if (typeof reference === 'string') {
    const target = reference
      .split('/')
      .slice(1)
      .reduce<unknown>((at, key) => (at as Json)[key], document);
    expect(target, reference).toBeDefined();
    return resolveRefs(target, document);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, resolveRefs(value, document)]),
  );
}

/** Fails unless the document describes this response of this call. */
function expectDescribed(document: Json, method: string, path: string, { status, headers, body }: Answer) {
  const operation = (document.paths as Record<string, Record<string, Json>>)[path]?.[method.toLowerCase()];
  const described = (operation?.responses as Record<string, Json>)?.[String(status)];
  expect(described, `${method} ${path} → ${status}`).toBeDefined();
  const content = described?.content as Record<string, { schema: unknown }> | undefined;
  if (content === undefined) return expect(body).toBeNull();
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  const schema = resolveRefs(content[type]?.schema, document) as Parameters<typeof z.fromJSONSchema>[0];
  const checked = z.fromJSONSchema(schema).safeParse(body);
  expect(checked.error?.issues ?? [], `${method} ${path} → ${status}`).toEqual([]);
}

it('serves an OpenAPI 3.1 document without a key', async () => {
  const { status, body } = await relay().call('GET', '/openapi.json', undefined, { authorization: '' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' }, servers: [{ url: '/api' }] });
  const ids = Object.values(body.paths).flatMap((path) => Object.values(path as Json));
  for (const operation of ids)
    expect(operation).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] });
  resolveRefs(body.paths, body);
});

/** Paths of the previous version, which answer with a redirect. */
const formerPaths = ['GET /ways-in'];

it('documents exactly the paths and methods of the router, except former ones', async () => {
  const { services, call } = relay();
  const document = (await call('GET', '/openapi.json')).body;
  const described = Object.entries(document.paths as Record<string, Json>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routed = managementApi(services)
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{.+\})?/g, '{$1}')}`);
  const current = new Set(routed.filter((route) => !formerPaths.includes(route)));
  expect(described.sort()).toEqual([...current].sort());
});

it('forbids unknown fields where the relay rejects them', async () => {
  const { body } = await relay().call('GET', '/openapi.json');
  for (const name of ['NewToken', 'TokenEdit', 'NewChannel', 'ChannelEdit', 'PriceOverride']) {
    expect(body.components.schemas[name].additionalProperties, name).toBe(false);
  }
  expect(body.components.schemas.NewToken.required).toEqual(['name']);
});

it('documents what each call really answers', async () => {
  const { call, ledgers } = relay();
  const document = (await call('GET', '/openapi.json')).body;
  const check = async (method: string, path: string, template: string, body?: unknown, key?: string) => {
    const answer = await call(method, path, body, key === undefined ? {} : { authorization: key });
    expectDescribed(document, method, template, answer);
    return answer;
  };
  await appendRows(env.DB, [
    logRow({}),
    logRow({ costNanoUsd: null, channelId: null, usageSource: null, ttfbMs: null }),
  ]);
  const fields = {
    quota_usd: 5,
    budget: { usd: 1, period: 'day' },
    limits: { rpm: 1 },
    expires_at: '2030-01-01',
  };
  const { id } = (await check('POST', '/tokens', '/tokens', { name: 'x', ...fields })).body;
  await check('POST', '/tokens', '/tokens', {});
  await check('POST', '/tokens', '/tokens', 'x', '');
  await check('POST', '/tokens', '/tokens', { name: 'y' });
  await check('GET', '/tokens?limit=1', '/tokens');
  await check('GET', '/tokens?limit=0', '/tokens');
  await check('GET', `/tokens/${id}`, '/tokens/{id}');
  await check('GET', '/tokens/none', '/tokens/{id}');
  await check('PATCH', `/tokens/${id}`, '/tokens/{id}', { name: 'z' });
  await check('PATCH', `/tokens/${id}`, '/tokens/{id}', { nam: 'z' });
  await check('POST', `/tokens/${id}/rotate`, '/tokens/{id}/rotate', { overlap_seconds: 5 });
  ledgers.away = true;
  await check('PATCH', `/tokens/${id}`, '/tokens/{id}', { name: 'z' });
  ledgers.away = false;
  const channel = { name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['*'] };
  const made = (await check('POST', '/channels', '/channels', channel)).body;
  await check('POST', '/channels', '/channels', { ...channel, keys: [] });
  await check('GET', '/channels', '/channels');
  await check('GET', `/channels/${made.id}`, '/channels/{id}');
  await check('PATCH', `/channels/${made.id}`, '/channels/{id}', { enabled: false });
  await check('POST', `/channels/${made.id}/test`, '/channels/{id}/test', { model: 'm' });
  await check('PUT', '/prices/a/b', '/prices/{model}', { input: 1, output: 2 });
  await check('PUT', '/prices/a/b', '/prices/{model}', { input: 1 });
  await check('GET', '/prices', '/prices');
  await check('GET', '/logs', '/logs');
  await check('GET', '/usage', '/usage');
  const exported = (await check('GET', '/export', '/export')).body;
  await check('GET', '/export?limit=1', '/export');
  await check('POST', '/import', '/import', exported);
  await check('GET', '/health', '/health');
  await check('GET', '/doctor', '/doctor');
  await check('GET', '/doctor', '/doctor', undefined, 'Bearer wrong');
  await check('GET', '/openapi.json', '/openapi.json');
  await check('DELETE', '/prices/a/b', '/prices/{model}');
  await check('DELETE', `/channels/${made.id}`, '/channels/{id}');
  await check('DELETE', `/tokens/${id}`, '/tokens/{id}');
  await check('DELETE', `/tokens/${id}`, '/tokens/{id}');
});
