// Checks a deployment from inside. Parts are checked separately, so that one failure hides no other.
import { withTimer } from '../../lib/deadline-timer.ts';
import type { EncryptionKeys } from '../../lib/encryption-keys.ts';
import type { LedgerClient } from '../../quota/client.ts';
import { probeLedger } from '../../quota/ledger-probe.ts';
import { discoverModels } from '../../relay/upstream/channel-probe.ts';
import type { RoutingStore } from '../../routing/store.ts';
import { schemaReadiness } from '../../schema/readiness.ts';
import { schemaVersion } from '../../schema/steps.ts';
import { broken, type CheckName, type Finding, works } from './finding.ts';
import { type Bindings, checkBindings } from './platform-checks.ts';
import { checkChannels, checkCron, checkSecrets } from './relay-checks.ts';

/** The services of the isolate that are checked. */
export type CheckedServices = Parameters<typeof discoverModels>[0] & {
  readonly config: { readonly encryptionKeys: EncryptionKeys };
  readonly routing: Pick<RoutingStore, 'loadChannels'>;
  readonly ledgers: LedgerClient;
};

/** The longest time of a check, including three rounds of 20 s for the channels. */
const checkMs = 10_000;
const channelsMs = 65_000;

/** Returns the findings of every part, in the order of `checkNames`. Never rejects. */
export async function diagnose(
  bindings: Bindings & { readonly DB: D1Database },
  services: CheckedServices,
  nowMs: number,
): Promise<Finding[]> {
  const schema = await bounded('schema', checkSchema(bindings.DB));
  const hasDatabase = schema.every(({ status }) => status === 'ok');
  const withDatabase = (check: CheckName, run: () => Promise<Finding | Finding[]>, ms?: number) =>
    hasDatabase ? bounded(check, run(), ms) : [];
  const [secrets, platform, ledger, cron, channels] = await Promise.all([
    withDatabase('secrets', () => askSecrets(services)),
    bounded('bindings', checkBindings(bindings)),
    bounded(
      'ledger',
      checkLedger(() => probeLedger(services.ledgers)),
    ),
    withDatabase('cron', () => checkCron(bindings.DB, nowMs)),
    withDatabase('channels', () => askChannels(services), channelsMs),
  ]);
  return [...secrets, ...platform, ...schema, ...ledger, ...cron, ...channels];
}

async function askSecrets({ config, routing }: CheckedServices): Promise<Finding> {
  return checkSecrets(config.encryptionKeys, await routing.loadChannels());
}

async function askChannels(services: CheckedServices): Promise<Finding[]> {
  const { enabled } = await services.catalog.current(Date.now(), () => undefined);
  return checkChannels(enabled, (channelId) => discoverModels(services, channelId));
}

async function checkSchema(db: D1Database): Promise<Finding> {
  const readiness = await schemaReadiness(db);
  switch (readiness.state) {
    case 'ready':
      return works(
        'schema',
        `The database has schema ${schemaVersion} or a newer one that this version can use.`,
      );
    case 'failed':
      return broken(
        'schema',
        'schema_failed',
        readiness.reason,
        'Deploy the newest version: git pull && npx wrangler deploy',
      );
    case 'away': {
      const remedy =
        'Check the status of D1 at https://www.cloudflarestatus.com, and that the bound database exists: npx wrangler d1 list';
      return broken('schema', 'database_unreachable', 'The database does not answer.', remedy);
    }
  }
}

async function checkLedger(probe: () => Promise<void>): Promise<Finding> {
  try {
    await probe();
    return works('ledger', 'A reservation was made at a ledger and given back.');
  } catch (error) {
    const remedy =
      'Check the status of Durable Objects at https://www.cloudflarestatus.com, and that the deployed version has the migrations of wrangler.toml: npx wrangler deploy';
    return broken('ledger', 'ledger_failed', `The ledger does not work: ${String(error)}`, remedy);
  }
}

/** A check that takes too long or throws becomes a finding too. */
async function bounded(
  check: CheckName,
  running: Promise<Finding | Finding[]>,
  ms = checkMs,
): Promise<Finding[]> {
  const remedy = 'See the log of the Worker: npx wrangler tail';
  try {
    const found = await withTimer(running, ms);
    return found === null
      ? [broken(check, 'check_timed_out', `No result within ${ms / 1_000} s.`, remedy)]
      : [found].flat();
  } catch (error) {
    return [broken(check, 'check_failed', `The check failed: ${String(error)}`, remedy)];
  }
}
