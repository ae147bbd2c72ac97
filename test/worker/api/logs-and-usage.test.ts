import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/dashboard/api/export.ts';
import { csvPieces } from '../../../src/dashboard/api/log-csv.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { newRequestId } from '../../../src/metering/request-id.ts';
import { logRow } from '../stores/rows.ts';
import { adminKey, emptyDatabase, relay } from './relay.ts';

const hour = 3_600_000;
const start = Date.parse('2026-10-30T10:30:00Z');

beforeEach(async () => {
  await emptyDatabase();
  await appendRows(env.DB, [
    logRow({ id: 'r1', createdAtMs: start }),
    logRow({
      id: 'r2',
      createdAtMs: start + hour,
      tokenId: 'tok_2',
      requestedModel: 'claude-x',
      channelId: 'ch_2',
    }),
    logRow({
      id: 'r3',
      createdAtMs: start + 24 * hour,
      status: 429,
      errorCode: 'x',
      costNanoUsd: 0,
      count: 7,
    }),
    logRow({
      id: 'r4',
      createdAtMs: start + 24 * hour,
      costNanoUsd: null,
      requestedModel: null,
      channelId: null,
    }),
  ]);
});

describe('request log', () => {
  const ids = async (query: string) =>
    (await relay().call('GET', `/logs?${query}`)).body.data.map(({ id }: { id: string }) => id);

  it('shows a row with every figure', async () => {
    const { data } = (await relay().call('GET', '/logs?token=tok_2')).body;
    expect(data).toEqual([
      {
        id: 'r2',
        created_at: '2026-10-30T11:30:00.000Z',
        token_id: 'tok_2',
        account_id: 'acc_admin',
        format: 'openai',
        endpoint: '/v1/chat/completions',
        requested_model: 'claude-x',
        upstream_model: 'gpt-4o',
        served_model: null,
        channel_id: 'ch_2',
        attempts: [
          { channel_id: 'ch_1', key_id: 'key_1', status: 200, error: null, message: null, duration_ms: 12 },
        ],
        status: 200,
        error_code: null,
        error_class: null,
        error_message: null,
        stream: true,
        input_tokens: 100,
        cached_tokens: 40,
        cache_write_tokens: 5,
        output_tokens: 20,
        reasoning_tokens: 8,
        usage_source: 'upstream',
        cost_usd: 1.000000001,
        charge: {
          source: 'table',
          service_tier: null,
          multiplier: 1,
          items: [{ kind: 'input', count: 100, usd: 2.5, per: 1_000_000 }],
        },
        ttfb_ms: 12.5,
        duration_ms: 100,
        end_user: null,
        session: null,
        tags: [],
        dropped: ['tools.0', 'seed'],
        count: 1,
      },
    ]);
    expect((await relay().call('GET', '/logs?limit=1')).body.data[0].cost_usd).toBeNull();
  });

  it('filters by token, model, channel, status, account and time', async () => {
    expect(await ids('')).toEqual(['r4', 'r3', 'r2', 'r1']);
    expect(await ids('token=tok_1')).toEqual(['r4', 'r3', 'r1']);
    expect(await ids('model=gpt-4o&status=429')).toEqual(['r3']);
    expect(await ids('channel=ch_2')).toEqual(['r2']);
    expect(await ids('account=acc_other')).toEqual([]);
    expect(await ids('from=2026-10-30T11:30:00Z&to=2026-10-31')).toEqual(['r2']);
  });

  it('filters by names, patterns of models, classes of statuses, and codes', async () => {
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO tokens (id, account_id, name, hint, created_at) VALUES ('tok_2', 'acc_admin', 'Slack bot', 'h', 1)`,
      ),
      env.DB.prepare(
        `INSERT INTO channels (id, name, provider, created_at, updated_at) VALUES ('ch_2', 'East', 'openai', 1, 1)`,
      ),
    ]);
    expect(await ids('token=Slack+bot')).toEqual(['r2']);
    expect(await ids('channel=East')).toEqual(['r2']);
    expect(await ids('account=Admin')).toHaveLength(4);
    expect(await ids('token=nobody')).toEqual([]);
    expect(await ids('model=*')).toEqual(['r3', 'r2', 'r1']);
    expect(await ids('model=gpt-*o')).toEqual(['r3', 'r1']);
    expect(await ids('model=*-x&channel=East')).toEqual(['r2']);
    expect(await ids('status=4xx')).toEqual(['r3']);
    expect(await ids('status=5xx')).toEqual([]);
    expect(await ids('errors=1')).toEqual(['r3']);
    expect(await ids('errors=1&status=2xx')).toEqual([]);
    expect(await ids('error_code=x')).toEqual(['r3']);
    expect(await ids('error_class=caller')).toEqual([]);
    expect(await ids('end_user=somebody')).toEqual([]);
    expect(await ids('id=r2')).toEqual(['r2']);
    expect(await ids('id=none')).toEqual([]);
  });

  it('asks the ledgers concerned for rows that wait, and answers without them', async () => {
    const { call, ledgers } = relay();
    await call('GET', '/logs');
    expect(ledgers.calls).toEqual(['deliverLog tok_1', 'deliverLog tok_2']);
    ledgers.calls.length = 0;
    ledgers.away = true;
    expect((await call('GET', '/logs?token=tok_9')).status).toBe(200);
    expect((await call('GET', '/logs?to=2026-11-01')).body.data).toHaveLength(4);
    expect(ledgers.calls).toEqual(['deliverLog tok_9']);
    const id = newRequestId(Date.now());
    expect((await call('GET', `/logs/${id}`)).status).toBe(404);
    expect(ledgers.calls).toHaveLength(3);
  });

  it('shows one request by its id', async () => {
    const { call } = relay();
    expect((await call('GET', '/logs/r3')).body).toMatchObject({ id: 'r3', status: 429 });
    expect((await call('GET', '/logs/none')).status).toBe(404);
  });

  it('pages through rows of the same millisecond without a gap', async () => {
    const { call } = relay();
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await call('GET', `/logs?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(['r4', 'r3', 'r2', 'r1']);
  });

  it.each(['status=ok', 'status=42', 'from=yesterday', 'to=2026-13-01', 'cursor=e30'])(
    'rejects the log query %s',
    async (query) => {
      const { status, body } = await relay().call('GET', `/logs?${query}`);
      expect([status, body.errors[0].field]).toEqual([400, query.split('=')[0]]);
    },
  );
});

