// Who calls the management API: whoever holds ADMIN_KEY, an account's access key, or the dashboard's session (then
// what changes anything must come from a page of ours). Nothing after this file asks how.
import type { Context, MiddlewareHandler } from 'hono';
import { tokenPrefix } from '../../tokens/secret.ts';
import { adminAccountId, type Principal } from '../accounts/account.ts';
import { accessKeyPrefix, hashOfSecret } from '../accounts/secret-value.ts';
import { isFromOwnPage, sessionValue } from '../accounts/session-cookie.ts';
import { Problem } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** What the routes find in their context. */
export interface ApiEnv {
  Variables: { principal: Principal };
}

type Authenticating = Pick<ManagementServices, 'adminKey' | 'accounts' | 'now'>;

/** Lets nobody pass who is not known. `known`: already proven, by whoever calls the API inside the Worker. */
export function requirePrincipal(services: Authenticating, known?: Principal): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    context.set('principal', known ?? (await principalOf(context, services)));
    await next();
  };
}

async function principalOf(context: Context, services: Authenticating): Promise<Principal> {
  const authorization = context.req.header('authorization');
  const cookie = authorization === undefined ? sessionValue(context) : null;
  if (cookie === null) return authenticate(authorization, services);
  const principal = await principalOfSession(cookie, services);
  if (principal === null) throw unauthorized('The session is over. Log in again.');
  const changes = !['GET', 'HEAD'].includes(context.req.method);
  if (changes && !isFromOwnPage(context.req.raw)) {
    throw new Problem(403, 'A session changes things only from the dashboard itself. Use an access key.');
  }
  return principal;
}

/** Whom a session's cookie stands for; null: nobody, any more. */
export async function principalOfSession(
  value: string,
  { accounts, now }: Pick<Authenticating, 'accounts' | 'now'>,
): Promise<Principal | null> {
  const proven = await accounts.proveSession(hashOfSecret(value), now());
  if (proven === null) return null;
  const { accountId, role, name, id } = proven;
  return { accountId, role, name, sessionId: id };
}

/** The caller, or a thrown Problem that says what is missing. */
export async function authenticate(
  authorization: string | undefined,
  { adminKey, accounts }: Pick<Authenticating, 'adminKey' | 'accounts'>,
): Promise<Principal> {
  const credential = /^Bearer +(.+)$/i.exec(authorization?.trim() ?? '')?.[1];
  if (credential?.startsWith(accessKeyPrefix)) return principalOfKey(credential, accounts);
  if (adminKey === null) {
    throw new Problem(
      503,
      'ADMIN_KEY is not set. Set it as a secret (`npm run deploy` does) and deploy again.',
    );
  }
  if (credential === undefined) throw unauthorized('Send the admin key: `Authorization: Bearer ADMIN_KEY`.');
  if (await isSame(credential, adminKey)) return { accountId: adminAccountId, role: 'admin' };
  if (credential.startsWith(tokenPrefix)) {
    throw unauthorized('This is a relay token, for calling models. The management API wants the admin key.');
  }
  throw unauthorized('The admin key is wrong.');
}

async function principalOfKey(key: string, accounts: Authenticating['accounts']): Promise<Principal> {
  const proven = await accounts.proveAccessKey(hashOfSecret(key));
  if (proven === null) throw unauthorized('The access key does not exist, or was deleted.');
  return { accountId: proven.accountId, role: proven.role };
}

function unauthorized(detail: string): Problem {
  return new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer' } });
}

/** Hashed first, so that neither length nor content shows in the time taken. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([digest(one), digest(other)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
