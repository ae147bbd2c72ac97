// The numbers of a ledger as they are shown.
import type { TokenPolicy } from '../tokens/token.ts';
import type { Book } from './book.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { Outbox } from './outbox.ts';
import type { Audit, Balance } from './quota.ts';

export function balanceOf(book: Book, policy: TokenPolicy | null, nowMs: number): Balance {
  return {
    spentNanoUsd: book.totals.spentNanoUsd,
    reservedNanoUsd: book.held(nowMs),
    open: book.holds.size,
    budgetSpentNanoUsd: policy ? book.budgetSpent(policy, nowMs) : 0,
    lastUsedAtMs: book.totals.lastUsedAtMs,
  };
}

/** What is compared with the log. */
export function auditOf(book: Book, store: LedgerStore, outbox: Outbox): Audit {
  const carriedNanoUsd = store.carriedNanoUsd();
  return { spentNanoUsd: book.totals.spentNanoUsd, carriedNanoUsd, ...outbox.pending() };
}
