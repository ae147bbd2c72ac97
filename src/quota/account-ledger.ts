// The ledger of one account with a budget: a Durable Object that allocates shares of the budget to the ledgers of
// the account's tokens. The sum of the allocations never exceeds the budget. Calls are served one after the other,
// so that no decision is based on a sum that another call is changing.
import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../env.ts';
import { logWarning } from '../lib/log.ts';
import {
  type AccountBudget,
  type AccountStanding,
  type AllocationAnswer,
  type AllocationHolderRpc,
  type AllocationRequest,
  periodKeyOf,
} from './account-budget.ts';
import { periodStartMs } from './period.ts';

/** Limits of an allocation. */
const allocationLimits = {
  /** Beyond what is needed now, an allocation takes at most this share of what is left, in whole requests. */
  shareOfRoom: 1 / 64,
  /** How many allocations are reclaimed (or read) at a time, the largest first. */
  calledBack: 500,
  /** After an attempt that reclaimed nothing, the next one waits this long. */
  restMs: 100,
} as const;

/** The entry for what was spent before an import. No token has this id. */
const carriedOver = '';

export class AccountLedger extends DurableObject<Env> {
  private readonly sql: SqlStorage;
  private turn: Promise<unknown> = Promise.resolve();
  private budget: AccountBudget | null = null;
  private periodKey = '';
  private clockMs = 0;
  private readonly granted = new Map<string, number>();
  private reclaimedNothingAtMs = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec(
      'CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    );
    this.sql.exec(
      'CREATE TABLE IF NOT EXISTS granted (token_id TEXT PRIMARY KEY, nano_usd INTEGER NOT NULL) WITHOUT ROWID',
    );
    for (const { key, value } of this.sql.exec<{ key: string; value: string }>(
      'SELECT key, value FROM state',
    )) {
      if (key === 'budget') this.budget = JSON.parse(value);
      if (key === 'period') this.periodKey = value;
    }
    const rows = this.sql.exec<{ token_id: string; nano_usd: number }>(
      'SELECT token_id, nano_usd FROM granted',
    );
    for (const { token_id, nano_usd } of rows) this.granted.set(token_id, nano_usd);
  }

  /** Allocates an amount of the budget to a token, or refuses. */
  allocate(request: AllocationRequest): Promise<AllocationAnswer> {
    return this.inTurn(() => this.serve(request));
  }

  /** Sets a new budget. Unused allocations are reclaimed at once, so that a lower budget applies immediately. */
  configure(budget: AccountBudget): Promise<void> {
    return this.inTurn(async () => {
      this.adopt(budget, Date.now());
      await this.reclaimUnused(null);
    });
  }

  /**
   * Returns what is spent, for an export. Exact except for running requests, because unused allocations are
   * reclaimed first.
   */
  standing(budget: AccountBudget): Promise<AccountStanding> {
    return this.inTurn(async () => {
      const { period } = this.adopt(budget, Date.now());
      await this.reclaimUnused(null);
      return { spentNanoUsd: this.allocated(), periodStartMs: periodStartMs(period, this.clockMs) };
    });
  }

  /**
   * Returns what is spent in the current period, without what running requests hold. Reads the allocations and changes
   * none, so it needs no turn. A token's ledger that cannot be reached counts as if it had spent its allocation.
   */
  async spending(budget: AccountBudget): Promise<number> {
    const nowMs = Math.max(this.clockMs, Date.now());
    const periodKey = periodKeyOf(budget, nowMs);
    if (periodKey !== this.periodKey) return 0;
    const allocated = this.allocated();
    const amounts = await Promise.all(
      this.holders(null).map(([tokenId]) =>
        this.askHolder(tokenId, 'allocation-not-read', async (holder) => {
          const { unspentAllocation: unspent } = await holder.balance();
          return unspent?.periodKey === periodKey ? unspent.nanoUsd : 0;
        }),
      ),
    );
    return Math.max(0, allocated - amounts.reduce((sum, nanoUsd) => sum + nanoUsd, 0));
  }

  /**
   * Records what an import brings as spent, if its period is still the current one. Never lowers what is
   * recorded.
   */
  restore(budget: AccountBudget, { spentNanoUsd, periodStartMs: startMs }: AccountStanding): Promise<void> {
    return this.inTurn(async () => {
      const { period } = this.adopt(budget, Date.now());
      if (startMs !== periodStartMs(period, this.clockMs)) return;
      const missing = spentNanoUsd - this.allocated();
      if (missing > 0) this.grant(carriedOver, (this.granted.get(carriedOver) ?? 0) + missing);
    });
  }

