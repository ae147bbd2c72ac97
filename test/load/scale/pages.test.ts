// The response times of dashboard pages with 10,000 tokens and the log of million-rows.ts: printed, with a loose bound,
// since machines differ. The number of statements has a strict bound.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DashboardAtScale, openDashboardAtScale, session } from './dashboard-at-scale.ts';
import { rowsInWords } from './million-rows.ts';

/** The first row of million-rows.ts. */
const requestId = 'req_0000000000000000';

let scale: DashboardAtScale;
beforeAll(async () => {
  scale = await openDashboardAtScale();
}, 600_000);
afterAll(() => scale?.stop());

const paths = [
  '/',
  '/?range=week',
  '/?range=month',
  '/dashboard/tokens',
  '/dashboard/tokens?search=9999',
  '/dashboard/tokens?sort=name&order=asc',
  '/dashboard/tokens?sort=spent',
  '/dashboard/tokens?sort=last_used',
  '/dashboard/tokens/new',
  '/dashboard/tokens/tok_page1',
  '/dashboard/logs',
  '/dashboard/logs?token=tok_1',
  '/dashboard/logs?status=500&model=model-7',
  '/dashboard/logs?token=tok_0&model=model-1',
  '/dashboard/logs/rows?status=429',
  `/dashboard/logs/${requestId}`,
  '/dashboard/channels',
  '/dashboard/channels/new',
  '/dashboard/usage?range=12m',
  '/dashboard/usage?range=30d&by=token&and=model',
  '/dashboard/connect',
  '/dashboard/models',
  '/dashboard/models?sort=input&order=desc&search=model',
  '/dashboard/models/prices',
  '/dashboard/groups',
  '/dashboard/groups/default',
  '/dashboard/playground?token=tok_page1',
  '/dashboard/people',
  '/dashboard/audit',
  '/dashboard/account',
];

/** Statements of a page with a search of the log. */
const mostOfSearch = 13;

it.each(paths)(`%s renders quickly over ${rowsInWords}`, async (path) => {
  const before = scale.questions();
  const send = () =>
    scale.app.request(`http://relay.test${path}`, { headers: { cookie: `oo8_session=${session}` } });
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    const response = await send();
    await response.text();
    times.push(performance.now() - started);
    expect(response.status).toBe(200);
  }
  const after = scale.questions();
  const statements = (after.statements - before.statements) / 5;
  const calls = (after.calls - before.calls) / 5;
  // A search of the log reads the packed index: several statements in one batch.
  expect(statements).toBeLessThanOrEqual(
    /\/logs(\/rows)?\?|\/tokens\/tok_\w+$/.test(path) ? mostOfSearch : 5,
  );
  expect(calls).toBeLessThanOrEqual(5);
  times.sort((one, other) => one - other);
  console.log(
    `${path}: median ${times[2]?.toFixed(0)} ms, worst ${times[4]?.toFixed(0)} ms, ${statements} statements in ${calls} calls`,
  );
  expect(times[2]).toBeLessThan(1_000);
});
