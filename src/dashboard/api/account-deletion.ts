// The steps of deleting an account. It is disabled and signed out first, so that nothing new begins; then its
// tokens are deleted at their ledgers, which ends their streams; then all personal data is deleted. A call that
// fails half-way answers 503; repeating the call continues.
import { adminAccountId, type Principal } from '../accounts/account.ts';
import { erasePerson } from '../accounts/account-deletion-store.ts';
import { managementLimits } from './limits.ts';
import { notFound, Problem, unavailable } from './problem.ts';
import type { ManagementServices } from './services.ts';
import { TokenWrites } from './token-writes.ts';

/** Ledgers that are called at the same time. */
const tokensAtATime = 50;

/**
 * Deletes an account and its personal data. Throws a Problem: 409 for the caller's own account and for that of
 * ADMIN_KEY, which always stays an active admin; 404 if there is no such account; 503 when a ledger cannot be
 * reached, or when there are more tokens than one call may delete.
 */
export async function deleteAccount(
  services: ManagementServices,
  id: string,
  { accountId }: Principal,
): Promise<void> {
  if (id === accountId) throw new Problem(409, 'You cannot delete your own account. Ask another admin.');
  if (id === adminAccountId) {
    throw new Problem(409, 'This account is ADMIN_KEY’s, the last admin: it cannot be deleted.');
  }
  if ((await services.accounts.update(id, { status: 'disabled' })) === null) throw notFound('account');
  await deleteTokens(services, id);
  await erasePerson(services.db, id, services.now());
}

async function deleteTokens(services: ManagementServices, accountId: string): Promise<void> {
  const writes = new TokenWrites(services);
  for (let deleted = 0; deleted <= managementLimits.tokensDeletedAtOnce; deleted += tokensAtATime) {
    const page = await services.tokens.list({ accountId }, null, tokensAtATime);
    if (page.length === 0) return;
    if (deleted < managementLimits.tokensDeletedAtOnce) await writes.deleteAll(page);
  }
  throw unavailable(
    `The account is disabled and ${managementLimits.tokensDeletedAtOnce} of its tokens are deleted. Repeat the call for the rest.`,
  );
}
