// /api/tokens: the routes. token-writes.ts applies changes.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { TokenRecord } from '../../tokens/columns.ts';
import { type TokenOrder, tokenOrders } from '../../tokens/store.ts';
import { adminBoundsOf, adminChangesOf } from './admin-bounds.ts';
import type { ApiEnv } from './authenticate.ts';
import { checkGroup } from './group-writes.ts';
import { cutPage, pageOf, pageParameters, sortCursor } from './pages.ts';
import { bodyFailures, callFailures, inputFailures, json, jsonBody, missingFailure } from './responses.ts';
import {
  accountInView,
  checkMayChooseGroup,
  checkMayEditAdminPart,
  findVisibleToken,
  ownerOfNewToken,
} from './roles.ts';
import type { ManagementServices } from './services.ts';
import {
  newToken,
  rotationRequest,
  token,
  tokenEdit,
  tokenWithBalance,
  tokenWithSecret,
} from './token-fields.ts';
import { changesOf, sharedChangesOf, tokenView, tokenViewWithBalance } from './token-views.ts';
import { TokenWrites } from './token-writes.ts';

const params = z.object({ id: z.string() });
const security = [{ adminKey: [] }];
const tags = ['tokens'];

const createTokenRoute = createRoute({
  method: 'post',
  path: '/tokens',
  summary: 'Create a token. The only time that its value is shown.',
  tags,
  security,
  request: { body: jsonBody(newToken) },
  responses: { 201: json(tokenWithSecret, 'The new token.'), ...bodyFailures, ...callFailures },
});

const tokenPage = pageOf(token).extend({
  total: z.int().optional().openapi({ description: 'Tokens of all pages, if it was asked for.' }),
});

const listTokensRoute = createRoute({
  method: 'get',
  path: '/tokens',
  summary: 'List tokens, newest first by default. What they spent is about a second old.',
  tags,
  security,
  request: {
    query: z.object({
      ...pageParameters,
      status: z.enum(['active', 'disabled']).optional(),
      search: z
        .string()
        .optional()
        .openapi({ description: 'Part of the name, any case; or the last characters of the secret.' }),
      group: z.string().optional().openapi({ description: 'Name of the group.' }),
      account: z.string().optional().openapi({ description: 'Id of the owner account.' }),
      sort: z.enum(Object.keys(tokenOrders) as [TokenOrder['by']]).default('created'),
      order: z.enum(['asc', 'desc']).default('desc'),
      total: z.enum(['1']).optional().openapi({ description: '1: count the tokens of all pages too.' }),
    }),
  },
  responses: { 200: json(tokenPage, 'A page.'), ...inputFailures, ...callFailures },
});

const readTokenRoute = createRoute({
  method: 'get',
  path: '/tokens/{id}',
  summary: 'One token, with the live figures of its ledger.',
  tags,
  security,
  request: { params },
  responses: { 200: json(tokenWithBalance, 'The token.'), ...missingFailure, ...callFailures },
});

const editTokenRoute = createRoute({
  method: 'patch',
  path: '/tokens/{id}',
  summary: 'Edit a token: in force at its very next request. Fields that are absent stay as they are.',
  description:
    'An admin’s edit of somebody else’s token is stored apart (`admin`), but for name, group, tags, note, and `include_cost`: the stricter of both values applies, and its owner cannot change it.',
  tags,
  security,
  request: { params, body: jsonBody(tokenEdit) },
  responses: {
    200: json(token, 'The token as it is now.'),
    ...bodyFailures,
    ...missingFailure,
    ...callFailures,
  },
});

const deleteTokenRoute = createRoute({
  method: 'delete',
  path: '/tokens/{id}',
  summary: 'Delete a token for ever. Its log stays.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'Token deleted.' }, ...missingFailure, ...callFailures },
});

