// /api/accounts and /api/invites: the people of a deployment. For admins.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { usdFromNano } from '../../lib/money.ts';
import { type Account, accountLimits, adminAccountId, type Invite } from '../accounts/account.ts';
import { type AccountBoundsEdit, setAccountBounds } from '../accounts/account-bounds-store.ts';
import { addInvite, deleteInvite, openInvites } from '../accounts/invite-store.ts';
import { hashOfSecret, newId, newSecretValue } from '../accounts/secret-value.ts';
import { deleteAccount } from './account-deletion.ts';
import { putAccountIntoForce } from './account-writes.ts';
import type { ApiEnv } from './authenticate.ts';
import { checkGroup } from './group-writes.ts';
import { pageOf, pageOfAll, shortListParameters } from './pages.ts';
import { fieldProblem, notFound } from './problem.ts';
import {
  bodyFailures,
  callFailures,
  conflictFailure,
  inputFailures,
  json,
  jsonBody,
  missingFailure,
} from './responses.ts';
import type { ManagementServices } from './services.ts';
import { budget, modelList } from './token-fields.ts';
import { instant, isoOf, isoTime, msOf, nanoOf, usd } from './values.ts';

const security = [{ adminKey: [] }];
const tags = ['accounts'];
const params = z.object({ id: z.string() });
const name = z.string().trim().min(1, 'must not be empty').max(accountLimits.nameCharacters);
const role = z.enum(['admin', 'member']);
const status = z.enum(['active', 'disabled']);

const account = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    role,
    status,
    created_at: isoTime,
    last_login_at: isoTime.nullable(),
    budget: z.object({ usd, period: z.enum(['day', 'week', 'month']) }).nullable(),
    group: z.string().nullable(),
    models: z.array(z.string()),
    expires_at: isoTime.nullable(),
  })
  .openapi('Account');
const accountEdit = z
  .strictObject({
    name: name.optional(),
    role: role.optional(),
    status: status.optional(),
    budget: budget.nullish().openapi({ description: 'What all its tokens share; null: no bound.' }),
    group: z
      .string()
      .min(1)
      .nullish()
      .openapi({ description: 'Of all its tokens, whatever their own is; null: their own.' }),
    models: modelList.nullish().openapi({
      description: 'What all its tokens may use at most: exact names or `*` wildcards; empty is all.',
    }),
    expires_at: instant.nullish().openapi({ description: 'When all its tokens end, if not sooner.' }),
  })
  .openapi('AccountEdit');
type AccountEdit = z.infer<typeof accountEdit>;
const invite = z
  .object({ id: z.string(), name: z.string(), role, created_at: isoTime, expires_at: isoTime })
  .openapi('Invite');

const listRoute = createRoute({
  method: 'get',
  path: '/accounts',
  summary: 'Accounts, oldest first.',
  tags,
  security,
  request: { query: z.object(shortListParameters) },
  responses: { 200: json(pageOf(account), 'A page.'), ...inputFailures, ...callFailures },
});
const readRoute = createRoute({
  method: 'get',
  path: '/accounts/{id}',
  summary: 'One account.',
  tags,
  security,
  request: { params },
  responses: { 200: json(account, 'The account.'), ...missingFailure, ...callFailures },
});
const editRoute = createRoute({
  method: 'patch',
  path: '/accounts/{id}',
  summary: 'Edit an account. Disabled, all its tokens and sessions stop at once.',
  tags,
  security,
  request: {
    params,
    body: jsonBody(accountEdit),
  },
  responses: { 200: json(account, 'As it is now.'), ...bodyFailures, ...missingFailure, ...callFailures },
});
const deleteRoute = createRoute({
  method: 'delete',
  path: '/accounts/{id}',
  summary: 'Delete an account, its tokens and its personal data.',
  description:
    'Its tokens stop at their next request, its streams within a second. Log rows and sums keep its id, and no name or email. Not the own account, nor that of ADMIN_KEY.',
  tags,
  security,
  request: { params },
  responses: {
    204: { description: 'The account is deleted.' },
    ...missingFailure,
    ...conflictFailure,
    ...callFailures,
  },
});
const inviteRoute = createRoute({
  method: 'post',
  path: '/invites',
  summary: 'Invite somebody. `secret` is shown this once: the link is /dashboard/invite?secret=…',
  tags,
  security,
  request: { body: jsonBody(z.strictObject({ name, role: role.default('member') }).openapi('NewInvite')) },
  responses: {
    201: json(invite.extend({ secret: z.string() }), 'The invitation; good once, for a week.'),
    ...bodyFailures,
    ...callFailures,
  },
});
const listInvitesRoute = createRoute({
  method: 'get',
  path: '/invites',
  summary: 'Invitations that nobody has used yet.',
  tags,
  security,
  request: { query: z.object(shortListParameters) },
  responses: { 200: json(pageOf(invite), 'A page, newest first.'), ...inputFailures, ...callFailures },
});
const deleteInviteRoute = createRoute({
  method: 'delete',
  path: '/invites/{id}',
  summary: 'Take an invitation back.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'It is void.' }, ...missingFailure, ...callFailures },
});

