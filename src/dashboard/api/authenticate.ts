// Authenticates callers of the management API: the holder of ADMIN_KEY, an account's access key, or the
// dashboard's session (changes must then come from one of our own pages). The code behind it no longer needs to
// know which.
import type { Context, MiddlewareHandler } from 'hono';
import { tokenPrefix } from '../../tokens/secret.ts';
import { adminAccountId, type Principal } from '../accounts/account.ts';
import { clientAddress } from '../accounts/client-address.ts';
import { type FailedSignIn, recordFailedSignIn } from '../accounts/failed-sign-in-log.ts';
import { accessKeyCounters, adminKeyCounters, type TryCounter } from '../accounts/login-limits.ts';
import { checkTries, type Try, takeTry } from '../accounts/login-try-store.ts';
import { accessKeyPrefix, hashOfSecret } from '../accounts/secret-value.ts';
import { isFromOwnPage, sessionValue } from '../accounts/session-cookie.ts';
import { Problem } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** What routes find in their context. */
export interface ApiEnv {
  Variables: {
    principal: Principal;
    /** What the audit records instead of the body. */
    recorded?: object;
  };
}

type Authenticating = Pick<ManagementServices, 'adminKey' | 'accounts' | 'db' | 'now'>;

/** Refuses unknown callers. `known`: already authenticated, by code that calls the API inside the Worker. */
export function requirePrincipal(services: Authenticating, known?: Principal): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    context.set('principal', known ?? (await principalOf(context, services)));
    await next();
  };
}

async function principalOf(context: Context, services: Authenticating): Promise<Principal> {
  const authorization = context.req.header('authorization');
  const cookie = authorization === undefined ? sessionValue(context) : null;
  if (cookie === null) return authenticate(authorization, clientAddress(context.req.raw), services);
  const principal = await principalOfSession(cookie, services);
  if (principal === null) throw unauthorized('The session is over. Log in again.');
  const changes = !['GET', 'HEAD'].includes(context.req.method);
  if (changes && !isFromOwnPage(context.req.raw)) {
    throw new Problem(403, 'A session changes things only from the dashboard itself. Use an access key.');
  }
  return principal;
}

/** Returns the account of a session's cookie, or null if the session has ended. */
export async function principalOfSession(
  value: string,
  { accounts, now }: Pick<Authenticating, 'accounts' | 'now'>,
): Promise<Principal | null> {
  const proven = await accounts.proveSession(hashOfSecret(value), now());
  if (proven === null) return null;
  const { accountId, role, name, id } = proven;
  return { accountId, role, name, sessionId: id };
}

/**
 * Returns the caller. Throws a Problem that names what is missing. Wrong keys of one address are counted; an
 * address that has sent too many gets a 429, even for the admin key (which could be guessed), but never for a
 * valid access key.
 */
async function authenticate(
  authorization: string | undefined,
  ip: string,
  services: Authenticating,
): Promise<Principal> {
  const { adminKey } = services;
  const credential = /^Bearer +(.+)$/i.exec(authorization?.trim() ?? '')?.[1];
  if (credential?.startsWith(accessKeyPrefix)) return principalOfKey(credential, ip, services);
  if (adminKey === null) {
    throw new Problem(
      503,
      'ADMIN_KEY is not set. Set it as a secret (`npm run deploy` does) and deploy again.',
    );
  }
  if (credential === undefined) throw unauthorized('Send the admin key: `Authorization: Bearer ADMIN_KEY`.');
  const counters = adminKeyCounters(ip, null);
  if (await isSame(credential, adminKey)) {
    refuseIfUsedUp(await checkTries(services.db, counters, services.now));
    return { accountId: adminAccountId, role: 'admin' };
  }
  await countWrongKey(services, counters, { way: 'admin key', accountId: adminAccountId, ip });
  if (credential.startsWith(tokenPrefix)) {
    throw unauthorized('This is a relay token, for calling models. The management API wants the admin key.');
  }
  throw unauthorized('The admin key is wrong.');
}

async function principalOfKey(key: string, ip: string, services: Authenticating): Promise<Principal> {
  const proven = await services.accounts.proveAccessKey(hashOfSecret(key));
  if (proven !== null) return { accountId: proven.accountId, role: proven.role };
  await countWrongKey(services, accessKeyCounters(ip), { way: 'access key', accountId: null, ip });
  throw unauthorized('The access key does not exist, or was deleted.');
}

/** Counts and records a wrong key. Throws a Problem (429) when its address has sent too many. */
async function countWrongKey(
  { db, now }: Authenticating,
  counters: readonly TryCounter[],
  failed: Omit<FailedSignIn, 'nowMs'>,
): Promise<void> {
  refuseIfUsedUp(await takeTry(db, counters, now()));
  await recordFailedSignIn(db, { ...failed, nowMs: now() });
}

function refuseIfUsedUp(attempt: Try): void {
  if (attempt.outcome === 'taken') return;
  const seconds = Math.ceil(attempt.retryAfterMs / 1_000);
  const detail = `Too many wrong keys came from your address. Try again in ${seconds} seconds.`;
  throw new Problem(429, detail, { headers: { 'retry-after': String(seconds) } });
}

function unauthorized(detail: string): Problem {
  return new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer' } });
}

/** Hashed first, so that the time taken reveals neither length nor content. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([digest(one), digest(other)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
