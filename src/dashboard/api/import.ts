// /api/import: imports an export into a new deployment or the same one. Safe to repeat: newer records here stay,
// what is recorded as spent is never lowered, and deleted tokens stay deleted.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { TokenRecord } from '../../tokens/columns.ts';
import { effectivePolicy, groupInForce } from '../../tokens/effective-policy.ts';
import { unbounded } from '../../tokens/token.ts';
import { standingOf, takeOverTokens } from '../../tokens/transfer-store.ts';
import { putAccountIntoForce } from './account-writes.ts';
import type { ApiEnv } from './authenticate.ts';
import { importChannels } from './import-channels.ts';
import {
  accountRecord,
  aliasRecord,
  groupRecord,
  priceRecord,
  standingOfAccount,
  tokenRecord,
} from './import-records.ts';
import { unavailable } from './problem.ts';
import { bodyFailures, callFailures, json, jsonBody } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { boundsOf, budgetOf, listAccounts, takeOverAccounts } from './store.ts';
import { type TransferDocument, type TransferredAccount, transferDocument } from './transfer-document.ts';

/** Tokens that are written together, and whose ledgers are called together. */
const tokensAtATime = 100;

const imported = z
  .object({
    accounts: z.int().openapi({
      description:
        'Added; those that were here stay as they are, but for newer bounds, and a login where there is none.',
    }),
    groups: z.int().openapi({ description: 'Added or replaced; so are channels, prices and tokens.' }),
    channels: z.int(),
    prices: z.int(),
    aliases: z.int(),
    tokens: z.int(),
    warnings: z.array(z.string()).openapi({
      description: 'What was left as it is here, and keys that do not open or may not be sent there.',
    }),
  })
  .openapi('Imported');

const importRoute = createRoute({
  method: 'post',
  path: '/import',
  summary: 'Take an export over. Safe to repeat.',
  description:
    'A document may come in parts, each with some of its sections or some of its tokens (accounts before their tokens). Send at most 500 tokens a call on the free plan.',
  tags: ['transfer'],
  security: [{ adminKey: [] }],
  request: { body: jsonBody(transferDocument) },
  responses: { 200: json(imported, 'What was written.'), ...bodyFailures, ...callFailures },
});

/** Adds the route of the import. */
export function addImportRoute(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  api.openapi(importRoute, async (context) => {
    const document = context.req.valid('json');
    const catalog = await importCatalog(services, document);
    const tokens = await importTokens(services, document.tokens.map(tokenRecord));
    const { warnings, ...written } = catalog;
    return context.json(
      { ...written, tokens: tokens.taken, warnings: [...warnings, ...tokens.warnings] },
      200,
    );
  });
}

async function importCatalog(services: ManagementServices, document: TransferDocument) {
  const { groups, aliases, prices, onChannelsChanged } = services;
  // Groups first: an account's group applies to its tokens as soon as the account is written.
  const writtenGroups = await groups.takeOver(document.groups.map(groupRecord));
  const accounts = await importAccounts(services, document.accounts);
  const { taken: channels, warnings } = await importChannels(services, document.channels);
  const writtenPrices = await prices.takeOver(document.prices.map(priceRecord));
  const writtenAliases = await aliases.takeOver(document.aliases.map(aliasRecord));
  if (writtenGroups + channels + writtenPrices + writtenAliases > 0) await onChannelsChanged();
  return {
    accounts,
    groups: writtenGroups,
    channels,
    prices: writtenPrices,
    aliases: writtenAliases,
    warnings,
  };
}

/**
 * Applies newer budgets and limits at the ledgers of the accounts' tokens, and records what is spent of the
 * budgets.
 */
async function importAccounts(services: ManagementServices, given: TransferredAccount[]): Promise<number> {
  if (given.length === 0) return 0;
  const { db, accountLedgers, report } = services;
  const { added, rebound } = await takeOverAccounts(db, given.map(accountRecord));
  for (const id of rebound) await putAccountIntoForce(services, id);
  const here = new Map((await listAccounts(db)).map((account) => [account.id, account]));
  try {
    for (const account of given) {
      const standing = standingOfAccount(account);
      const known = here.get(account.id);
      const budget = known === undefined ? null : budgetOf(known);
      if (standing !== null && budget !== null) await accountLedgers.restore(account.id, budget, standing);
    }
  } catch (error) {
    report('import-not-in-force', error);
    throw unavailable(partDone);
  }
  return added;
}

async function importTokens(services: ManagementServices, given: TokenRecord[]) {
  const records = given.length === 0 ? given : await withBounds(services, given);
  const warnings: string[] = [];
  let taken = 0;
  for (let at = 0; at < records.length; at += tokensAtATime) {
    const some = records.slice(at, at + tokensAtATime);
    const ids = await takeOverTokens(services.db, some);
    const kept = some.filter(({ policy }) => !ids.has(policy.tokenId));
    const reasons = await reasonsToKeep(services, kept);
    warnings.push(...reasons.map(({ warning }) => warning));
    const dead = new Set(reasons.filter(({ alive }) => !alive).map(({ id }) => id));
    await restoreBalances(
      services,
      some.filter(({ policy }) => !dead.has(policy.tokenId)),
    );
    taken += ids.size;
  }
  return { taken, warnings };
}

const partDone = 'The import is done in part: a ledger cannot be reached. Repeat the call; it loses nothing.';

/** Uses the limits of groups and accounts as they are here. */
async function withBounds(
  { db, groups }: ManagementServices,
  records: TokenRecord[],
): Promise<TokenRecord[]> {
  const [allGroups, allAccounts] = await Promise.all([groups.load(), listAccounts(db)]);
  const boundsOfGroup = new Map(allGroups.map((group) => [group.name, group]));
  const boundsOfAccount = new Map(allAccounts.map((account) => [account.id, boundsOf(account)]));
  return records.map((record) => {
    const { policy, own, admin } = record;
    const account = boundsOfAccount.get(policy.accountId) ?? null;
    const bounds = boundsOfGroup.get(groupInForce(own, account)) ?? unbounded;
    const { tokenId, accountId, version, hashes } = policy;
    const parts = { tokenId, accountId, version, hashes, own, admin, account, bounds };
    return { ...record, account, policy: effectivePolicy(parts) };
  });
}

async function reasonsToKeep({ db }: ManagementServices, kept: TokenRecord[]) {
  const standing = await standingOf(
    db,
    kept.map(({ policy }) => policy.tokenId),
  );
  return kept.map(({ policy: { tokenId, accountId, version } }) => {
    const here = standing.get(tokenId);
    const alive = here !== undefined && here.status !== 'deleted';
    const reason =
      here === undefined
        ? `its account ${accountId} is neither here nor in the document`
        : alive
          ? `it was edited here since (version ${here.version}, the document has ${version})`
          : 'it was deleted here';
    return { id: tokenId, alive, warning: `Token ${tokenId} was left as it is: ${reason}.` };
  });
}

async function restoreBalances(
  { ledgers, report }: ManagementServices,
  records: TokenRecord[],
): Promise<void> {
  try {
    await Promise.all(records.map(({ policy, spentNanoUsd }) => ledgers.restore(policy, spentNanoUsd)));
  } catch (error) {
    report('import-not-in-force', error);
    throw unavailable(partDone);
  }
}
