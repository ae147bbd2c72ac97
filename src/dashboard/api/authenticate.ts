// Who calls the management API. Today: whoever holds ADMIN_KEY. Access keys of accounts and the dashboard's
// session come in here, and nothing after this file asks how.
import type { MiddlewareHandler } from 'hono';
import { tokenPrefix } from '../../tokens/secret.ts';
import { Problem } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** On whose behalf a call is made. */
export interface Principal {
  accountId: string;
  role: 'admin' | 'member';
}

/** What the routes find in their context. */
export interface ApiEnv {
  Variables: { principal: Principal };
}

/** The account that ADMIN_KEY acts for; schema.sql makes it. */
export const adminAccountId = 'acc_admin';

/** Lets nobody pass who is not known. */
export function requirePrincipal(services: Pick<ManagementServices, 'adminKey'>): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    context.set('principal', await authenticate(context.req.header('authorization'), services));
    await next();
  };
}

/** The caller, or a thrown Problem that says what is missing. */
export async function authenticate(
  authorization: string | undefined,
  { adminKey }: Pick<ManagementServices, 'adminKey'>,
): Promise<Principal> {
  if (adminKey === null) {
    throw new Problem(
      503,
      'ADMIN_KEY is not set. Set it as a secret (`npm run deploy` does) and deploy again.',
    );
  }
  const credential = /^Bearer +(.+)$/i.exec(authorization?.trim() ?? '')?.[1];
  if (credential === undefined) throw unauthorized('Send the admin key: `Authorization: Bearer ADMIN_KEY`.');
  if (await isSame(credential, adminKey)) return { accountId: adminAccountId, role: 'admin' };
  if (credential.startsWith(tokenPrefix)) {
    throw unauthorized('This is a relay token, for calling models. The management API wants the admin key.');
  }
  throw unauthorized('The admin key is wrong.');
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
