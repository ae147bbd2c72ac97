// How the Worker calls an account's ledger. Its tokens' ledgers call it too, by themselves.
import { RelayError } from '../lib/relay-error.ts';
import {
  type AccountBudget,
  type AccountLedgerRpc,
  type AccountStanding,
  accountLedgerOf,
} from './account-budget.ts';

/** The ledgers of all accounts. Every method throws RelayError `service_unavailable` when the one cannot be reached. */
export interface AccountLedgers {
  /** A newer budget of an account; what its tokens hold of it and do not use comes back at once. */
  configure(accountId: string, budget: AccountBudget): Promise<void>;
  /** What is spent of the budget, for an export. */
  standing(accountId: string, budget: AccountBudget): Promise<AccountStanding>;
  /** What an import carries over of it. Never lowers what is recorded. */
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
