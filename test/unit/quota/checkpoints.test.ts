// When a ledger's holds and its ceiling are stored.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checkpoints, restoreState } from '../../../src/quota/checkpoints.ts';
import { LedgerState } from '../../../src/quota/ledger-state.ts';
import type { Checkpoint, JournalEntry } from '../../../src/quota/ledger-store.ts';
import { noonMs, noTotals, policyWith, requestWith, settlementOf } from './ledger-parts.ts';

const limited = policyWith({ quotaNanoUsd: 10_000 });
let state: LedgerState;
let written: { atMs: number; checkpoint: Checkpoint }[];
let checkpoints: Checkpoints;

beforeEach(() => {
  vi.useFakeTimers({ now: noonMs });
  state = new LedgerState(noTotals);
  written = [];
  const store = {
    writeCheckpoint: (checkpoint: Checkpoint) => written.push({ atMs: Date.now() - noonMs, checkpoint }),
  };
  const rest = () => ({ flushedSeq: 0, requests: [], tokens: [] });
  checkpoints = new Checkpoints(store as never, state, 0, rest, () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
});

function hold(requestId: string): void {
  state.hold(requestWith({ requestId }), 100, Date.now());
  checkpoints.soon();
}

describe('new holds', () => {
  it('are stored together, 250 ms after the first', () => {
    hold('a');
    vi.advanceTimersByTime(40);
    hold('b');
    vi.advanceTimersByTime(209);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toHaveLength(1);
    expect(written[0]?.checkpoint.holds.map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  });

  it('are not stored if their requests have ended by then', () => {
    hold('a');
    vi.advanceTimersByTime(100);
    state.settle(settlementOf('a', 10), limited, Date.now());
    vi.advanceTimersByTime(1_000);
    expect(written).toEqual([]);
  });

  it('are each stored within 250 ms, however many short requests come between', () => {
    hold('a');
    vi.advanceTimersByTime(200);
    state.settle(settlementOf('a', 10), limited, Date.now());
    hold('long');
    vi.advanceTimersByTime(250);
    expect(written.map(({ atMs }) => atMs)).toEqual([450]);
  });
});

describe('the ceiling', () => {
  it('is stored before anything exceeds it, with room for 32 more requests', () => {
    hold('a');
    checkpoints.raiseCeiling(limited, 100, noonMs);
    expect(written.map(({ checkpoint }) => checkpoint.ceilingNanoUsd)).toEqual([100 + 32 * 100]);
    hold('b');
    checkpoints.raiseCeiling(limited, 100, noonMs);
    expect(written).toHaveLength(1);
  });

  it('never exceeds the quota', () => {
    const small = policyWith({ quotaNanoUsd: 500 });
    hold('a');
    checkpoints.raiseCeiling(small, 100, noonMs);
    expect(written[0]?.checkpoint.ceilingNanoUsd).toBe(500);
  });

  it('comes down to what is spent and held', () => {
    hold('a');
    checkpoints.raiseCeiling(limited, 100, noonMs);
    state.settle(settlementOf('a', 30), limited, noonMs);
    checkpoints.lowerCeiling(noonMs);
    expect(written.at(-1)?.checkpoint.ceilingNanoUsd).toBe(30);
  });
});

it('restores totals, settled requests, and holds, and marks the rest of the ceiling as unaccounted', () => {
  hold('open');
  checkpoints.raiseCeiling(limited, 100, noonMs);
  const checkpoint = written[0]?.checkpoint ?? null;
  const totals = { ...noTotals, spentNanoUsd: 40 };
  const entry: JournalEntry = { seq: 1, atMs: noonMs, totals, rows: [settlementOf('done', 40).row] };
  const store = {
    lastJournal: () => entry,
    visitJournalSince: (_: number, visit: (entry: JournalEntry) => void) => visit(entry),
  };
  const restored = restoreState(store as never, checkpoint, noonMs);
  expect(restored.totals.spentNanoUsd).toBe(40);
  expect(restored.isSettled('done')).toBe(true);
  expect([...restored.holds.keys()]).toEqual(['open']);
  expect(restored.held(noonMs)).toBe(3_300 - 40);
});