  private async serve(request: AllocationRequest): Promise<AllocationAnswer> {
    const budget = this.adopt(request.budget, request.nowMs);
    const { tokenId, needNanoUsd } = request;
    if (request.grantedNanoUsd !== undefined) {
      this.grant(tokenId, request.periodKey === this.periodKey ? request.grantedNanoUsd : 0);
    }
    const rests = this.clockMs - this.reclaimedNothingAtMs < allocationLimits.restMs;
    if (this.room(budget) < needNanoUsd && !rests) await this.reclaimUnused(tokenId);
    const room = this.room(budget);
    const answer = { nowMs: this.clockMs, periodKey: this.periodKey };
    if (room < request.atLeastNanoUsd) return { outcome: 'refused', leftNanoUsd: room, ...answer };
    const grantedNanoUsd = room < needNanoUsd ? Math.max(0, room) : needNanoUsd + spareOf(request, room);
    this.grant(tokenId, (this.granted.get(tokenId) ?? 0) + grantedNanoUsd);
    return { outcome: 'granted', grantedNanoUsd, ...answer };
  }

  private room(budget: AccountBudget): number {
    return budget.nanoUsd - this.allocated();
  }

  private allocated(): number {
    return [...this.granted.values()].reduce((sum, nanoUsd) => sum + nanoUsd, 0);
  }

  /** Takes over a newer budget and starts a new period when it is time. Returns the budget in force. */
  private adopt(budget: AccountBudget, nowMs: number): AccountBudget {
    this.clockMs = Math.max(this.clockMs, nowMs, Date.now());
    if (this.budget === null || this.budget.version < budget.version) {
      this.budget = budget;
      this.write('budget', JSON.stringify(budget));
    }
    const key = periodKeyOf(this.budget, this.clockMs);
    if (key !== this.periodKey) {
      this.periodKey = key;
      this.write('period', key);
      this.granted.clear();
      this.sql.exec('DELETE FROM granted');
    }
    return this.budget;
  }

  /**
   * Reclaims unused allocations from all tokens but one. A token's ledger that cannot be reached keeps its
   * allocation.
   */
  private async reclaimUnused(exceptId: string | null): Promise<void> {
    const holders = this.holders(exceptId);
    const given = await Promise.all(
      holders.map(([tokenId]) =>
        this.askHolder(tokenId, 'allocation-not-reclaimed', (holder) =>
          holder.reclaim(this.periodKey, this.clockMs),
        ),
      ),
    );
    if (given.every((nanoUsd) => nanoUsd <= 0))
      this.reclaimedNothingAtMs = Math.max(this.clockMs, Date.now());
    holders.forEach(([tokenId, nanoUsd], index) => {
      this.grant(tokenId, nanoUsd - (given[index] ?? 0));
    });
  }

  /** Returns the tokens with the largest allocations. */
  private holders(exceptId: string | null): [tokenId: string, nanoUsd: number][] {
    return [...this.granted]
      .filter(([tokenId, nanoUsd]) => tokenId !== exceptId && tokenId !== carriedOver && nanoUsd > 0)
      .sort(([, one], [, other]) => other - one)
      .slice(0, allocationLimits.calledBack);
  }

  /** Asks a token's ledger for an amount. Returns 0, and logs a warning, if it cannot be reached. */
  private async askHolder(
    tokenId: string,
    warning: string,
    ask: (holder: AllocationHolderRpc) => Promise<number>,
  ): Promise<number> {
    const holder = this.env.LEDGER.get(this.env.LEDGER.idFromName(tokenId)) as unknown as AllocationHolderRpc;
    try {
      return await ask(holder);
    } catch (error) {
      logWarning(warning, { tokenId, error });
      return 0;
    }
  }

  private grant(tokenId: string, nanoUsd: number): void {
    if (this.granted.get(tokenId) === nanoUsd) return;
    this.granted.set(tokenId, nanoUsd);
    this.sql.exec(
      'INSERT INTO granted (token_id, nano_usd) VALUES (?, ?) ON CONFLICT (token_id) DO UPDATE SET nano_usd = excluded.nano_usd',
      tokenId,
      nanoUsd,
    );
  }

  private write(key: string, value: string): void {
    this.sql.exec(
      'INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  }

  /** Runs one piece of work after the other, even when the one before has failed. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work, work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}

/** Returns the extra amount in whole requests, so that the end of a budget is not scattered in unusable pieces. */
function spareOf({ needNanoUsd, spareNanoUsd }: AllocationRequest, room: number): number {
  if (needNanoUsd <= 0) return 0;
  const share = Math.min(spareNanoUsd, (room - needNanoUsd) * allocationLimits.shareOfRoom);
  return Math.max(0, Math.floor(share / needNanoUsd) * needNanoUsd);
}
