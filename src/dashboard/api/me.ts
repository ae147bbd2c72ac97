// /api/sessions, /api/access-keys, and /api/password: how an account signs in. Callers see only their own.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type AccessKey, accountLimits, type Session } from '../accounts/account.ts';
import { normalEmail } from '../accounts/log-in.ts';
import { currentPasswordCounters } from '../accounts/login-limits.ts';
import { forgetTries, takeTry } from '../accounts/login-try-store.ts';
import { hashPassword, isPassword } from '../accounts/password.ts';
import { accessKeyPrefix, hashOfSecret, newId, newSecretValue } from '../accounts/secret-value.ts';
import type { ApiEnv } from './authenticate.ts';
import { pageOf, pageOfAll, shortListParameters } from './pages.ts';
import { fieldProblem, notFound, Problem } from './problem.ts';
import {
  bodyFailures,
  callFailures,
  inputFailures,
  json,
  jsonBody,
  missingFailure,
  tryFailure,
} from './responses.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const security = [{ adminKey: [] }];
const tags = ['own account'];
const params = z.object({ id: z.string() });

/** A password that may be set. */
export const newPassword = z
  .string()
  .min(
    accountLimits.passwordCharactersAtLeast,
    `at least ${accountLimits.passwordCharactersAtLeast} characters`,
  )
  .max(accountLimits.passwordCharacters, `at most ${accountLimits.passwordCharacters} characters`);

/** An email to sign in with. */
const newEmail = z
  .string()
  .transform(normalEmail)
  .pipe(z.email('this is no email address').max(accountLimits.emailCharacters));

const session = z
  .object({
    id: z.string(),
    user_agent: z.string(),
    current: z.boolean(),
    created_at: isoTime,
    expires_at: isoTime,
  })
  .openapi('Session');
const accessKey = z
  .object({ id: z.string(), name: z.string(), hint: z.string(), created_at: isoTime })
  .openapi('AccessKey');
const keyName = z.string().trim().min(1, 'must not be empty').max(accountLimits.nameCharacters);

const listSessionsRoute = createRoute({
  method: 'get',
  path: '/sessions',
  summary: 'Where the own account is logged in.',
  tags,
  security,
  request: { query: z.object(shortListParameters) },
  responses: { 200: json(pageOf(session), 'A page, newest first.'), ...inputFailures, ...callFailures },
});
const endSessionRoute = createRoute({
  method: 'delete',
  path: '/sessions/{id}',
  summary: 'End a session of the own account.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'It is over.' }, ...missingFailure, ...callFailures },
});
const listKeysRoute = createRoute({
  method: 'get',
  path: '/access-keys',
  summary: 'Access keys of the own account, for this API.',
  tags,
  security,
  request: { query: z.object(shortListParameters) },
  responses: { 200: json(pageOf(accessKey), 'A page, newest first.'), ...inputFailures, ...callFailures },
});
const createKeyRoute = createRoute({
  method: 'post',
  path: '/access-keys',
  summary: 'Make an access key that may do what its account may. The only time that its value is shown.',
  tags,
  security,
  request: { body: jsonBody(z.strictObject({ name: keyName }).openapi('NewAccessKey')) },
  responses: {
    201: json(accessKey.extend({ key: z.string() }), 'The key.'),
    ...bodyFailures,
    ...callFailures,
  },
});
const deleteKeyRoute = createRoute({
  method: 'delete',
  path: '/access-keys/{id}',
  summary: 'Delete an access key of the own account.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'It is dead.' }, ...missingFailure, ...callFailures },
});
const passwordRoute = createRoute({
  method: 'post',
  path: '/password',
  summary: 'Set or change the own password. All other sessions end.',
  tags,
  security,
  request: {
    body: jsonBody(
      z
        .strictObject({
          current_password: z.string().default('').openapi({ description: 'Needed when there is one.' }),
          password: newPassword,
          email: newEmail.optional().openapi({
            type: 'string',
            description: 'Needed when the account has none: it logs in by both.',
          }),
        })
        .openapi('PasswordChange'),
    ),
  },
  responses: { 204: { description: 'It is changed.' }, ...bodyFailures, ...callFailures, ...tryFailure },
});

