// The one alarm of a Durable Object, set for the earliest deadline. The ledger knows the deadlines.

export class AlarmScheduler {
  /**
   * `unset`: not read yet, as in the ledger's constructor. Setting an alarm there would cancel the one that is
   * about to run.
   */
  private atMs: number | null | 'unknown' | 'unset' = 'unset';
  private readonly storage: DurableObjectStorage;
  private readonly firstDueMs: () => number | null;

  constructor(storage: DurableObjectStorage, firstDueMs: () => number | null) {
    this.storage = storage;
    this.firstDueMs = firstDueMs;
  }

  /** Allows alarms to be set. Called at the end of the ledger's constructor. */
  start(): void {
    this.atMs = 'unknown';
  }

  /** Records that the alarm has fired. */
  fired(): void {
    this.atMs = null;
  }

  /**
   * Makes sure that the alarm fires by then. After a reset, one stored alarm covers all earlier deadlines. The
   * first call therefore considers all deadlines again, or it could postpone that alarm.
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
