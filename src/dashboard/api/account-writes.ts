// Applies a disabled or enabled account, or a new budget, to the account's tokens. Each token's ledger is called,
// so that the change holds at the very next request. The account's own row is written before. A call that fails
// half-way answers 503; repeating the call completes it.
import { identityOf } from '../../tokens/resolve.ts';
import { unavailable } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** Ledgers that are called at the same time. */
const ledgersAtATime = 50;

export async function putAccountIntoForce(services: ManagementServices, accountId: string): Promise<void> {
  const { tokens, ledgers, accountLedgers, tokenCache, report } = services;
  const policies = await tokens.renewOfAccount(accountId);
  try {
    const budget = policies.find(({ accountBudget }) => accountBudget !== undefined)?.accountBudget;
    for (let at = 0; at < policies.length; at += ledgersAtATime) {
      const some = policies.slice(at, at + ledgersAtATime);
      await Promise.all(some.map((policy) => ledgers.configure(policy)));
    }
    if (budget !== undefined) await accountLedgers.configure(accountId, budget);
  } catch (error) {
    report('account-change-not-in-force', error);
    throw unavailable(
      'The change is stored, but may not be in force yet: a ledger cannot be reached. Repeat the call.',
    );
  }
  const identities = policies.flatMap((policy) => policy.hashes.map(({ hash }) => identityOf(policy, hash)));
  await Promise.all(identities.map((identity) => tokenCache.put(identity)));
}
