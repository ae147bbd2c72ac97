// A ledger's one alarm: set for whatever is due first. Does not know what is due; the ledger does.

export class AlarmScheduler {
  /** `unset`: not even looked at, as in the ledger's constructor. An alarm that is set there calls off the one that woke it. */
  private atMs: number | null | 'unknown' | 'unset' = 'unset';
  private readonly storage: DurableObjectStorage;
  private readonly firstDueMs: () => number | null;

  constructor(storage: DurableObjectStorage, firstDueMs: () => number | null) {
    this.storage = storage;
    this.firstDueMs = firstDueMs;
  }

  /** The ledger is constructed: from now on alarms may be set. */
  start(): void {
    this.atMs = 'unknown';
  }

  /** It has rung. */
  fired(): void {
    this.atMs = null;
  }

  /**
   * Sees to it that the alarm rings by then. One is stored for all that was due before a reset; the first call
   * after it looks at all of that again, or it would be put off.
   */
  scheduleBy(atMs: number | null): void {
    if (this.atMs === 'unset') return;
    const first = this.atMs === 'unknown' ? this.firstDueMs() : null;
    const byMs = atMs === null || first === null ? (atMs ?? first) : Math.min(atMs, first);
    if (byMs === null || (typeof this.atMs === 'number' && this.atMs <= byMs)) return;
    this.atMs = byMs;
    void this.storage.setAlarm(byMs);
  }
}

/** Returns the earliest of the times, or null when there are none. */
export function earliest(times: readonly (number | null)[]): number | null {
  const due = times.filter((atMs) => atMs !== null);
  return due.length === 0 ? null : Math.min(...due);
}
