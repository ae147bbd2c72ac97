// The Worker's client of an account's ledger. The ledgers of the account's tokens call it directly.
import { RelayError } from '../lib/relay-error.ts';
import {
  type AccountBudget,
  type AccountLedgerRpc,
  type AccountStanding,
  accountLedgerOf,
} from './account-budget.ts';

/**
 * The ledgers of all accounts. Every method throws RelayError `service_unavailable` when the ledger cannot be
 * reached.
 */
export interface AccountLedgers {
  /** Sets a newer budget of an account. Unused allocations of its tokens are reclaimed at once. */
  configure(accountId: string, budget: AccountBudget): Promise<void>;
  /** Returns what is spent of the budget, for an export. */
  standing(accountId: string, budget: AccountBudget): Promise<AccountStanding>;
  /** Returns what is spent of the budget in its current period, running requests aside. Changes nothing. */
  spending(accountId: string, budget: AccountBudget): Promise<number>;
  /** Applies what an import brings. Never lowers what is recorded. */
  restore(accountId: string, budget: AccountBudget, standing: AccountStanding): Promise<void>;
}

export class AccountLedgerClient implements AccountLedgers {
  private readonly namespace: DurableObjectNamespace;

  constructor(namespace: DurableObjectNamespace) {
    this.namespace = namespace;
  }

  configure(accountId: string, budget: AccountBudget): Promise<void> {
    return this.call(accountId, (ledger) => ledger.configure(budget));
  }

  standing(accountId: string, budget: AccountBudget): Promise<AccountStanding> {
    return this.call(accountId, (ledger) => ledger.standing(budget));
  }

  spending(accountId: string, budget: AccountBudget): Promise<number> {
    return this.call(accountId, (ledger) => ledger.spending(budget));
  }

  restore(accountId: string, budget: AccountBudget, standing: AccountStanding): Promise<void> {
    return this.call(accountId, (ledger) => ledger.restore(budget, standing));
  }

  private async call<T>(accountId: string, request: (ledger: AccountLedgerRpc) => Promise<T>): Promise<T> {
    try {
      return await request(accountLedgerOf(this.namespace, accountId));
    } catch (cause) {
      const message = 'The ledger of this account cannot be reached at the moment. Try again shortly.';
      throw new RelayError('service_unavailable', message, { retryAfterMs: 1_000, cause });
    }
  }
}