describe('CSV export of the log', () => {
  const csv = async (query: string) => {
    const { app } = relay();
    const response = await app.request(`https://relay.test/api/logs.csv?${query}`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    return { headers: response.headers, status: response.status, text: await response.text() };
  };

  it('exports a header line and a line for each row, newest first, with the same filters', async () => {
    const { headers, text } = await csv('token=tok_1');
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe('attachment; filename="relay-log.csv"');
    const lines = text.split('\r\n');
    expect(lines[0]).toMatch(/^id,created_at,token_id,.*,cost_usd,charge,/);
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(['r4', 'r3', 'r1', '']);
  });

  it('escapes every field so that it parses back unchanged', async () => {
    await appendRows(env.DB, [
      logRow({
        id: 'odd',
        createdAtMs: start + 90 * hour,
        errorCode: 'a "quoted", \n line',
        requestedModel: '=1+1',
      }),
    ]);
    const { text } = await csv(`from=${new Date(start + 89 * hour).toISOString()}`);
    const [, line = ''] = text.split('\r\n');
    expect(line).toContain(`,"a ""quoted"", \n line",`);
    // A spreadsheet must not run a caller's text.
    expect(line).toContain(`,'=1+1,`);
    expect(line).toContain('"[{""channel_id"":""ch_1""');
    expect(line).toContain('""usd"":2.5');
  });

  it('reads one page at a time, when the client has taken the last', async () => {
    const pages = [0, 1, 2].map((page) => ({
      rows: [logRow({ id: `r${page}` })],
      next: page < 2 ? { createdAtMs: 1, id: `r${page}` } : null,
    }));
    let read = 0;
    const pieces = csvPieces(async () => pages[read++] ?? { rows: [], next: null });
    const reader = streamOf(pieces).getReader();
    for (const before of [0, 1, 2]) {
      expect(read).toBeLessThanOrEqual(before + 1);
      await reader.read();
    }
    await reader.cancel();
    expect(read).toBeLessThan(4);
  });

  it('aborts the export when the database fails in the middle', async () => {
    let calls = 0;
    const pieces = csvPieces(async () => {
      calls += 1;
      if (calls === 2) throw new Error('D1_ERROR: away');
      return { rows: [logRow({})], next: { createdAtMs: 1, id: 'x' } };
    });
    await expect(new Response(streamOf(pieces)).text()).rejects.toThrow('away');
  });

  it.each(['status=ok', 'from=2026-11-02&to=2026-11-01'])('rejects the export query %s', async (query) => {
    expect((await csv(query)).status).toBe(400);
  });
});

describe('usage', () => {
  const rows = async (query: string) => (await relay().call('GET', `/usage?${query}`)).body.data;

  it('sums usage by day, oldest first', async () => {
    const { body } = await relay().call('GET', '/usage?group_by=day&from=2026-10-30&to=2026-11-01');
    expect(body).toMatchObject({
      group_by: 'day',
      from: '2026-10-30T00:00:00.000Z',
      to: '2026-11-01T00:00:00.000Z',
    });
    expect(body.data).toEqual([
      {
        key: '2026-10-30',
        requests: 2,
        errors: 0,
        input_tokens: 200,
        cached_tokens: 80,
        cache_write_tokens: 10,
        output_tokens: 40,
        reasoning_tokens: 16,
        cost_usd: 2.000000002,
        ttfb_ms: 13,
        ttfb_requests: 2,
        attempts: 2,
        second_key: null,
      },
      expect.objectContaining({ key: '2026-10-31', requests: 8, errors: 7, cost_usd: 0, ttfb_ms: 13 }),
    ]);
  });

  it('sums usage by hour, token, model and channel', async () => {
    const keys = async (query: string) => (await rows(query)).map(({ key }: { key: string }) => key);
    expect((await keys('group_by=hour'))[0]).toBe('2026-10-30T10:00:00.000Z');
    expect(await keys('group_by=token')).toEqual(['tok_1', 'tok_2']);
    expect(await keys('group_by=model')).toEqual(['claude-x', 'gpt-4o', '']);
    expect(await keys('group_by=channel&token=tok_1')).toEqual(['ch_1', '']);
  });

  it('sums by two groupings, by month, by the requested model, and all together', async () => {
    const call = async (query: string) =>
      (await relay().call('GET', `/usage?from=2026-10-01&to=2026-12-01&${query}`)).body;
    const keys = async (query: string) =>
      (await call(query)).data.map(({ key, second_key }: { key: string; second_key: string }) => [
        key,
        second_key,
      ]);
    await appendRows(env.DB, [
      logRow({
        id: 'r5',
        createdAtMs: start,
        requestedModel: 'smart',
        servedModel: 'gpt-4o',
        costNanoUsd: 1,
      }),
    ]);
    expect(await keys('group_by=month')).toEqual([['2026-10', null]]);
    expect(await keys('group_by=day,model')).toEqual([
      ['2026-10-30', 'gpt-4o'],
      ['2026-10-30', 'claude-x'],
      ['2026-10-31', ''],
      ['2026-10-31', 'gpt-4o'],
    ]);
    expect(await keys('group_by=requested_model&account=Admin')).toContainEqual(['smart', null]);
    expect(await keys('group_by=account')).toEqual([['acc_admin', null]]);
    expect((await call('group_by=token&model=gpt-4o')).total).toMatchObject({
      requests: 9,
      errors: 7,
      cost_usd: 1.000000002,
    });
    expect((await call('group_by=group,token')).total).toMatchObject({ requests: 11, cost_usd: 2.000000003 });
  });

  it('exports sums as CSV that spreadsheets do not run', async () => {
    await appendRows(env.DB, [
      logRow({ id: 'r5', createdAtMs: start, requestedModel: '=cmd()', costNanoUsd: 5e9 }),
    ]);
    const { app } = relay();
    const response = await app.request(
      'https://relay.test/api/usage.csv?from=2026-10-30&to=2026-10-31&group_by=month,model',
      {
        headers: { authorization: `Bearer ${adminKey}` },
      },
    );
    expect(response.headers.get('content-type')).toContain('text/csv');
    expect((await response.text()).split('\r\n').slice(0, 2)).toEqual([
      'month,model,requests,errors,input_tokens,cached_tokens,cache_write_tokens,output_tokens,reasoning_tokens,cost_usd,ttfb_ms,ttfb_requests,attempts',
      "2026-10,'=cmd(),1,0,100,40,5,20,8,5,13,1,1",
    ]);
  });

  it('covers the last thirty days by default', async () => {
    expect(await rows('')).toHaveLength(2);
    expect(await rows('to=2026-10-30')).toEqual([]);
  });

  it.each([
    'group_by=week',
    'group_by=day,day',
    'group_by=day,hour,model',
    'group_by=model,requested_model',
    'group_by=model&requested_model=x',
    'from=x',
    'from=2026-11-02&to=2026-11-01',
  ])('rejects the usage query %s', async (query) => {
    const { status, body } = await relay().call('GET', `/usage?${query}`);
    expect([status, body.errors[0].field]).toEqual([400, query.split('=')[0]]);
  });
});
