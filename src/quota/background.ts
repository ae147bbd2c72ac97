// Responses that an upstream works on in the background (`background: true`): the caller has long had its answer,
// and what the response costs is known at its end only. The ledger keeps the reservation and asks for it, from
// its alarm: nothing in an isolate lives that long. Which are asked when is in here, and stored; the asking
// itself is in background-poll.ts.
import type { LedgerStore } from './ledger-store.ts';
import type { Settlement } from './quota.ts';
import type { BackgroundOrder, TrackedResponse } from './records.ts';

/** What asking came to. */
export type Polled =
  | { outcome: 'running' }
  | { outcome: 'ended'; settlement: Settlement }
  /** The upstream does not have it: deleted by the caller, or expired. */
  | { outcome: 'gone' }
  | { outcome: 'unanswered' };

/** Asks an upstream for a response, or to cancel it. Never rejects. */
export type Poll = (order: BackgroundOrder, cancel: boolean) => Promise<Polled>;

/** When responses in the background are asked for, and for how long. */
const backgroundRhythm = {
  /** The first time after this; the pause then grows by half each time … */
  firstPollMs: 2_000,
  /** … up to this. */
  longestPauseMs: 30_000,
  /** A channel that does not answer for so long is given up: the reservation is charged. */
  unansweredMs: 3_600_000,
  /** A response that runs longer is charged its reservation. */
  longestMs: 86_400_000,
} as const;

export class BackgroundResponses {
  private readonly tracked = new Map<string, TrackedResponse>();
  private readonly store: LedgerStore;
  private readonly poll: Poll;

  constructor(store: LedgerStore, poll: Poll) {
    this.store = store;
    this.poll = poll;
    for (const waiting of store.readBackground()) this.tracked.set(waiting.order.row.id, waiting);
  }

  /** The request ids that are waited for. */
  get requestIds(): string[] {
    return [...this.tracked.keys()];
  }

  /** Durable when the call that it came with is answered. A repeated order asks anew, soon. */
  add(order: BackgroundOrder, nowMs: number): void {
    const before = this.tracked.get(order.row.id);
    const pauseMs = backgroundRhythm.firstPollMs;
    this.put({
      order,
      startedAtMs: before?.startedAtMs ?? nowMs,
      nextAtMs: nowMs + pauseMs,
      pauseMs,
      answeredAtMs: nowMs,
      cancelled: before?.cancelled ?? false,
    });
  }

  remove(requestId: string): void {
    if (this.tracked.delete(requestId)) this.store.deleteBackground(requestId);
  }

  /** All are asked at once: the token was edited, and may have no right to them any more. */
  pollAllSoon(nowMs: number): void {
    for (const waiting of this.tracked.values()) this.put({ ...waiting, nextAtMs: nowMs });
  }

  /** When the next one is to be asked for; null: none waits. */
  nextAtMs(): number | null {
    const times = [...this.tracked.values()].map(({ nextAtMs }) => nextAtMs);
    return times.length === 0 ? null : times.reduce((first, next) => Math.min(first, next));
  }

  /** Asks for those that are due, and answers the settlements of those that are over. */
  async pollDue(nowMs: number, isRefused: (order: BackgroundOrder) => boolean): Promise<Settlement[]> {
    const due = [...this.tracked.values()].filter(({ nextAtMs }) => nextAtMs <= nowMs);
    const polled = await Promise.all(due.map((waiting) => this.pollOne(waiting, isRefused(waiting.order))));
    return polled.filter((settlement) => settlement !== null);
  }

  /** The order of that response; undefined: none is waited for. */
  orderOf(responseId: string): BackgroundOrder | undefined {
    return this.trackedResponse(responseId)?.order;
  }

  /** Asks for one response now, before it is deleted. Answers its settlement if it is over. */
  async pollNow(responseId: string): Promise<Settlement[]> {
    const waiting = this.trackedResponse(responseId);
    if (waiting === undefined) return [];
    const polled = await this.poll(waiting.order, false);
    return polled.outcome === 'ended' ? [polled.settlement] : [];
  }

  private trackedResponse(responseId: string): TrackedResponse | undefined {
    return [...this.tracked.values()].find(({ order }) => order.responseId === responseId);
  }

  private async pollOne(waiting: TrackedResponse, refused: boolean): Promise<Settlement | null> {
    const { order, startedAtMs, answeredAtMs } = waiting;
    const cancel = refused && !waiting.cancelled;
    const polled = await this.poll(order, cancel);
    const now = Date.now();
    const isOver = now - startedAtMs > backgroundRhythm.longestMs;
    switch (polled.outcome) {
      case 'ended':
        return polled.settlement;
      case 'gone':
        return settledAtReservation(order, 'background_gone', now);
      case 'running':
        if (isOver) return settledAtReservation(order, 'background_endless', now);
        this.postpone({ ...waiting, answeredAtMs: now, cancelled: waiting.cancelled || cancel }, now);
        return null;
      case 'unanswered':
        if (isOver || now - answeredAtMs > backgroundRhythm.unansweredMs)
          return settledAtReservation(order, 'background_unanswered', now);
        this.postpone({ ...waiting, cancelled: waiting.cancelled || cancel }, now);
        return null;
    }
  }

  private postpone(waiting: TrackedResponse, nowMs: number): void {
    // Settled meanwhile: nobody waits for it any more.
    if (!this.tracked.has(waiting.order.row.id)) return;
    const pauseMs = Math.min(waiting.pauseMs * 1.5, backgroundRhythm.longestPauseMs);
    this.put({ ...waiting, pauseMs, nextAtMs: nowMs + pauseMs });
  }

  private put(waiting: TrackedResponse): void {
    this.tracked.set(waiting.order.row.id, waiting);
    this.store.writeBackground(waiting);
  }
}

/** Nobody will ever know what it cost: a caller that deletes its responses must not have them for nothing. */
function settledAtReservation(order: BackgroundOrder, errorCode: string, nowMs: number): Settlement {
  const { row, typicalInput, rates, reservedNanoUsd } = order;
  const inputTokens = typicalInput?.inputTokens ?? 0;
  return {
    row: {
      ...row,
      errorCode,
      inputTokens,
      usageSource: 'estimated',
      costNanoUsd: rates === null ? null : reservedNanoUsd,
      durationMs: nowMs - row.createdAtMs,
    },
    tokens: inputTokens,
  };
}
