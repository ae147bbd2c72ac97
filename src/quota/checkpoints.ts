// What of a ledger's memory is written down, and when: live holds in one row at most every 250 ms, and the ceiling
// above them before anything passes it. Does not decide what is held; book.ts does.
import type { TokenPolicy } from '../tokens/token.ts';
import type { LedgerState } from './ledger-state.ts';
import type { Checkpoint, LedgerStore } from './ledger-store.ts';

/** The rhythms of writing down. */
const checkpointRhythm = {
  /** New holds are written down this long after they were taken, together. */
  checkpointMs: 250,
  /** The ceiling rises by this many times the request that needs it (and never above quota or budget). */
  ceilingStep: 32,
} as const;

/** What a checkpoint has besides holds and ceiling. */
export type CheckpointRest = Omit<Checkpoint, 'holds' | 'unknown' | 'ceilingNanoUsd'>;

export class Checkpoints {
  private readonly store: LedgerStore;
  private readonly state: LedgerState;
  private readonly rest: (nowMs: number) => CheckpointRest;
  private readonly onWritten: () => void;
  private ceilingNanoUsd: number;
  private due = false;
  /** The holds that the last checkpoint has. */
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

  /** Makes what is spent and held durable beforehand, with room for more requests of `reserve`. */
  raiseCeiling(policy: TokenPolicy, reserve: number, nowMs: number): void {
    const need = this.state.totals.spentNanoUsd + this.state.held(nowMs);
    if (need <= this.ceilingNanoUsd) return;
    const room = this.state.room(policy, nowMs);
    this.ceilingNanoUsd = need + Math.max(0, Math.min(reserve * checkpointRhythm.ceilingStep, room));
    this.write();
  }

  /**
   * The ceiling comes down to what is spent and held: a ledger that sleeps and wakes with a hold of hours would
   * else distrust the room above at each waking.
   */
  lowerCeiling(nowMs: number): void {
    this.ceilingNanoUsd = this.state.totals.spentNanoUsd + this.state.held(nowMs);
    this.write();
  }

  /** Sees to it that no hold lives longer than `checkpointMs` without being written down. */
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

  /** Most requests are over before it is their turn: what is young yet is looked at again when it is due. */
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