/** Adds the routes of accounts and invitations. */
export function addAccountRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { accounts, db } = services;
  api.openapi(listRoute, async (context) => {
    const all = await accounts.list();
    const { page, next_cursor } = pageOfAll(all, context.req.valid('query'), 'oldest-first');
    return context.json({ data: page.map(accountView), next_cursor }, 200);
  });
  api.openapi(readRoute, async (context) => {
    const found = await accounts.find(context.req.valid('param').id);
    if (found === null) throw notFound('account');
    return context.json(accountView(found), 200);
  });
  api.openapi(editRoute, async (context) => {
    const { id } = context.req.valid('param');
    const edit = context.req.valid('json');
    const { name, role, status } = edit;
    checkKeepsAdmin(id, context.var.principal.accountId, role, status);
    if ((await accounts.find(id)) === null) throw notFound('account');
    await checkGroup(edit.group ?? undefined, services);
    const { budget } = edit;
    if (budget !== undefined)
      await accounts.setBudget(id, budget && { ...budget, nanoUsd: nanoOf(budget.usd) });
    const bounds = boundsEditOf(edit);
    if (Object.keys(bounds).length > 0) await setAccountBounds(db, id, bounds);
    const isRebound = budget !== undefined || Object.keys(bounds).length > 0;
    const changes = { ...(name && { name }), ...(role && { role }), ...(status && { status }) };
    const edited = await accounts.update(id, changes);
    if (edited === null) throw notFound('account');
    if (status !== undefined || isRebound) await putAccountIntoForce(services, id);
    return context.json(accountView(edited), 200);
  });
  api.openapi(deleteRoute, async (context) => {
    await deleteAccount(services, context.req.valid('param').id, context.var.principal);
    return context.body(null, 204);
  });
  addInviteRoutes(api, services);
}

function addInviteRoutes(api: OpenAPIHono<ApiEnv>, { db, now }: ManagementServices): void {
  api.openapi(inviteRoute, async (context) => {
    const secret = newSecretValue();
    const createdAtMs = now();
    const made = {
      ...context.req.valid('json'),
      id: newId('inv'),
      createdAtMs,
      expiresAtMs: createdAtMs + accountLimits.inviteMs,
    };
    await addInvite(db, hashOfSecret(secret), made, context.var.principal.accountId);
    context.set('recorded', { id: made.id, name: made.name, role: made.role });
    return context.json({ ...inviteView(made), secret }, 201);
  });
  api.openapi(listInvitesRoute, async (context) => {
    const all = await openInvites(db, now());
    const { page, next_cursor } = pageOfAll(all, context.req.valid('query'), 'newest-first');
    return context.json({ data: page.map(inviteView), next_cursor }, 200);
  });
  api.openapi(deleteInviteRoute, async (context) => {
    if (!(await deleteInvite(db, context.req.valid('param').id))) throw notFound('invitation');
    return context.body(null, 204);
  });
}

/** The account of ADMIN_KEY stays an active admin, and nobody can lock themselves out. */
function checkKeepsAdmin(id: string, own: string, role?: string, status?: string): void {
  const isProtected = id === adminAccountId || id === own;
  if (isProtected && status === 'disabled') throw fieldProblem('status', 'this account cannot be disabled');
  if (isProtected && role === 'member') throw fieldProblem('role', 'this account stays an admin');
}

/** The parts of an edit that apply to the account's tokens, besides the budget. */
function boundsEditOf({ group, models, expires_at }: AccountEdit): AccountBoundsEdit {
  return {
    ...(group !== undefined && { group }),
    ...(models !== undefined && { models: models ?? [] }),
    ...(expires_at !== undefined && { expiresAtMs: expires_at === null ? null : msOf(expires_at) }),
  };
}

function accountView({ createdAtMs, lastLoginAtMs, ...same }: Account): z.infer<typeof account> {
  const { id, name, email, role, status, budgetNanoUsd, budgetPeriod: period } = same;
  const { group, models, expiresAtMs } = same;
  const budget =
    budgetNanoUsd === null || period === null ? null : { usd: usdFromNano(budgetNanoUsd), period };
  return {
    id,
    name,
    email,
    role,
    status,
    budget,
    group,
    models,
    expires_at: isoOf(expiresAtMs),
    created_at: isoOf(createdAtMs),
    last_login_at: isoOf(lastLoginAtMs),
  };
}

function inviteView({ id, name, role, createdAtMs, expiresAtMs }: Invite): z.infer<typeof invite> {
  return { id, name, role, created_at: isoOf(createdAtMs), expires_at: isoOf(expiresAtMs) };
}
