// Settlements of an isolate that wait to be sent together: one call to each token's ledger, and one row there.
import type { Settlement } from './quota.ts';

/** When waiting settlements are sent. */
const batchRhythm = {
  /** Settlements of one token wait this long for others. */
  waitMs: 50,
  /** One request keeps the timer for this many intervals. */
  rounds: 10,
} as const;

/** Sends settlements to their token's ledger. Must not reject. */
type Deliver = (tokenId: string, settlements: Settlement[]) => Promise<void>;

export class SettlementBatches {
  /** By token. Bounded by the requests in flight. */
  private readonly waiting = new Map<string, { sinceMs: number; settlements: Settlement[] }>();
  private timerKeptUntilMs = 0;
  private readonly deliver: Deliver;

  constructor(deliver: Deliver) {
    this.deliver = deliver;
  }

  /** Whether settlements of the token wait. */
  has(tokenId: string): boolean {
    return this.waiting.has(tokenId);
  }

  /** Removes and returns the waiting settlements of the token. The caller delivers them. */
  take(tokenId: string): Settlement[] {
    const taken = this.waiting.get(tokenId)?.settlements ?? [];
    this.waiting.delete(tokenId);
    return taken;
  }

  /**
   * Adds a settlement; to be handed to waitUntil. Resolves when it is delivered, or when another request of this
   * isolate keeps the timer and delivers it.
   */
  async add(tokenId: string, settlement: Settlement): Promise<void> {
    const now = Date.now();
    const batch = this.waiting.get(tokenId);
    if (batch === undefined) this.waiting.set(tokenId, { sinceMs: now, settlements: [settlement] });
    else batch.settlements.push(settlement);
    // One request at a time keeps the timer for all: a timer costs as much as a small request.
    if (now < this.timerKeptUntilMs) return;
    await this.keepTimer(now);
  }

  /** Delivers batches that have waited long enough, until none wait or this request has done its share. */
  private async keepTimer(startedAtMs: number): Promise<void> {
    const { waitMs, rounds } = batchRhythm;
    const deliveries: Promise<void>[] = [];
    for (let round = 1; this.waiting.size > 0 && round <= rounds; round++) {
      // If this invocation is ended, the next settlement after this moment takes over.
      this.timerKeptUntilMs = startedAtMs + (round + 1) * 2 * waitMs;
      await scheduler.wait(waitMs);
      const dueMs = round === rounds ? Number.POSITIVE_INFINITY : Date.now() - waitMs;
      for (const [tokenId, { sinceMs }] of this.waiting) {
        if (sinceMs <= dueMs) deliveries.push(this.deliver(tokenId, this.take(tokenId)));
      }
    }
    this.timerKeptUntilMs = 0;
    await Promise.all(deliveries);
  }
}
