// A ledger's state in memory: what is spent, what is held, which requests are settled. Has no storage and no
// clock; ledger.ts stores what must be durable before it answers.
import { reasonOfCode } from '../metering/error-class.ts';
import type { LogRow } from '../metering/log-row.ts';
import { blankRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { budgetsOf, totalsAfterCharge } from './budgets.ts';
import type { AdmissionRequest, LeaseRenewal, Settlement } from './quota.ts';
import type { Hold, Totals, UnaccountedHold } from './records.ts';

/** The lifetime of a reservation without a renewal. The relay renews it while the request runs. */
const leaseMs = 30_000;

/**
 * The lifetime of a restored hold. After a reset, a running request renews its lease within ten seconds or is
 * settled; a hold that is not renewed within this time is an orphan. The stored expiry may be older than the
 * last renewal.
 */
const restoredLeaseMs = 15_000;

/** How long a settled request id is remembered: much longer than any settlement is retried. */
export const rememberMs = 600_000;

interface Settled {
  costNanoUsd: number;
  atMs: number;
  revision: number;
  /** Settled by expiry, not by the relay. The true cost may still replace it, once. */
  byExpiry: boolean;
}

export class LedgerState {
  readonly holds = new Map<string, Hold>();
  private readonly settled = new Map<string, Settled>();
  private heldNanoUsd = 0;
  private unaccounted: readonly UnaccountedHold[] = [];
  totals: Totals;

  constructor(totals: Totals) {
    this.totals = totals;
  }

  /** Returns what is held at `nowMs`, including unaccounted holds from before a reset. */
  held(nowMs: number): number {
    return this.heldNanoUsd + sumOf(this.unaccounted.filter(({ untilMs }) => nowMs < untilMs));
  }

  /**
   * Returns how many open requests count against the concurrency of a new one. Requests that are part of another
   * one count with that one.
   */
  countedAsOpen({ within: whole }: AdmissionRequest): number {
    if (whole !== undefined) return 0;
    let open = 0;
    for (const { within, hasLeft } of this.holds.values()) if (within === undefined && !hasLeft) open += 1;
    return open;
  }

  /** The unaccounted holds since earlier resets, for storage. */
  get unaccountedHolds(): readonly UnaccountedHold[] {
    return this.unaccounted;
  }

  /**
   * Marks the part of the stored ceiling above what is spent and held as unaccounted: it counts as held until
   * every lease from before the reset has expired. Earlier unaccounted holds keep their own expiry, because a
   * ledger may be reset many times.
   */
  markUnaccounted(ceilingNanoUsd: number, earlier: readonly UnaccountedHold[], nowMs: number): void {
    const explained = this.totals.spentNanoUsd + this.heldNanoUsd + sumOf(earlier);
    const rest = { nanoUsd: Math.max(0, ceilingNanoUsd - explained), untilMs: nowMs + leaseMs };
    this.unaccounted = [...earlier, rest].filter(({ nanoUsd, untilMs }) => nanoUsd > 0 && untilMs > nowMs);
  }

  /**
   * Returns what is spent of the token's own budget in its current period, or of the admin's budget if it has
   * none.
   */
  budgetSpent(policy: TokenPolicy, nowMs: number): number {
    return budgetsOf(policy, this.totals, nowMs)[0]?.spentNanoUsd ?? 0;
  }

  /**
   * Returns how much a new reservation may take: Infinity for a token without quota and budget, negative when
   * overdrawn.
   */
  room(policy: TokenPolicy, nowMs: number): number {
    const held = this.held(nowMs);
    const ofQuota =
      policy.quotaNanoUsd === null ? Infinity : policy.quotaNanoUsd - this.totals.spentNanoUsd - held;
    if (policy.budget === null && policy.adminBudget === undefined) return ofQuota;
    const ofBudgets = budgetsOf(policy, this.totals, nowMs).map(
      ({ budget, spentNanoUsd }) => budget.nanoUsd - spentNanoUsd - held,
    );
    return Math.min(ofQuota, ...ofBudgets);
  }

  /** Holds the amount for a new request, or renews and changes what a running one holds. */
  hold(request: AdmissionRequest | LeaseRenewal, reservedNanoUsd: number, nowMs: number): void {
    const before = this.holds.get(request.requestId);
    this.heldNanoUsd += reservedNanoUsd - (before?.reservedNanoUsd ?? 0);
    this.holds.set(request.requestId, {
      requestId: request.requestId,
      reservedNanoUsd,
      inputNanoUsd: request.inputNanoUsd,
      tokens: 'tokens' in request ? request.tokens : (before?.tokens ?? 0),
      startedAtMs: 'startedAtMs' in request ? request.startedAtMs : request.nowMs,
      heldAtMs: before?.heldAtMs ?? nowMs,
      expiresAtMs: before?.expiresAtMs === null ? null : nowMs + leaseMs,
      format: request.format,
      endpoint: request.endpoint,
      model: request.model,
      stream: request.stream,
      ...((before?.hasLeft || ('hasLeft' in request && request.hasLeft)) && { hasLeft: true }),
      ...(request.within !== undefined && { within: request.within }),
    });
  }

  /**
   * Restores a stored hold after a reset, unless its request is settled. The hold gets extra time to be renewed
   * only once, however often its ledger is reset.
   */
  restore(hold: Hold, nowMs: number): void {
    if (this.settled.has(hold.requestId)) return;
    this.heldNanoUsd += hold.reservedNanoUsd;
    const grace = hold.restored ? 0 : nowMs + restoredLeaseMs;
    const expiresAtMs = hold.expiresAtMs === null ? null : Math.max(hold.expiresAtMs, grace);
    this.holds.set(hold.requestId, { ...hold, expiresAtMs, restored: true });
  }

  /** Keeps a hold until its request is settled. */
  holdUntilSettled(requestId: string): void {
    const hold = this.holds.get(requestId);
    if (hold !== undefined) this.holds.set(requestId, { ...hold, expiresAtMs: null });
  }

  /** Returns when the next lease expires, or null when no hold has a lease. */
  nextExpiryMs(): number | null {
    let next: number | null = null;
    for (const { expiresAtMs } of this.holds.values())
      if (expiresAtMs !== null) next = Math.min(next ?? expiresAtMs, expiresAtMs);
    return next;
  }

  /**
   * Holds a running request again whose hold was lost in a reset, and deducts it from the unaccounted holds. A
   * request that is already settled (its renewal came late) holds nothing again, or its expiry would charge it a
   * second time.
   */
  adopt(renewal: LeaseRenewal, nowMs: number): void {
    const settled = this.settled.get(renewal.requestId);
    if (settled !== undefined && !settled.byExpiry) return;
    if (settled === undefined) this.reduceUnaccounted(renewal.reservedNanoUsd);
    this.hold(renewal, renewal.reservedNanoUsd, nowMs);
  }

  /** Charges a request once. Returns the row to journal, or null when there is nothing new to write. */
  settle({ row }: Settlement, policy: TokenPolicy | null, nowMs: number): LogRow | null {
    const before = this.settled.get(row.id);
    if (before !== undefined && !before.byExpiry) return null;
    this.release(row.id);
    const revision = (before?.revision ?? 0) + 1;
    const cost = row.costNanoUsd ?? 0;
    this.charge(cost - (before?.costNanoUsd ?? 0), policy, nowMs);
    if (before === undefined) this.reduceUnaccounted(cost);
    this.settled.set(row.id, { costNanoUsd: cost, atMs: nowMs, revision, byExpiry: false });
    return { ...row, revision };
  }

  /** Settles holds that were not renewed for a whole lease, at their input's cost. */
  expire(policy: TokenPolicy, nowMs: number): LogRow[] {
    const orphans = [...this.holds.values()].filter(
      ({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= nowMs,
    );
    return orphans.map((hold) => {
      this.release(hold.requestId);
      const cost = Math.min(hold.inputNanoUsd, hold.reservedNanoUsd);
      const before = this.settled.get(hold.requestId);
      this.charge(cost - (before?.costNanoUsd ?? 0), policy, nowMs);
      const revision = (before?.revision ?? 0) + 1;
      this.settled.set(hold.requestId, { costNanoUsd: cost, atMs: nowMs, revision, byExpiry: true });
      return orphanRow(hold, policy, cost, revision, nowMs);
    });
  }

  /**
   * Records, from a journal row written before a reset, that its request is settled. Call it for older rows
   * first.
   */
  remember(row: LogRow, atMs: number): void {
    this.settled.set(row.id, {
      costNanoUsd: row.costNanoUsd ?? 0,
      atMs,
      revision: row.revision,
      byExpiry: row.errorCode === orphanErrorCode,
    });
  }

  /** Forgets settled ids that no retry can bring back. */
  forget(nowMs: number): void {
    for (const [id, { atMs }] of this.settled) {
      if (atMs > nowMs - rememberMs) break;
      if (!this.holds.has(id)) this.settled.delete(id);
    }
  }

  isSettled(requestId: string): boolean {
    return this.settled.has(requestId);
  }

  /** Deducts from the unaccounted holds that a reset left. */
  private reduceUnaccounted(nanoUsd: number): void {
    let left = nanoUsd;
    this.unaccounted = this.unaccounted.flatMap((unknown) => {
      const taken = Math.min(left, unknown.nanoUsd);
      left -= taken;
      return taken === unknown.nanoUsd ? [] : [{ ...unknown, nanoUsd: unknown.nanoUsd - taken }];
    });
  }

  /** Removes a hold whose request never began, and returns it. */
  abandon(requestId: string): Hold | undefined {
    const hold = this.holds.get(requestId);
    this.release(requestId);
    return hold;
  }

  private release(requestId: string): void {
    this.heldNanoUsd -= this.holds.get(requestId)?.reservedNanoUsd ?? 0;
    this.holds.delete(requestId);
  }

  private charge(nanoUsd: number, policy: TokenPolicy | null, nowMs: number): void {
    this.totals = totalsAfterCharge(this.totals, policy, nanoUsd, nowMs);
  }
}

function sumOf(unknown: readonly UnaccountedHold[]): number {
  return unknown.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
}

/** `error_code` of a row whose request was settled by the ledger itself. */
const orphanErrorCode = 'worker_lost';

function orphanRow(
  hold: Hold,
  { tokenId, accountId }: TokenPolicy,
  cost: number,
  revision: number,
  nowMs: number,
): LogRow {
  const { requestId: id, startedAtMs: createdAtMs, format, endpoint, model: requestedModel, stream } = hold;
  return {
    ...blankRow({ id, createdAtMs, tokenId, accountId, format, endpoint, requestedModel, stream }),
    status: 500,
    ...reasonOfCode(orphanErrorCode),
    usageSource: 'estimated',
    costNanoUsd: cost,
    durationMs: nowMs - createdAtMs,
    revision,
  };
}
