// What a role may do: an admin everything, a member what is listed here, for the own account only.
import type { MiddlewareHandler } from 'hono';
import type { TokenRecord } from '../../tokens/columns.ts';
import type { Principal } from '../accounts/account.ts';
import type { ApiEnv } from './authenticate.ts';
import { fieldProblem, notFound, Problem } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** Paths (after /api) that members may call. New paths are closed to them until they are listed here. */
const forMembers =
  /^(\/api)?\/(tokens(\/[^/]+(\/(rotate|playground-secret))?)?|logs(\/[^/]+)?|logs\.csv|usage(\/top)?|usage\.csv|served-models|sessions(\/[^/]+)?|access-keys(\/[^/]+)?|password|login-methods|ways-in|passkeys(\/[^/]+)?|identities\/[^/]+)$/;

/** Refuses members what only admins may do. */
export const requireRole: MiddlewareHandler<ApiEnv> = async (context, next) => {
  const { role } = context.var.principal;
  if (role !== 'admin' && !forMembers.test(context.req.path)) {
    throw new Problem(403, 'Only an admin may do this.');
  }
  await next();
};

/** Returns the account that a list is limited to: members see only their own. */
export function accountInView(principal: Principal, asked: string | undefined): string | undefined {
  return principal.role === 'admin' ? asked : principal.accountId;
}

/** Returns the token. For a member, another account's token does not exist. Throws a Problem (404). */
export async function findVisibleToken(
  { role, accountId }: Principal,
  tokenId: string,
  { tokens }: Pick<ManagementServices, 'tokens'>,
): Promise<TokenRecord> {
  const record = await tokens.find(tokenId);
  const isHidden = role !== 'admin' && record?.policy.accountId !== accountId;
  if (record === null || isHidden) throw notFound('token');
  return record;
}

/**
 * Returns the account that owns a new token. Only admins may name another one. Throws a Problem (400) if it does not
 * exist or is disabled.
 */
export async function ownerOfNewToken(
  { role, accountId }: Principal,
  requested: string | undefined,
  { accounts }: Pick<ManagementServices, 'accounts'>,
): Promise<string> {
  if (requested === undefined || requested === accountId) return accountId;
  if (role !== 'admin')
    throw fieldProblem('account_id', 'only an admin may create tokens for other accounts');
  const account = await accounts.find(requested);
  if (account === null) throw fieldProblem('account_id', `there is no account ${requested}`);
  if (account.status !== 'active') throw fieldProblem('account_id', 'this account is disabled');
  return requested;
}

/** An admin's values stay: only an admin can remove them. */
export function checkMayEditAdminPart({ role }: Principal, edit: null | undefined): void {
  if (edit !== undefined && role !== 'admin') throw fieldProblem('admin', 'only an admin may change it');
}

/** A group sets prices and channels, so members cannot choose their tokens' group. */
export function checkMayChooseGroup(principal: Principal, group: string | undefined): void {
  if (group !== undefined && principal.role !== 'admin')
    throw fieldProblem('group', 'only an admin may set it');
}
