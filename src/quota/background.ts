// Responses that an upstream works on in the background (`background: true`). The caller already has its answer,
// but the cost is only known at the end. The ledger keeps the reservation and polls from its alarm, because
// nothing in an isolate lives that long. This file decides and stores when to poll; background-poll.ts makes the
// calls.
import { reasonOfCode } from '../metering/error-class.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { Settlement } from './quota.ts';
import type { BackgroundOrder, TrackedResponse } from './records.ts';

/** The outcome of a poll. */
export type Polled =
  | { outcome: 'running' }
  | { outcome: 'ended'; settlement: Settlement }
  /** The upstream does not have the response: the caller deleted it, or it expired. */
  | { outcome: 'gone' }
  | { outcome: 'unanswered' };

/** Polls an upstream for a response, or cancels the response there. Never rejects. */
export type Poll = (order: BackgroundOrder, cancel: boolean) => Promise<Polled>;

/** When background responses are polled, and for how long. */
const backgroundRhythm = {
  /** The first poll. Each following pause is half as long again … */
  firstPollMs: 2_000,
  /** … up to this. */
  longestPauseMs: 30_000,
  /** If a channel does not answer for this long, the response is charged its reservation. */
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

  /** The request ids of the tracked responses. */
  get requestIds(): string[] {
    return [...this.tracked.keys()];
  }

  /** Tracks a response; durable when the call that brought it returns. Adding it again polls it again soon. */
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

  /** Polls all responses at once: the token was edited and may no longer be allowed to use them. */
  pollAllSoon(nowMs: number): void {
    for (const waiting of this.tracked.values()) this.put({ ...waiting, nextAtMs: nowMs });
  }

  /** Returns the time of the next poll, or null when there is none. */
  nextAtMs(): number | null {
    const times = [...this.tracked.values()].map(({ nextAtMs }) => nextAtMs);
    return times.length === 0 ? null : times.reduce((first, next) => Math.min(first, next));
  }

  /** Polls the responses that are due, and returns the settlements of those that have ended. */
  async pollDue(nowMs: number, isRefused: (order: BackgroundOrder) => boolean): Promise<Settlement[]> {
    const due = [...this.tracked.values()].filter(({ nextAtMs }) => nextAtMs <= nowMs);
    const polled = await Promise.all(due.map((waiting) => this.pollOne(waiting, isRefused(waiting.order))));
    return polled.filter((settlement) => settlement !== null);
  }

  /** Returns the order of that response, or undefined if it is not tracked. */
  orderOf(responseId: string): BackgroundOrder | undefined {
    return this.trackedResponse(responseId)?.order;
  }

  /** Polls one response before it is deleted. Returns its settlement if it has ended. */
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
    // It was settled during the poll and is no longer tracked.
    if (!this.tracked.has(waiting.order.row.id)) return;
    const pauseMs = Math.min(Math.round(waiting.pauseMs * 1.5), backgroundRhythm.longestPauseMs);
    this.put({ ...waiting, pauseMs, nextAtMs: nowMs + pauseMs });
  }

  private put(waiting: TrackedResponse): void {
    this.tracked.set(waiting.order.row.id, waiting);
    this.store.writeBackground(waiting);
  }
}

/**
 * Charges the whole reservation, since the cost can no longer be found out. Otherwise callers could delete
 * responses to avoid their cost.
 */
function settledAtReservation(order: BackgroundOrder, errorCode: string, nowMs: number): Settlement {
  const { row, typicalInput, rates, reservedNanoUsd } = order;
  const inputTokens = typicalInput?.inputTokens ?? 0;
  return {
    row: {
      ...row,
      ...reasonOfCode(errorCode),
      inputTokens,
      usageSource: 'estimated',
      costNanoUsd: rates === null ? null : reservedNanoUsd,
      durationMs: nowMs - row.createdAtMs,
    },
    tokens: inputTokens,
  };
}
