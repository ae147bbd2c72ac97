// What a role may do: an admin everything, a member what is named here, of its own account only.
import type { MiddlewareHandler } from 'hono';
import type { TokenRecord } from '../../tokens/columns.ts';
import type { Principal } from '../accounts/account.ts';
import type { ApiEnv } from './authenticate.ts';
import { fieldProblem, notFound, Problem } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** Paths (after /api) that members may call; whatever is new is closed to them until it is named here. */
const forMembers =
  /^(\/api)?\/(tokens(\/[^/]+(\/rotate)?)?|logs(\/[^/]+)?|logs\.csv|usage(\/top)?|sessions(\/[^/]+)?|access-keys(\/[^/]+)?|password|login-methods|ways-in|passkeys(\/[^/]+)?|identities\/[^/]+)$/;

/** Refuses a member what is an admin's. */
export const requireRole: MiddlewareHandler<ApiEnv> = async (context, next) => {
  const { role } = context.var.principal;
  if (role !== 'admin' && !forMembers.test(context.req.path)) {
    throw new Problem(403, 'Only an admin may do this.');
  }
  await next();
};

/** The account that a list is narrowed to: a member sees its own, whatever it asks for. */
export function accountInView(principal: Principal, asked: string | undefined): string | undefined {
  return principal.role === 'admin' ? asked : principal.accountId;
}

/** The token. Another account's is not found by a member: not even whether it exists is told. Throws a Problem (404). */
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

/** What an admin has set stays: only an admin takes it away. */
export function checkMayEditAdminPart({ role }: Principal, edit: null | undefined): void {
  if (edit !== undefined && role !== 'admin') throw fieldProblem('admin', 'only an admin may change it');
}

/** A group has a price and channels: which one a token is in is not its owner's to say. */
export function checkMayChooseGroup(principal: Principal, group: string | undefined): void {
  if (group !== undefined && principal.role !== 'admin')
    throw fieldProblem('group', 'only an admin may set it');
}
