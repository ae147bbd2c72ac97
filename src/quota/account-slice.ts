// The slice of its account's budget that a token's ledger holds. Decides whether a request fits it, and draws more. What
// is drawn is stored before it is used; what is used is the book's, so that a reset can lose room and never make any.

import type { TokenPolicy } from '../tokens/token.ts';
import {
  type AccountBudget,
  type AccountLedgerRpc,
  accountRefusal,
  type Draw,
  periodKeyOf,
} from './account-budget.ts';
import type { Book } from './book.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { Look, Refusal } from './quota.ts';
import type { StoredSlice } from './records.ts';

/** So many requests like the one that draws are drawn for at a time, where the budget has plenty. */
const drawnAhead = 32;

export class AccountSlice {
  private readonly store: Pick<LedgerStore, 'readSlice' | 'writeSlice'>;
  private readonly book: Book;
  private readonly accountOf: (accountId: string) => AccountLedgerRpc;
  private slice: StoredSlice | null;
  private underWay: Promise<Draw> | null = null;
  /** The account may believe us to have more than we know of: the next draw says what we have. */
  private isUnsure = true;
  private clockMs = 0;

  constructor(
    store: Pick<LedgerStore, 'readSlice' | 'writeSlice'>,
    book: Book,
    accountOf: (accountId: string) => AccountLedgerRpc,
  ) {
    this.store = store;
    this.book = book;
    this.accountOf = accountOf;
    this.slice = store.readSlice();
  }

  /** By how much a request of that upper bound does not fit; 0 or less: it fits. */
  shortBy({ accountBudget }: TokenPolicy, reserveNanoUsd: number, nowMs: number): number {
    return accountBudget === undefined ? 0 : reserveNanoUsd - this.free(accountBudget, nowMs);
  }

  /** What a running request may take more of. */
  roomFor({ accountBudget }: TokenPolicy, nowMs: number): number {
    return accountBudget === undefined ? Infinity : Math.max(0, this.free(accountBudget, nowMs));
  }

  /**
   * Draws so that a request fits; requests that wait at the same time share one draw, and may have to draw again.
   * The refusal, if there is no room for it. Throws when the account's ledger cannot be reached.
   */
  async makeRoom(policy: TokenPolicy, reserveNanoUsd: number, nowMs: number): Promise<Refusal | null> {
    const { accountBudget: budget } = policy;
    const short = this.shortBy(policy, reserveNanoUsd, nowMs);
    if (budget === undefined || short <= 0) return null;
    const draw = await this.draw(policy, budget, short, short, reserveNanoUsd * drawnAhead, nowMs);
    if (draw.outcome === 'granted') return null;
    if (this.shortBy(policy, reserveNanoUsd, nowMs) <= draw.leftNanoUsd) return null;
    return accountRefusal(budget, reserveNanoUsd, Math.max(0, draw.leftNanoUsd), this.clockMs);
  }

  /** Draws what running requests would like more of, as far as there is any. */
  async extend(policy: TokenPolicy, looks: readonly Look[], nowMs: number): Promise<void> {
    const { accountBudget: budget } = policy;
    if (budget === undefined) return;
    const held = (look: Look) => this.book.holds.get(look.requestId)?.reservedNanoUsd ?? look.reservedNanoUsd;
    const more = looks.reduce((sum, look) => sum + Math.max(0, look.wantNanoUsd - held(look)), 0);
    const short = this.shortBy(policy, more, nowMs);
    if (more > 0 && short > 0) await this.draw(policy, budget, short, 0, 0, nowMs);
  }

  /** For the account, which calls back what is not used. */
  giveBack(policy: TokenPolicy, periodKey: string, nowMs: number): number {
    const budget = policy.accountBudget;
    if (budget === undefined) return this.giveAllBack(periodKey);
    const slice = this.current(budget, nowMs);
    if (slice.periodKey !== periodKey) return 0;
    const free = this.free(budget, nowMs);
    if (free !== 0) this.write({ ...slice, grantedNanoUsd: slice.grantedNanoUsd - free });
    return free;
  }

  /** The budget was taken away: nothing of it is held. */
  private giveAllBack(periodKey: string): number {
    const given = this.slice?.periodKey === periodKey ? this.slice.grantedNanoUsd : 0;
    if (given !== 0 && this.slice !== null) this.write({ ...this.slice, grantedNanoUsd: 0 });
    return given;
  }

  private draw(
    policy: TokenPolicy,
    budget: AccountBudget,
    needNanoUsd: number,
    atLeastNanoUsd: number,
    spareNanoUsd: number,
    nowMs: number,
  ): Promise<Draw> {
    if (this.underWay !== null) return this.underWay;
    const { periodKey, grantedNanoUsd } = this.current(budget, nowMs);
    const known = this.isUnsure ? { grantedNanoUsd } : {};
    const amounts = { needNanoUsd, atLeastNanoUsd, spareNanoUsd, ...known };
    const ask = { tokenId: policy.tokenId, budget, nowMs: this.clockMs, periodKey, ...amounts };
    this.isUnsure = true;
    this.underWay = this.accountOf(policy.accountId)
      .draw(ask)
      .then((draw) => this.take(budget, draw))
      .finally(() => {
        this.underWay = null;
      });
    return this.underWay;
  }

  private take(budget: AccountBudget, draw: Draw): Draw {
    this.isUnsure = false;
    const slice = this.current(budget, draw.nowMs);
    if (draw.outcome === 'granted' && slice.periodKey === draw.periodKey) {
      this.write({ ...slice, grantedNanoUsd: slice.grantedNanoUsd + draw.grantedNanoUsd });
    }
    return draw;
  }

  private free(budget: AccountBudget, nowMs: number): number {
    const { grantedNanoUsd, spentBeforeNanoUsd } = this.current(budget, nowMs);
    return grantedNanoUsd - (this.book.totals.spentNanoUsd - spentBeforeNanoUsd) - this.book.held(nowMs);
  }

  /** The slice of the period that it is: a new one is empty. */
  private current(budget: AccountBudget, nowMs: number): StoredSlice {
    this.clockMs = Math.max(this.clockMs, nowMs);
    const periodKey = periodKeyOf(budget, this.clockMs);
    if (this.slice?.periodKey !== periodKey) {
      const spentBeforeNanoUsd = this.book.totals.spentNanoUsd;
      this.write({ periodKey, grantedNanoUsd: 0, spentBeforeNanoUsd });
    }
    return this.slice as StoredSlice;
  }

  private write(slice: StoredSlice): void {
    this.slice = slice;
    this.store.writeSlice(slice);
  }
}