/** Adds the routes of the own account. */
export function addMeRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { accounts, now } = services;
  api.openapi(listSessionsRoute, async (context) => {
    const { accountId, sessionId } = context.var.principal;
    const sessions = await accounts.sessionsOf(accountId, now());
    const { page, next_cursor } = pageOfAll(sessions, context.req.valid('query'), 'newest-first');
    return context.json({ data: page.map((one) => sessionView(one, sessionId)), next_cursor }, 200);
  });
  api.openapi(endSessionRoute, async (context) => {
    const { id } = context.req.valid('param');
    if (!(await accounts.endSession(context.var.principal.accountId, id))) throw notFound('session');
    return context.body(null, 204);
  });
  api.openapi(passwordRoute, async (context) => {
    const { accountId, sessionId } = context.var.principal;
    const { current_password, password, email } = context.req.valid('json');
    const [current, account] = await Promise.all([accounts.passwordOf(accountId), accounts.find(accountId)]);
    if (current !== null) await checkCurrent(services, accountId, current_password, current);
    checkEmail(account?.email ?? null, email);
    if (!(await accounts.setPassword(accountId, await hashPassword(password), email))) {
      throw fieldProblem('email', 'there is an account with this email already');
    }
    await accounts.endOtherSessions(accountId, sessionId ?? '');
    return context.body(null, 204);
  });
  addKeyRoutes(api, services);
}

/** A password is useless without an email. */
function checkEmail(known: string | null, given: string | undefined): void {
  if (known === null && given === undefined) throw fieldProblem('email', 'is missing: the account has none');
  if (known !== null && given !== undefined && given !== known) {
    throw fieldProblem('email', 'the account has another one already');
  }
}

/** A person who finds an open session must not be able to guess the password. */
async function checkCurrent(
  { db, now }: ManagementServices,
  accountId: string,
  given: string,
  current: string,
): Promise<void> {
  // Tries of a session or a key count for the account, wherever the calls come from.
  const counters = currentPasswordCounters(accountId);
  if ((await takeTry(db, counters, now())).outcome === 'refused') {
    const message = 'too many tries; wait a quarter of an hour';
    throw new Problem(429, message, { errors: [{ field: 'current_password', message }] });
  }
  if (!(await isPassword(given, current)))
    throw fieldProblem('current_password', 'this is not the current password');
  await forgetTries(db, counters);
}

function addKeyRoutes(api: OpenAPIHono<ApiEnv>, { accounts, now }: ManagementServices): void {
  api.openapi(listKeysRoute, async (context) => {
    const keys = await accounts.accessKeysOf(context.var.principal.accountId);
    const { page, next_cursor } = pageOfAll(keys, context.req.valid('query'), 'newest-first');
    return context.json({ data: page.map(keyView), next_cursor }, 200);
  });
  api.openapi(createKeyRoute, async (context) => {
    const { accountId } = context.var.principal;
    const known = await accounts.accessKeysOf(accountId);
    if (known.length >= accountLimits.accessKeysOfAccount) {
      throw fieldProblem(
        'name',
        `an account has ${accountLimits.accessKeysOfAccount} keys at most; delete one`,
      );
    }
    const key = newSecretValue(accessKeyPrefix);
    const { name } = context.req.valid('json');
    const hint = `${accessKeyPrefix}…${key.slice(-4)}`;
    const made = { id: newId('ak'), name, hint, createdAtMs: now() };
    await accounts.addAccessKey(hashOfSecret(key), accountId, made);
    return context.json({ ...keyView(made), key }, 201);
  });
  api.openapi(deleteKeyRoute, async (context) => {
    const { id } = context.req.valid('param');
    if (!(await accounts.deleteAccessKey(context.var.principal.accountId, id))) throw notFound('access key');
    return context.body(null, 204);
  });
}

function sessionView(one: Session, currentId: string | undefined): z.infer<typeof session> {
  const { id, userAgent, createdAtMs, expiresAtMs } = one;
  const current = id === currentId;
  return {
    id,
    user_agent: userAgent,
    current,
    created_at: isoOf(createdAtMs),
    expires_at: isoOf(expiresAtMs),
  };
}

function keyView({ id, name, hint, createdAtMs }: AccessKey): z.infer<typeof accessKey> {
  return { id, name, hint, created_at: isoOf(createdAtMs) };
}
