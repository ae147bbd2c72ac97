// Access tokens of service accounts: a signed statement is exchanged for a token that is valid for an hour and
// cached in the isolate. RFC 7523;
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest (2026-11). jose signs.
import { DeadlineTimer, withTimer } from '../lib/deadline-timer.ts';
import { RelayError } from '../lib/relay-error.ts';
import { callUpstream } from './call.ts';
import type { RunOn, UpstreamRequest } from './provider.ts';
import type { ServiceAccount } from './service-account.ts';

/** Limits of signing in. */
export const tokenLimits = {
  /** Tokens that an isolate caches. Beyond that the cache is cleared. */
  cached: 500,
  /** How long before its expiry a token is no longer used: a request takes time. */
  marginMs: 120_000,
  /** The lifetime of a statement, and the requested one of the token; Google's longest. */
  lifeSeconds: 3_600,
  waitMs: 10_000,
  errorCharacters: 500,
} as const;

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/** A token, or the answer that replaces the upstream's. */
type SignIn = { outcome: 'token'; token: string; untilMs: number } | { outcome: 'refused'; refusal: Refusal };

interface Refusal {
  status: number;
  message: string;
  retryAfter: string | null;
}

const cachedTokens = new Map<string, Extract<SignIn, { outcome: 'token' }>>();
/** At most one per account; concurrent requests wait for it. */
const underWay = new Map<string, Promise<SignIn>>();

/**
 * Sets `Authorization: Bearer` with the account's token. Returns the answer of its token endpoint if that
 * refuses.
 */
export function authorizeByAccount(
  request: UpstreamRequest,
  account: ServiceAccount,
  runOn: RunOn,
): Promise<Response | null> | undefined {
  const known = cachedTokens.get(nameOf(account));
  if (known === undefined || known.untilMs <= Date.now()) return authorizeAnew(request, account, runOn);
  request.headers.set('authorization', `Bearer ${known.token}`);
}

/** Drops a token that an upstream refused before its expiry. */
export function forgetToken(account: ServiceAccount): void {
  cachedTokens.delete(nameOf(account));
}

async function authorizeAnew(
  { headers }: UpstreamRequest,
  account: ServiceAccount,
  runOn: RunOn,
): Promise<Response | null> {
  const signedIn = await signInOnce(account, runOn);
  if (signedIn.outcome === 'refused') return responseOf(signedIn.refusal);
  headers.set('authorization', `Bearer ${signedIn.token}`);
  return null;
}

/**
 * Fetches a token for all requests of the isolate. The request that began it may leave: the fetch continues in
 * the background. Other requests wait for it for as long as it may take, then fetch their own.
 */
async function signInOnce(account: ServiceAccount, runOn: RunOn): Promise<SignIn> {
  const name = nameOf(account);
  const shared = underWay.get(name);
  if (shared !== undefined) return (await withTimer(shared, tokenLimits.waitMs)) ?? signIn(account);
  const own = signIn(account);
  underWay.set(name, own);
  const forget = () => underWay.delete(name);
  runOn(own.then(forget, forget));
  return own;
}

async function signIn(account: ServiceAccount): Promise<SignIn> {
  const clock = new DeadlineTimer();
  const abort = new AbortController();
  clock.after(tokenLimits.waitMs, () => abort.abort());
  try {
    const statement = await statementOf(account);
    if (statement === null)
      return refused(401, 'The private key of the service account cannot be read.', null);
    const response = await callUpstream({
      url: account.tokenUri,
      method: 'POST',
      headers: new Headers({ 'content-type': 'application/x-www-form-urlencoded' }),
      body: `${new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: statement })}`,
      abort,
      clock,
      firstByteMs: tokenLimits.waitMs,
    });
    return readAnswer(account, response.status, response.headers.get('retry-after'), await textOf(response));
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    // Only the timeout aborts it.
    throw new RelayError('upstream_timeout', 'The model provider did not answer in time.', { cause });
  } finally {
    clock.stop();
  }
}

/** Returns null if the key is not a service account. */
async function statementOf({
  email,
  privateKey,
  privateKeyId,
  tokenUri,
}: ServiceAccount): Promise<string | null> {
  const [{ SignJWT }, { importPKCS8 }] = await Promise.all([
    import('jose/jwt/sign'),
    import('jose/key/import'),
  ]);
  const key = await importPKCS8(privateKey, 'RS256').catch(() => null);
  if (key === null) return null;
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(privateKeyId !== null && { kid: privateKeyId }) })
    .setIssuer(email)
    .setAudience(tokenUri)
    .setIssuedAt(now)
    .setExpirationTime(now + tokenLimits.lifeSeconds)
    .sign(key);
}

async function textOf(response: Response): Promise<string> {
  return response.text().catch((cause) => {
    throw new RelayError('upstream_error', 'The model provider cannot be reached at the moment.', { cause });
  });
}

function readAnswer(
  account: ServiceAccount,
  status: number,
  retryAfter: string | null,
  text: string,
): SignIn {
  if (status !== 200) return refusedBy(status, retryAfter, text);
  const { token, seconds } = tokenIn(text);
  if (token === null) return refused(502, 'The model provider’s sign-in gave no token.', null);
  const untilMs = Date.now() + seconds * 1_000 - tokenLimits.marginMs;
  const signedIn = { outcome: 'token', token, untilMs } as const;
  if (cachedTokens.size >= tokenLimits.cached) cachedTokens.clear();
  cachedTokens.set(nameOf(account), signedIn);
  return signedIn;
}

/**
 * Converts an error about the statement (400 `invalid_grant`, 401, 403) to a refused key, with words for its
 * operator only: an upstream's 401 never reaches a caller. Other errors mean that the upstream cannot be used at
 * the moment.
 */
function refusedBy(status: number, retryAfter: string | null, text: string): SignIn {
  const about = status >= 400 && status < 500 && status !== 408 && status !== 429;
  const words = text.slice(0, tokenLimits.errorCharacters);
  return about
    ? refused(401, `The service account was refused (${status}): ${words}`, null)
    : refused(status < 400 ? 502 : status, 'The model provider cannot be used at the moment.', retryAfter);
}

function refused(status: number, message: string, retryAfter: string | null): SignIn {
  return { outcome: 'refused', refusal: { status, message, retryAfter } };
}

function tokenIn(text: string): { token: string | null; seconds: number } {
  try {
    const { access_token: token, expires_in: seconds } = JSON.parse(text) as Record<string, unknown>;
    return {
      token: typeof token === 'string' && token !== '' ? token : null,
      seconds: typeof seconds === 'number' ? seconds : 0,
    };
  } catch {
    return { token: null, seconds: 0 };
  }
}

/** Google's shape, which the formats' readers know. */
function responseOf({ status, message, retryAfter }: Refusal): Response {
  const headers = retryAfter === null ? {} : { 'retry-after': retryAfter };
  return Response.json({ error: { code: status, message, status: 'UNAUTHENTICATED' } }, { status, headers });
}

/** The cache key. Another key of the same account is another entry: the old one may be revoked. */
function nameOf({ email, privateKey, tokenUri }: ServiceAccount): string {
  return `${email} ${tokenUri} ${privateKey}`;
}
