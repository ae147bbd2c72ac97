// Settlements for a ledger that fails are retried while the invocation lives.
import { expect, it, vi } from 'vitest';
import { LedgerClient } from '../../../src/quota/client.ts';
import type { Settlement } from '../../../src/quota/quota.ts';
import { logRow } from '../stores/rows.ts';

const settlement = (id: string): Settlement => ({ row: logRow({ id, tokenId: 'tok_x' }), tokens: 1 });

/** Returns a client whose ledger fails in the given ways, one for each call, and then accepts everything. */
function clientWith(failures: object[]) {
  const taken: string[][] = [];
  let calls = 0;
  const ledger = {
    settle: async (settlements: Settlement[]) => {
      const failure = failures[calls++];
      if (failure !== undefined) throw Object.assign(new Error('failing'), failure);
      taken.push(settlements.map(({ row }) => row.id));
    },
  };
  const namespace = { idFromName: (name: string) => name, get: () => ledger };
  const client = new LedgerClient(namespace as never, async () => null);
  return { client, taken, calls: () => calls };
}

it('sends settlements together, and retries at once when the ledger was moved', async () => {
  const { client, taken, calls } = clientWith([{ retryable: true }]);
  await Promise.all(['a', 'b', 'c'].map((id) => client.settle('tok_x', settlement(id))));
  expect(taken).toEqual([['a', 'b', 'c']]);
  expect(calls()).toBe(2);
});

it('charges what waits for a token at once when its figures are read, and only once', async () => {
  const { client, taken } = clientWith([]);
  const settled = ['a', 'b'].map((id) => client.settle('tok_x', settlement(id)));
  await client.settleWaiting('tok_y');
  expect(taken).toEqual([]);
  await client.settleWaiting('tok_x');
  expect(taken).toEqual([['a', 'b']]);
  await Promise.all(settled);
  await client.settleWaiting('tok_x');
  expect(taken).toEqual([['a', 'b']]);
});

it('retries at an overloaded ledger after a pause', async () => {
  const { client, taken, calls } = clientWith([{ retryable: true, overloaded: true }, { overloaded: true }]);
  const startedAtMs = Date.now();
  await client.settle('tok_x', settlement('a'));
  expect(taken).toEqual([['a']]);
  expect(calls()).toBe(3);
  expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(250);
});

it('leaves undeliverable settlements to the expiry of the reservation, and logs that', async () => {
  vi.useFakeTimers();
  const waited = vi.spyOn(scheduler, 'wait').mockImplementation(async () => undefined);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { client, taken, calls } = clientWith(Array.from({ length: 50 }, () => ({})));
  await client.settle('tok_x', settlement('a')).catch(() => undefined);
  // The pauses add up to 21 seconds, within the 30 that an invocation has.
  expect(calls()).toBe(7);
  expect(taken).toEqual([]);
  expect(errors.mock.calls.flat().join()).toContain('settlement-lost-to-expiry');
  waited.mockRestore();
  errors.mockRestore();
  vi.useRealTimers();
});