const rotateTokenRoute = createRoute({
  method: 'post',
  path: '/tokens/{id}/rotate',
  summary: 'Give a token a new value.',
  tags,
  security,
  request: { params, body: jsonBody(rotationRequest, false) },
  responses: {
    200: json(tokenWithSecret, 'The token with its new value.'),
    ...bodyFailures,
    ...missingFailure,
    ...callFailures,
  },
});

/** Adds the routes of tokens. */
export function addTokenRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const writes = new TokenWrites(services);
  addReadingRoutes(api, services);
  api.openapi(createTokenRoute, async (context) => {
    const body = context.req.valid('json');
    checkMayChooseGroup(context.var.principal, body.group);
    await checkGroup(body.group, services);
    const { principal } = context.var;
    const owner = await ownerOfNewToken(principal, body.account_id, services);
    const minted =
      owner === principal.accountId
        ? await writes.create(owner, body.name, changesOf(body))
        : await writes.create(owner, body.name, sharedChangesOf(body), adminBoundsOf(body));
    return context.json({ ...tokenView(minted.record), token: minted.secret }, 201);
  });
  api.openapi(editTokenRoute, async (context) => {
    const { admin, ...body } = context.req.valid('json');
    const { id } = context.req.valid('param');
    const { principal } = context.var;
    checkMayChooseGroup(principal, body.group);
    checkMayEditAdminPart(principal, admin);
    const { policy } = await findVisibleToken(principal, id, services);
    await checkGroup(body.group, services);
    const clears = admin === null;
    const isOwn = policy.accountId === principal.accountId;
    const edited = isOwn
      ? await writes.update(id, changesOf(body), clears ? { clears, changes: {} } : undefined)
      : await writes.update(id, sharedChangesOf(body), { clears, changes: adminChangesOf(body) });
    return context.json(tokenView(edited), 200);
  });
  api.openapi(deleteTokenRoute, async (context) => {
    const { id } = context.req.valid('param');
    await findVisibleToken(context.var.principal, id, services);
    await writes.delete(id);
    return context.body(null, 204);
  });
  api.openapi(rotateTokenRoute, async (context) => {
    const { overlap_seconds = 0 } = context.req.valid('json');
    const { id } = context.req.valid('param');
    await findVisibleToken(context.var.principal, id, services);
    const minted = await writes.rotate(id, overlap_seconds);
    return context.json({ ...tokenView(minted.record), token: minted.secret }, 200);
  });
}

function addReadingRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { tokens, ledgers } = services;
  api.openapi(listTokensRoute, async (context) => {
    const { limit, cursor, status, search, account, group, sort, order, total } = context.req.valid('query');
    const accountId = accountInView(context.var.principal, account);
    const sorting = { by: sort, descending: order === 'desc' };
    const filter = { status, search, group, accountId };
    const after = sortCursor(cursor, `${sort} ${order}`);
    const [rows, count] = await Promise.all([
      tokens.sorted(filter, sorting, after, limit + 1),
      total === undefined ? undefined : tokens.count(filter),
    ]);
    const { page, next_cursor } = cutPage(rows, limit, (record) => ({
      sort: `${sort} ${order}`,
      value: sortedBy[sort](record),
      id: record.policy.tokenId,
    }));
    const sum = count === undefined ? {} : { total: count };
    return context.json({ data: page.map(tokenView), next_cursor, ...sum }, 200);
  });
  api.openapi(readTokenRoute, async (context) => {
    const record = await findVisibleToken(context.var.principal, context.req.valid('param').id, services);
    return context.json(tokenViewWithBalance(record, await ledgers.balance(record.policy.tokenId)), 200);
  });
}

/** Returns the value that a token is sorted by, as the store sorts it. */
const sortedBy: Record<TokenOrder['by'], (record: TokenRecord) => string | number> = {
  created: ({ createdAtMs }) => createdAtMs,
  name: ({ name }) => name,
  last_used: ({ lastUsedAtMs }) => lastUsedAtMs ?? 0,
  spent: ({ spentNanoUsd }) => spentNanoUsd,
};
