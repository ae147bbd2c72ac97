// /api/login-methods, /api/passkeys, /api/identities: how the caller's own account signs in besides its password.
// A page creates a passkey in two calls, with the browser's own step between them.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { accountLimits } from '../accounts/account.ts';
import type { LoginMethods } from '../accounts/identity-store.ts';
import { beginRegistration, finishRegistration, type PasskeyServices } from '../accounts/passkey.ts';
import type { Passkey } from '../accounts/passkey-store.ts';
import type { ApiEnv } from './authenticate.ts';
import { fieldProblem, notFound, Problem } from './problem.ts';
import { bodyFailures, callFailures, conflictFailure, json, jsonBody, missingFailure } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const security = [{ adminKey: [] }];
const tags = ['own account'];

const passkey = z
  .object({ id: z.string(), name: z.string(), created_at: isoTime, last_used_at: isoTime.nullable() })
  .openapi('Passkey');
const identity = z.object({ provider: z.enum(['github']), label: z.string() }).openapi('Identity');
const loginMethods = z
  .object({
    email: z.string().nullable(),
    password: z.boolean(),
    passkeys: z.array(passkey),
    identities: z.array(identity),
  })
  .openapi('LoginMethods');

const loginMethodsRoute = createRoute({
  method: 'get',
  path: '/login-methods',
  summary: 'How the own account can log in.',
  tags,
  security,
  responses: { 200: json(loginMethods, 'All ways.'), ...missingFailure, ...callFailures },
});
const optionsRoute = createRoute({
  method: 'post',
  path: '/passkeys/options',
  summary:
    'What the browser is to make a passkey with (WebAuthn). `state` goes back with its answer within ten minutes.',
  tags,
  security,
  responses: {
    200: json(
      z.object({ options: z.looseObject({}), state: z.string() }),
      'For navigator.credentials.create().',
    ),
    ...conflictFailure,
    ...callFailures,
  },
});
const addRoute = createRoute({
  method: 'post',
  path: '/passkeys',
  summary: 'Keep the passkey that the browser has made.',
  tags,
  security,
  request: {
    body: jsonBody(
      z
        .strictObject({
          name: z.string().trim().min(1, 'must not be empty').max(accountLimits.nameCharacters),
          state: z.string(),
          response: z.looseObject({}),
        })
        .openapi('NewPasskey'),
    ),
  },
  responses: { 201: json(passkey, 'It logs in from now on.'), ...bodyFailures, ...callFailures },
});
const deleteRoute = createRoute({
  method: 'delete',
  path: '/passkeys/{id}',
  summary: 'Delete a passkey of the own account.',
  tags,
  security,
  request: { params: z.object({ id: z.string() }) },
  responses: {
    204: { description: 'It logs in no more.' },
    ...missingFailure,
    ...conflictFailure,
    ...callFailures,
  },
});
const unlinkRoute = createRoute({
  method: 'delete',
  path: '/identities/{provider}',
  summary: 'Log in by that provider no more.',
  tags,
  security,
  request: { params: z.object({ provider: z.string() }) },
  responses: {
    204: { description: 'It is unlinked.' },
    ...missingFailure,
    ...conflictFailure,
    ...callFailures,
  },
});

/** Adds the routes of the ways in. */
export function addLoginMethodRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  // The path of version 0.1; it will be removed two versions later.
  api.get('/ways-in', (context) => context.redirect('login-methods', 301));
  const { identities } = services;
  api.openapi(loginMethodsRoute, async (context) => {
    const ways = await waysOf(services, context.var.principal.accountId);
    const { email, hasPassword, passkeys, identities: known } = ways;
    const view = {
      email,
      password: hasPassword,
      passkeys: passkeys.map(passkeyView),
      identities: known.map(({ provider, label }) => ({ provider, label })),
    };
    return context.json(view, 200);
  });
  api.openapi(unlinkRoute, async (context) => {
    const { accountId } = context.var.principal;
    const { provider } = context.req.valid('param');
    const ways = await waysOf(services, accountId);
    if (!ways.identities.some((known) => known.provider === provider)) throw notFound('identity');
    checkStaysOpen(ways);
    await identities.unlink(accountId, provider);
    return context.body(null, 204);
  });
  addPasskeyRoutes(api, services);
}

function addPasskeyRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { accounts, passkeys } = services;
  api.openapi(optionsRoute, async (context) => {
    const { accountId } = context.var.principal;
    const [account, known] = await Promise.all([accounts.find(accountId), passkeys.of(accountId)]);
    if (known.length >= accountLimits.passkeysOfAccount) {
      throw new Problem(
        409,
        `An account has ${accountLimits.passkeysOfAccount} passkeys at most; delete one.`,
      );
    }
    const named = { id: accountId, name: account?.email ?? account?.name ?? accountId };
    const step = await beginRegistration(passkeyServices(services), named, context.req.url);
    return context.json({ ...step, options: { ...step.options } }, 200);
  });
  api.openapi(addRoute, async (context) => {
    const { name, ...answer } = context.req.valid('json');
    const { accountId } = context.var.principal;
    const made = await finishRegistration(
      passkeyServices(services),
      accountId,
      name,
      context.req.url,
      answer,
    );
    if (made === null) {
      throw fieldProblem(
        'response',
        'this passkey was not made here and now, or is known already; try again',
      );
    }
    return context.json(passkeyView({ ...made, name, lastUsedAtMs: null }), 201);
  });
  api.openapi(deleteRoute, async (context) => {
    const { accountId } = context.var.principal;
    const { id } = context.req.valid('param');
    const ways = await waysOf(services, accountId);
    if (!ways.passkeys.some(({ credentialId }) => credentialId === id)) throw notFound('passkey');
    checkStaysOpen(ways);
    await passkeys.delete(accountId, id);
    return context.body(null, 204);
  });
}

async function waysOf({ identities }: ManagementServices, accountId: string): Promise<LoginMethods> {
  const ways = await identities.waysOf(accountId);
  if (ways === null) throw notFound('account');
  return ways;
}

/** Nobody can lock themselves out. */
function checkStaysOpen({ hasPassword, passkeys, identities }: LoginMethods): void {
  if (passkeys.length + identities.length + (hasPassword ? 1 : 0) > 1) return;
  throw new Problem(409, 'This is the only way into the account. Set a password, or add a passkey, first.');
}

/** Returns what passkeys need. Throws a Problem when ENCRYPTION_KEY is not set. */
function passkeyServices({ db, passkeys, encryptionKey, now }: ManagementServices): PasskeyServices {
  if (encryptionKey === null) throw new Problem(503, 'Passkeys need ENCRYPTION_KEY, which is not set.');
  return { db, passkeys, encryptionKey, now };
}

function passkeyView({ credentialId, name, createdAtMs, lastUsedAtMs }: Passkey): z.infer<typeof passkey> {
  return { id: credentialId, name, created_at: isoOf(createdAtMs), last_used_at: isoOf(lastUsedAtMs) };
}
