import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { emptyDatabase, relay } from './relay.ts';

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

describe('the log', () => {
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
        channel_id: 'ch_2',
        attempts: [{ channel_id: 'ch_1', key_id: 'key_1', status: 200, error: null, duration_ms: 12 }],
        status: 200,
        error_code: null,
        stream: true,
        input_tokens: 100,
        cached_tokens: 40,
        cache_write_tokens: 5,
        output_tokens: 20,
        reasoning_tokens: 8,
        usage_source: 'upstream',
        cost_usd: 1.000000001,
        ttfb_ms: 12.5,
        duration_ms: 100,
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

  it('pages through rows of the same moment without a gap', async () => {
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
    'refuses %s',
    async (query) => {
      const { status, body } = await relay().call('GET', `/logs?${query}`);
      expect([status, body.errors[0].field]).toEqual([400, query.split('=')[0]]);
    },
  );
});

describe('usage', () => {
  const rows = async (query: string) => (await relay().call('GET', `/usage?${query}`)).body.data;

  it('sums by day, oldest first', async () => {
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
      },
      expect.objectContaining({ key: '2026-10-31', requests: 8, errors: 7, cost_usd: 0 }),
    ]);
  });

  it('sums by hour, token, model and channel', async () => {
    const keys = async (query: string) => (await rows(query)).map(({ key }: { key: string }) => key);
    expect((await keys('group_by=hour'))[0]).toBe('2026-10-30T10:00:00.000Z');
    expect(await keys('group_by=token')).toEqual(['tok_1', 'tok_2']);
    expect(await keys('group_by=model')).toEqual(['claude-x', 'gpt-4o', '']);
    expect(await keys('group_by=channel&token=tok_1')).toEqual(['ch_1', '']);
  });

  it('covers the thirty days before now when nothing is said', async () => {
    expect(await rows('')).toHaveLength(2);
    expect(await rows('to=2026-10-30')).toEqual([]);
  });

  it.each(['group_by=week', 'from=x', 'from=2026-11-02&to=2026-11-01'])('refuses %s', async (query) => {
    const { status, body } = await relay().call('GET', `/usage?${query}`);
    expect([status, body.errors[0].field]).toEqual([400, query.split('=')[0]]);
  });
});
