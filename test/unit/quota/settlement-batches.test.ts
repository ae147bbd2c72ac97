// Settlements of one isolate: which are sent together, and who sends them.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Settlement } from '../../../src/quota/quota.ts';
import { SettlementBatches } from '../../../src/quota/settlement-batches.ts';
import { noonMs, settlementOf } from './ledger-parts.ts';

let sent: { atMs: number; tokenId: string; ids: string[] }[];
let batches: SettlementBatches;

beforeEach(() => {
  vi.useFakeTimers({ now: noonMs });
  vi.stubGlobal('scheduler', { wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) });
  sent = [];
  batches = new SettlementBatches(async (tokenId: string, settlements: Settlement[]) => {
    sent.push({ atMs: Date.now() - noonMs, tokenId, ids: settlements.map(({ row }) => row.id) });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const add = (tokenId: string, id: string) => batches.add(tokenId, settlementOf(id, 1));

it('sends the settlements of a token together, 50 ms after the first', async () => {
  void add('tok_1', 'a');
  await vi.advanceTimersByTimeAsync(30);
  void add('tok_1', 'b');
  await vi.advanceTimersByTimeAsync(20);
  expect(sent).toEqual([{ atMs: 50, tokenId: 'tok_1', ids: ['a', 'b'] }]);
  expect(batches.has('tok_1')).toBe(false);
});

it('lets the settlements of another token wait for their own 50 ms', async () => {
  void add('tok_1', 'a');
  await vi.advanceTimersByTimeAsync(30);
  void add('tok_2', 'b');
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toEqual([
    { atMs: 50, tokenId: 'tok_1', ids: ['a'] },
    { atMs: 100, tokenId: 'tok_2', ids: ['b'] },
  ]);
});

it('resolves at once for a request that does not keep the timer', async () => {
  void add('tok_1', 'a');
  await add('tok_1', 'b');
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(50);
  expect(sent).toHaveLength(1);
});

it('gives up what a caller takes along elsewhere', async () => {
  void add('tok_1', 'a');
  expect(batches.take('tok_1').map(({ row }) => row.id)).toEqual(['a']);
  expect(batches.take('tok_1')).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toEqual([]);
});

it('frees the first request after ten intervals, with everything sent that waits then', async () => {
  let freeAtMs = 0;
  void add('tok_first', 'first').then(() => {
    freeAtMs = Date.now() - noonMs;
  });
  for (let index = 0; index < 19; index++) {
    await vi.advanceTimersByTimeAsync(25);
    void add(`tok_${index}`, `later_${index}`);
  }
  await vi.advanceTimersByTimeAsync(25);
  expect(freeAtMs).toBe(500);
  expect(sent.flatMap(({ ids }) => ids)).toHaveLength(20);
});

it('takes the timer over from an invocation that was ended', async () => {
  vi.stubGlobal('scheduler', { wait: () => new Promise(() => undefined) });
  void add('tok_1', 'lost');
  vi.stubGlobal('scheduler', { wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) });
  await vi.advanceTimersByTimeAsync(250);
  void add('tok_1', 'next');
  await vi.advanceTimersByTimeAsync(100);
  expect(sent.flatMap(({ ids }) => ids)).toEqual(['lost', 'next']);
});
