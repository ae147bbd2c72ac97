// /api/export: the whole deployment as one streamed JSON document of any size, or, with `limit` and `cursor`, a
// page of its tokens at a time (the other sections are in the first page).
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { TokenRecord } from '../../tokens/columns.ts';
import type { TokenPosition } from '../../tokens/store.ts';
import type { ApiEnv } from './authenticate.ts';
import {
  exportedAccount,
  exportedAlias,
  exportedChannel,
  exportedGroup,
  exportedPrice,
  exportedToken,
} from './export-views.ts';
import { managementLimits } from './limits.ts';
import { cutPage, timeCursor } from './pages.ts';
import { callFailures, inputFailures, json } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { type AccountRecord, budgetOf, listAccounts } from './store.ts';
import {
  type TransferredAccount,
  type TransferredToken,
  transferDocument,
  transferVersion,
} from './transfer-document.ts';
import { isoOf } from './values.ts';

/** Tokens that are read together, and whose ledgers are called together. */
const tokensAtATime = 100;

const exportRoute = createRoute({
  method: 'get',
  path: '/export',
  summary: 'All that makes this deployment but its log and its secrets. Whole only if it parses.',
  description:
    'Without parameters everything, as a stream. What a token has spent is asked of its ledger: with more tokens than a Worker may make calls (1,000 on the free plan), take pages.',
  tags: ['transfer'],
  security: [{ adminKey: [] }],
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(managementLimits.exportRows).optional(),
      cursor: z.string().optional(),
    }),
  },
  responses: { 200: json(transferDocument, 'The document.'), ...inputFailures, ...callFailures },
});

/** Adds the route of the export. */
export function addExportRoute(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  api.openapi(exportRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const after = timeCursor(cursor);
    if (limit !== undefined || after !== null) {
      return context.json(await exportPage(services, after, limit ?? managementLimits.exportRows), 200);
    }
    const opening = JSON.stringify(await everythingElse(services)).slice(0, -1);
    const first = await services.tokens.list({}, null, tokensAtATime);
    const headers = { 'content-type': 'application/json' };
    // The route's type knows only a JSON value; this is the same document in pieces.
    return new Response(streamOf(documentPieces(services, opening, first)), { headers }) as never;
  });
}

async function exportPage(services: ManagementServices, after: TokenPosition | null, limit: number) {
  const rows = await services.tokens.list({}, after, limit + 1);
  const { page, next_cursor } = cutPage(rows, limit, positionOf);
  const rest = after === null ? await everythingElse(services) : noneElse(services);
  return { ...rest, tokens: await withBalances(services, page), next_cursor };
}

async function everythingElse(services: ManagementServices) {
  const { db, routing, groups, aliases, prices } = services;
  const [accounts, allGroups, channels, overrides, allAliases] = await Promise.all([
    listAccounts(db),
    groups.load(),
    routing.list(null, Number.MAX_SAFE_INTEGER),
    prices.load(),
    aliases.load(),
  ]);
  return {
    ...noneElse(services),
    accounts: await Promise.all(accounts.map((account) => withStanding(services, account))),
    groups: allGroups.map(exportedGroup),
    channels: channels.map((record) => exportedChannel(record, services.encryptionKey)),
    prices: overrides.map(exportedPrice),
    aliases: allAliases.map(exportedAlias),
  };
}

function noneElse({ now }: ManagementServices) {
  const empty = { accounts: [], groups: [], channels: [], prices: [], aliases: [] };
  return { version: transferVersion as 1, exported_at: isoOf(now()), ...empty };
}

/** `opening` is the document's JSON without its closing brace. The tokens follow, page by page. */
async function* documentPieces(
  services: ManagementServices,
  opening: string,
  first: TokenRecord[],
): AsyncGenerator<string> {
  yield `${opening},"tokens":[`;
  let comma = '';
  for (let page = first; page.length > 0; page = await nextPage(services, page)) {
    const tokens = await withBalances(services, page);
    yield comma + tokens.map((token) => JSON.stringify(token)).join(',');
    comma = ',';
  }
  yield '],"next_cursor":null}';
}

async function nextPage({ tokens }: ManagementServices, page: TokenRecord[]): Promise<TokenRecord[]> {
  const last = page.at(-1);
  if (last === undefined || page.length < tokensAtATime) return [];
  return tokens.list({}, positionOf(last), tokensAtATime);
}

async function withBalances(
  services: ManagementServices,
  records: TokenRecord[],
): Promise<TransferredToken[]> {
  const exported: TransferredToken[] = [];
  for (let at = 0; at < records.length; at += tokensAtATime) {
    const some = records.slice(at, at + tokensAtATime);
    exported.push(...(await Promise.all(some.map((record) => withBalance(services, record)))));
  }
  return exported;
}

/** A ledger that cannot be reached must not block the export: D1's figure is at most seconds old. */
async function withBalance(
  { ledgers, report }: ManagementServices,
  record: TokenRecord,
): Promise<TransferredToken> {
  try {
    const { spentNanoUsd, lastUsedAtMs } = await ledgers.balance(record.policy.tokenId);
    const live = { spentNanoUsd: Math.max(spentNanoUsd, record.spentNanoUsd) };
    return exportedToken({ ...record, ...live, lastUsedAtMs: lastUsedAtMs ?? record.lastUsedAtMs }, 'ledger');
  } catch (error) {
    report('export-without-ledger', error);
    return exportedToken(record, 'database');
  }
}

/** The same for an account: what is spent of its budget is then missing in the document and starts at zero. */
async function withStanding(
  { accountLedgers, report }: ManagementServices,
  account: AccountRecord,
): Promise<TransferredAccount> {
  const budget = budgetOf(account);
  if (budget === null) return exportedAccount(account, null);
  try {
    return exportedAccount(account, await accountLedgers.standing(account.id, budget));
  } catch (error) {
    report('export-without-account-ledger', error);
    return exportedAccount(account, null);
  }
}

function positionOf({ createdAtMs, policy }: TokenRecord): TokenPosition {
  return { createdAtMs, id: policy.tokenId };
}

/** Returns text as a stream that makes a piece when the one before is taken: at most one is in memory. */
export function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await pieces.return(undefined)),
  });
}
