// Tests `npm run reconcile` against an imitated relay: its output, requests, and exit codes. The comparison itself
// belongs to the relay (test/worker/api/reconciliation.test.ts).
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Ended, runProgram } from './programs.ts';

let server: Server;
let url: string;
let calls: string[] = [];
let tokens: Record<string, unknown>[] = [];

const token = (id: string, fields: object = {}) => ({
  ...{ token_id: id, name: `name of ${id}`, status: 'active', ledger_usd: 0.5, carried_usd: 0, log_usd: 0.5 },
  ...{ pending_rows: 0, pending_usd: 0, busy: false, differences: [], ...fields },
});
const lost = [{ check: 'ledger-log', unit: 'usd', expected: 0.5, found: 0.3 }];

beforeAll(async () => {
  server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const requested = new URL(request.url ?? '', 'http://x');
    const at = Number(requested.searchParams.get('cursor') ?? 0);
    const limit = Number(requested.searchParams.get('limit'));
    const repaired = /\/api\/reconciliation\/(.+)$/.exec(requested.pathname)?.[1];
    const answer =
      repaired !== undefined
        ? token(repaired, repaired === 'tok_stubborn' ? { differences: lost } : {})
        : {
            data: tokens.slice(at, at + limit),
            next_cursor: at + limit < tokens.length ? String(at + limit) : null,
          };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  calls = [];
});

const reconcile = (...more: string[]): Promise<Ended> =>
  runProgram('reconcile', ['--url', url, '--key', 'ak', ...more], { DEV_VARS_FILE: '/nowhere/.dev.vars' });

it('exits with 0 if everything agrees; rows still in an outbox are no difference', async () => {
  tokens = [token('tok_1'), token('tok_2', { pending_rows: 3, pending_usd: 0.25 })];
  const { code, output } = await reconcile();
  expect(code, output).toBe(0);
  expect(output).toContain('tok_2 (name of tok_2): 3 rows, $0.25, are on their way to the log');
  expect(output).toContain(
    '2 tokens compared, ledgers $1, log $1, on their way 3 rows, $0.25, 0 differences',
  );
});

it('prints every difference, exits with 1, and changes nothing', async () => {
  const requests = { check: 'log-roll-ups-requests', unit: 'requests', expected: 2, found: 3 };
  tokens = [token('tok_1', { differences: [...lost, requests] }), token('tok_2', { differences: lost })];
  const { code, output } = await reconcile();
  expect(code).toBe(1);
  expect(output).toContain('tok_1 (name of tok_1): the ledger charged $0.5, the log has $0.3 (-0.2)');
  expect(output).toContain('tok_1 (name of tok_1): the log has 2 requests, its roll-ups 3 requests (+1)');
  expect(output).toContain('2 of 2 tokens do not agree');
  expect(output).toContain('--repair');
  expect(calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
});

it('exits with 1 when a token could not be compared', async () => {
  tokens = [token('tok_1', { busy: true })];
  const { code, output } = await reconcile();
  expect([code, output]).toEqual([1, expect.stringContaining('in use all the time, not compared')]);
});

it('reads any number of tokens page by page', async () => {
  tokens = Array.from({ length: 1_234 }, (_, index) => token(`tok_${index}`));
  const { code, output } = await reconcile();
  expect([code, output]).toEqual([0, expect.stringContaining('1234 tokens compared')]);
  expect(calls).toHaveLength(25);
});

it('repairs the differing tokens on request, and still exits with 1 if one differs afterwards', async () => {
  tokens = [token('tok_1', { differences: lost }), token('tok_2')];
  const repaired = await reconcile('--repair');
  expect([repaired.code, repaired.output]).toEqual([0, expect.stringContaining('repaired')]);
  expect(calls.filter((call) => call.startsWith('POST'))).toEqual(['POST /api/reconciliation/tok_1']);
  tokens = [token('tok_stubborn', { differences: lost })];
  const stubborn = await reconcile('--repair');
  expect([stubborn.code, stubborn.output]).toEqual([1, expect.stringContaining('differs still')]);
});

it('prints its options', async () => {
  const { code, output } = await reconcile('--fix');
  expect([code, output]).toEqual([1, expect.stringContaining('[--repair]')]);
});
