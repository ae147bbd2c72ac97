// A ledger's state after a reset, from its storage.
import { LedgerState, rememberMs } from './ledger-state.ts';
import { type Checkpoint, type LedgerStore, noTotals } from './ledger-store.ts';

/** Restores the totals, the recently settled requests, and the holds of the newest checkpoint. */
export function restoreState(store: LedgerStore, checkpoint: Checkpoint | null, nowMs: number): LedgerState {
  const state = new LedgerState(store.lastJournal()?.totals ?? noTotals);
  store.visitJournalSince(nowMs - rememberMs, ({ rows, atMs }) => {
    for (const row of rows) state.remember(row, atMs);
  });
  for (const hold of checkpoint?.holds ?? []) state.restore(hold, nowMs);
  state.markUnaccounted(checkpoint?.ceilingNanoUsd ?? 0, checkpoint?.unknown ?? [], nowMs);
  return state;
}
