// Tests the refreshed price table: fetched over real HTTP, checked, stored and adopted. After any failure the
// previous table stays in use.
import { createServer, type Server } from 'node:http';
import { type Provider, REMOTE_DATA_JSON_URL, waitForUpdate } from '@pydantic/genai-prices';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, usualPricesUrl } from '../../../src/config.ts';
import { tableRates } from '../../../src/metering/price.ts';
import { RefreshedPrices, refreshLimits, refreshPriceTable } from '../../../src/metering/price-refresh.ts';
import { readTable } from '../../../src/metering/price-table-check.ts';

const at = new Date('2026-11-01T12:00:00Z');
let bundled: Provider[];
let server: Server;
let url: string;
/** The answer of the source. */
let answer: { status: number; body: string; etag?: string };
let etags: (string | undefined)[];

beforeAll(async () => {
  bundled = (await waitForUpdate()) ?? [];
  server = createServer((request, response) => {
    etags.push(request.headers['if-none-match']);
    const isSame = answer.etag !== undefined && request.headers['if-none-match'] === answer.etag;
    response.writeHead(isSame ? 304 : answer.status, answer.etag === undefined ? {} : { etag: answer.etag });
    response.end(isSame ? undefined : answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/data.json`;
});
afterAll(() => void server.close());

/** Returns the subset of KV that is used, in memory. */
function memoryKv() {
  const values = new Map<string, string>();
  const kv = {
    values,
    get: async (key: string, type?: string) => {
      const value = values.get(key) ?? null;
      return type === 'json' && value !== null ? JSON.parse(value) : value;
    },
    put: async (key: string, value: string) => void values.set(key, value),
  };
  return kv as unknown as KVNamespace & { values: Map<string, string> };
}

let kv: ReturnType<typeof memoryKv>;
beforeEach(() => {
  kv = memoryKv();
  etags = [];
  answer = { status: 200, body: JSON.stringify(bundled), etag: '"1"' };
});

const refresh = (nowMs: number) => refreshPriceTable(url, kv, fetch, nowMs);
const inputOf = (model: string) => tableRates('openai', model, undefined, at)?.base.input;

/** Returns the table with another price for gpt-4o. */
function changed(edit: (model: Record<string, unknown>) => void): string {
  const copy = JSON.parse(JSON.stringify(bundled)) as Provider[];
  const model = copy.find(({ id }) => id === 'openai')?.models.find(({ id }) => id === 'gpt-4o');
  if (model === undefined) throw new Error('no gpt-4o');
  edit(model as unknown as Record<string, unknown>);
  return JSON.stringify(copy);
}

describe('a refresh', () => {
  it('stores a valid table, which every isolate adopts', async () => {
    answer.body = changed((model) => {
      model.prices = { input_mtok: 7, output_mtok: 8 };
    });
    expect(await refresh(1)).toMatchObject({ outcome: 'refreshed', models: expect.any(Number) });
    expect(inputOf('gpt-4o')).toBe(2_500_000);
    const isolate = new RefreshedPrices(kv, () => expect.unreachable());
    await isolate.freshen(0);
    expect(inputOf('gpt-4o')).toBe(7_000_000);
    // Everything else is unchanged, including tiers and conditions.
    expect(tableRates('anthropic', 'claude-sonnet-4-5', undefined, at)?.tiers).toHaveLength(1);
    answer = { status: 200, body: JSON.stringify(bundled), etag: '"2"' };
    await refresh(1 + refreshLimits.everyMs);
    await isolate.freshen(refreshLimits.lookMs - 1);
    expect(inputOf('gpt-4o')).toBe(7_000_000);
    await isolate.freshen(refreshLimits.lookMs);
    expect(inputOf('gpt-4o')).toBe(2_500_000);
  });

  it('happens every six hours, and costs nothing if nothing has changed', async () => {
    await refresh(0);
    expect(await refresh(refreshLimits.everyMs - 1)).toEqual({ outcome: 'fresh-enough' });
    expect(await refresh(refreshLimits.everyMs)).toEqual({ outcome: 'unchanged' });
    expect(await refresh(refreshLimits.everyMs + 1)).toEqual({ outcome: 'fresh-enough' });
    expect(etags).toEqual([undefined, '"1"']);
  });

  it.each<[string, () => void, string]>([
    ['an error', () => Object.assign(answer, { status: 500 }), 'answered 500'],
    ['half a table', () => Object.assign(answer, { body: answer.body.slice(0, 50_000) }), 'no JSON'],
    ['no providers', () => Object.assign(answer, { body: '[]' }), '0 models of openai'],
    ['a page', () => Object.assign(answer, { body: '"<html>"' }), 'no list'],
    [
      'a table without Anthropic',
      () => Object.assign(answer, { body: JSON.stringify(bundled.filter(({ id }) => id !== 'anthropic')) }),
      '0 models of anthropic',
    ],
    [
      'a negative price',
      () =>
        Object.assign(answer, {
          body: changed((model) => Object.assign(model, { prices: { input_mtok: -1 } })),
        }),
      'openai gpt-4o has an invalid price: -1',
    ],
    [
      'a price as text',
      () =>
        Object.assign(answer, {
          body: changed((model) => Object.assign(model, { prices: { input_mtok: '1' } })),
        }),
      'an invalid price',
    ],
    [
      'a pattern that hangs',
      () =>
        Object.assign(answer, {
          body: changed((model) => Object.assign(model, { match: { regex: '(a+)+$' } })),
        }),
      'repeats a repetition',
    ],
    [
      'an unknown way to match',
      () =>
        Object.assign(answer, { body: changed((model) => Object.assign(model, { match: { like: 'x' } })) }),
      'nothing known',
    ],
    [
      'far too much',
      () => Object.assign(answer, { body: `[${' '.repeat(refreshLimits.bytes)}]` }),
      'more than',
    ],
  ])('refuses %s, and retains the last valid copy', async (_name, spoil, reason) => {
    await refresh(0);
    const before = new Map(kv.values);
    spoil();
    delete answer.etag;
    expect(await refresh(refreshLimits.everyMs)).toEqual({
      outcome: 'failed',
      reason: expect.stringContaining(reason),
    });
    expect(kv.values).toEqual(before);
  });

  it('fails without throwing if the address is unreachable', async () => {
    const refused = await refreshPriceTable('http://127.0.0.1:9/x', kv, fetch, 0);
    expect(refused).toMatchObject({ outcome: 'failed' });
    expect(kv.values.size).toBe(0);
  });
});

it('reads the table again if an isolate got the old one beside the new version', async () => {
  await refresh(0);
  const old = kv.values.get('price-table') ?? '';
  answer = { status: 200, body: changed((model) => Object.assign(model, { prices: { input_mtok: 9 } })) };
  await refresh(refreshLimits.everyMs);
  const current = kv.values.get('price-table') ?? '';
  const isolate = new RefreshedPrices(kv, () => expect.unreachable());
  kv.values.set('price-table', old);
  await isolate.freshen(0);
  expect(inputOf('gpt-4o')).toBe(2_500_000);
  kv.values.set('price-table', current);
  await isolate.freshen(refreshLimits.lookMs);
  expect(inputOf('gpt-4o')).toBe(9_000_000);
  answer = { status: 200, body: JSON.stringify(bundled) };
  await refresh(2 * refreshLimits.everyMs);
  await isolate.freshen(2 * refreshLimits.lookMs);
  expect(inputOf('gpt-4o')).toBe(2_500_000);
});

it('continues with the current table if KV fails or contains an invalid one', async () => {
  const events: string[] = [];
  const away = { get: () => Promise.reject(new Error('KV is away')) } as unknown as KVNamespace;
  await new RefreshedPrices(away, (event) => events.push(event)).freshen(0);
  await refresh(5);
  kv.values.set('price-table', JSON.stringify({ tableAtMs: 9, table: '[]' }));
  await new RefreshedPrices(kv, (event) => events.push(event)).freshen(0);
  expect(events).toEqual(['price-table-not-taken', 'price-table-not-taken']);
  expect(inputOf('gpt-4o')).toBe(2_500_000);
});

it('accepts the bundled table, and shrinks it', () => {
  const text = JSON.stringify(bundled);
  const shrunk = readTable(text);
  expect(shrunk).toHaveLength(bundled.length);
  console.log(`price table: ${text.length} characters, of which ${JSON.stringify(shrunk).length} remain`);
});

it('reads PRICES_URL: the library’s own address if unset, `off`, or another address', () => {
  const urlOf = (PRICES_URL?: string) => readConfig({ PRICES_URL } as never).pricesUrl;
  expect(usualPricesUrl).toBe(REMOTE_DATA_JSON_URL);
  expect([urlOf(), urlOf(''), urlOf('off'), urlOf('https://mirror.example/p.json')]).toEqual([
    REMOTE_DATA_JSON_URL,
    REMOTE_DATA_JSON_URL,
    null,
    'https://mirror.example/p.json',
  ]);
});
