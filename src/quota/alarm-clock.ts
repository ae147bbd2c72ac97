// When the ledger's alarm rings: one alarm for all that is due, set again only when something is due sooner.

export class AlarmClock {
  /** `unset`: not even looked at, as in the constructor. An alarm that is set there calls off the one that woke it. */
  private atMs: number | null | 'unknown' | 'unset' = 'unset';
  private readonly storage: Pick<DurableObjectStorage, 'setAlarm'>;
  private readonly firstDueMs: () => number | null;

  constructor(storage: Pick<DurableObjectStorage, 'setAlarm'>, firstDueMs: () => number | null) {
    this.storage = storage;
    this.firstDueMs = firstDueMs;
  }

  /** The constructor is over: from now on alarms are set. */
  start(): void {
    this.atMs = 'unknown';
  }

  /** It has rung, and none is set. */
  rang(): void {
    this.atMs = null;
  }

  /**
   * Sees to it that the alarm rings by then. One is stored for all that was due before a reset; the first call
   * after it looks at all of that again, or it would be put off.
   */
  wakeBy(atMs: number | null): void {
    if (this.atMs === 'unset') return;
    const first = this.atMs === 'unknown' ? this.firstDueMs() : null;
    const byMs = atMs === null || first === null ? (atMs ?? first) : Math.min(atMs, first);
    if (byMs === null || (typeof this.atMs === 'number' && this.atMs <= byMs)) return;
    this.atMs = byMs;
    void this.storage.setAlarm(byMs);
  }
}
