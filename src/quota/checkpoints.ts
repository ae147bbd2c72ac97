// When a ledger's state is written to storage: live holds in one row at most every 250 ms, and the ceiling above
// them before anything exceeds it. ledger-state.ts decides what is held.
import type { TokenPolicy } from '../tokens/token.ts';
import { LedgerState, rememberMs } from './ledger-state.ts';
import { type Checkpoint, type LedgerStore, noTotals } from './ledger-store.ts';

/** The intervals of writing. */
const checkpointRhythm = {
  /** New holds are stored together, this long after they were made. */
  checkpointMs: 250,
  /** The ceiling rises by this many times the request that needs it, but never above quota or budget. */
  ceilingStep: 32,
} as const;

/** The parts of a checkpoint other than holds and ceiling. */
export type CheckpointRest = Omit<Checkpoint, 'holds' | 'unknown' | 'ceilingNanoUsd'>;

export class Checkpoints {
  private readonly store: LedgerStore;
  private readonly state: LedgerState;
  private readonly rest: (nowMs: number) => CheckpointRest;
  private readonly onWritten: () => void;
  private ceilingNanoUsd: number;
  private due = false;
  /** The holds in the last checkpoint. */
  private written: ReadonlySet<string> = new Set();

  constructor(
    store: LedgerStore,
    state: LedgerState,
    ceilingNanoUsd: number,
    rest: (nowMs: number) => CheckpointRest,
    onWritten: () => void,
  ) {
    this.store = store;
    this.state = state;
    this.ceilingNanoUsd = ceilingNanoUsd;
    this.rest = rest;
    this.onWritten = onWritten;
  }

  /** Stores a ceiling above what is spent and held, with room for more requests of `reserve`. */
  raiseCeiling(policy: TokenPolicy, reserve: number, nowMs: number): void {
    const need = this.state.totals.spentNanoUsd + this.state.held(nowMs);
    if (need <= this.ceilingNanoUsd) return;
    const room = this.state.room(policy, nowMs);
    this.ceilingNanoUsd = need + Math.max(0, Math.min(reserve * checkpointRhythm.ceilingStep, room));
    this.write();
  }

  /**
   * Lowers the ceiling to what is spent and held. Otherwise a ledger that is reset while a hold of hours is open
   * would count the room above as unaccounted at each reset.
   */
  lowerCeiling(nowMs: number): void {
    this.ceilingNanoUsd = this.state.totals.spentNanoUsd + this.state.held(nowMs);
    this.write();
  }

  /** Makes sure that every hold is stored within `checkpointMs`. */
  soon(): void {
    if (this.due) return;
    this.due = true;
    setTimeout(() => this.writeIfOld(), checkpointRhythm.checkpointMs);
  }

  write(): void {
    const { holds } = this.state;
    this.written = new Set(holds.keys());
    const { ceilingNanoUsd } = this;
    const unknown = this.state.unaccountedHolds;
    this.store.writeCheckpoint({
      ...this.rest(Date.now()),
      holds: [...holds.values()],
      unknown,
      ceilingNanoUsd,
    });
    this.onWritten();
  }

  /** Most requests end before their hold is stored. A hold that is not due yet is looked at again when it is. */
  private writeIfOld(): void {
    const oldest = [...this.state.holds.values()].find(({ requestId }) => !this.written.has(requestId));
    const waitMs = oldest === undefined ? 0 : oldest.heldAtMs + checkpointRhythm.checkpointMs - Date.now();
    if (oldest !== undefined && waitMs > checkpointRhythm.checkpointMs / 4) {
      setTimeout(() => this.writeIfOld(), waitMs);
      return;
    }
    this.due = false;
    if (oldest !== undefined) this.write();
  }
}

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
