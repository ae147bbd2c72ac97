// The log's page finds requests as people look for them: by names, classes of status, times, and ids.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { openDashboard } from './open-dashboard.ts';

let dashboard: Awaited<ReturnType<typeof openDashboard>>;
beforeEach(async () => {
  dashboard = await openDashboard();
  const { id } = (await dashboard.member.api('POST', '/tokens', { name: 'Nightly summaries' })).body;
  const nowMs = Date.now();
  await appendRows(env.DB, [
    logRow({
      id: 'req_new',
      createdAtMs: nowMs - 60_000,
      tokenId: id,
      accountId: 'acc_bob',
      requestedModel: 'gpt-4o',
    }),
    logRow({
      id: 'req_slow',
      createdAtMs: nowMs - 1_800_000,
      status: 502,
      errorCode: 'upstream_error',
      requestedModel: 'o3',
    }),
    logRow({
      id: 'req_limit',
      createdAtMs: nowMs - 7_200_000,
      status: 429,
      errorCode: 'rate_limit_exceeded',
      requestedModel: 'o3',
    }),
    logRow({ id: 'req_old', createdAtMs: Date.parse('2026-01-31T23:59:30Z'), requestedModel: 'gpt-4.1' }),
  ]);
});

async function found(query: string): Promise<string[]> {
  const { status, text } = await dashboard.admin.get(`/dashboard/logs?${query}`);
  expect([query, status]).toEqual([query, 200]);
  return [...text.matchAll(/<tbody id="(req_\w+)"/g)].map(([, id = '']) => id);
}

it.each([
  ['token=Nightly+summaries', ['req_new']],
  ['account=bob%40example.com', ['req_new']],
  ['model=gpt-4*', ['req_new', 'req_old']],
  ['errors=1', ['req_slow', 'req_limit']],
  ['status=4xx', ['req_limit']],
  ['status=5xx', ['req_slow']],
  ['error_code=upstream_error', ['req_slow']],
  ['range=15m', ['req_new']],
  ['range=1h', ['req_new', 'req_slow']],
  ['range=24h&errors=1', ['req_slow', 'req_limit']],
  ['from=2026-01-31&to=2026-01-31', ['req_old']],
  ['to=2026-01-31T23%3A59', ['req_old']],
  ['to=2026-01-31T23%3A58', []],
])('finds by %s exactly %j', async (query, ids) => {
  expect(await found(query)).toEqual(ids);
});

it('shows each filter with a link that removes it, and one that removes all', async () => {
  const { text } = await dashboard.admin.get('/dashboard/logs?model=gpt-*&status=4xx&range=1h');
  expect(text).toContain(
    '<a href="/dashboard/logs?model=gpt-*&amp;range=1h"><span class="for-readers">Remove the filter </span>Status: 4xx',
  );
  expect(text).toContain('Remove the filter </span>Time: 1 hour');
  expect(text).toContain('<a href="/dashboard/logs" class="clear">Clear filters</a>');
  // A quick choice keeps the other filters.
  expect(text).toContain('<a href="/dashboard/logs?model=gpt-*&amp;range=1h&amp;errors=1">Errors</a>');
  expect(text).toContain('<a href="/dashboard/logs?model=gpt-*&amp;status=4xx&amp;range=24h">24 hours</a>');
});

it('opens a request by its id', async () => {
  const { admin } = dashboard;
  const reply = await admin.get('/dashboard/logs?id=+req_slow+');
  expect(reply.headers.get('location')).toBe('/dashboard/logs/req_slow');
  expect((await admin.get('/dashboard/logs/req_slow')).text).toContain('502 upstream_error');
});

it('keeps what was typed when a filter is refused, and says why beside it', async () => {
  const { status, text } = await dashboard.admin.get('/dashboard/logs?status=4x&model=gpt-4o');
  expect(status).toBe(400);
  expect(text).toMatch(/id="help-status"><strong class="error">must be a status like 502/);
  expect(text).toMatch(/name="status"[^>]*value="4x"/);
  expect(text).toMatch(/name="model"[^>]*value="gpt-4o"/);
});

it('answers the CSV and live rows with the same filters', async () => {
  const { admin } = dashboard;
  const csv = (await admin.get('/dashboard/logs/csv?range=15m')).text.trim().split('\r\n');
  expect([csv.length, csv[1]?.includes('req_new')]).toEqual([2, true]);
  const rows = (await admin.get('/dashboard/logs/rows?status=5xx')).text;
  expect([...rows.matchAll(/<tbody id="(\w+)"/g)].map(([, id]) => id)).toEqual(['req_slow']);
});
