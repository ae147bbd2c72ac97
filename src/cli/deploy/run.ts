// The steps of `npm run deploy`. Every step checks before it changes anything, so that it is safe to run again and
// a run that stopped half-way continues.
import type { RunWrangler } from '../wrangler.ts';
import { chooseAccount } from './account.ts';
import { configurationFor, trackedConfiguration } from './configuration.ts';
import { listSecrets, readDeployedWorker } from './deployed-worker.ts';
import type { Deployment, DeploymentFile } from './deployment.ts';
import { healthWaitOf, type SchemaState, waitForSchema } from './health.ts';
import { deployedMessage, shownSecrets } from './message.ts';
import { type BindingChanges, bindingsToDeploy } from './optional-bindings.ts';
import { findDatabase, findNamespace } from './resources.ts';
import { isCi, neededSecrets, planSecrets } from './secrets.ts';
import { upload } from './upload.ts';

/** What a deploy works with. */
export interface DeployOrder {
  readonly file: DeploymentFile;
  readonly changes: BindingChanges;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether the output goes to a terminal. */
  readonly isTerminal: boolean;
  readonly run: RunWrangler;
  readonly print: (text: string) => void;
}

/**
 * Deploys. Returns whether the relay is known to serve, or may still come up. Throws CommandFailure when a step
 * fails.
 */
export async function deployRelay(order: DeployOrder): Promise<boolean> {
  const { file, run, environment, print } = order;
  const wait = healthWaitOf(environment.DEPLOY_WAIT_SECONDS);
  const account_id = await chooseAccount(file.deployment.account_id, environment.CLOUDFLARE_ACCOUNT_ID, run);
  const name = nameOf(file.deployment);
  file.update({ name, account_id });
  const worker = await readDeployedWorker(name, configurationFor(file), run);
  const bindings = worker?.bindings ?? [];
  await findStores(order, name, bindings);
  const config = configurationFor(file, bindingsToDeploy(bindings, order.changes));
  const isComplete = worker === null || neededSecrets.every((secret) => bindings.includes(secret));
  const secrets = isComplete ? bindings : await listSecrets(name, config, run);
  const pending = file.deployment.pending_secrets ?? {};
  const { toSet, made, given, unset } = planSecrets(secrets, pending, environment);
  // Saved before the upload: a run that stops after it can still show them.
  if (Object.keys(made).length > 0) file.update({ pending_secrets: { ...pending, ...made } });
  const addresses = (await upload(config, toSet, run)).map(withScheme);
  const [address] = addresses;
  const schema: SchemaState =
    address === undefined
      ? { state: 'unreachable', reason: 'the Worker has no address' }
      : await waitForSchema(address, wait);
  const isPrivate = order.isTerminal && !isCi(environment);
  const left = file.deployment.pending_secrets ?? {};
  print(
    deployedMessage({ name, addresses, schema, pending: left, given, unset, isPrivate, file: file.path }),
  );
  if (isPrivate) forgetShown(file);
  return schema.state !== 'failed';
}

/**
 * Binds the stores of an earlier run or a deleted Worker, if the Worker lacks them. wrangler inherits the
 * Worker's bindings and creates missing stores, but fails to create a namespace whose title is taken.
 */
async function findStores(
  { file, run }: DeployOrder,
  name: string,
  bindings: readonly string[],
): Promise<void> {
  const { d1_databases = [], kv_namespaces = [] } = trackedConfiguration();
  const hasDatabase = bindings.includes('DB') || d1_databases.some(({ database_id }) => database_id);
  const hasNamespace = bindings.includes('CACHE') || kv_namespaces.some(({ id }) => id);
  const needsDatabase = file.deployment.d1 === undefined && !hasDatabase;
  const needsNamespace = file.deployment.kv === undefined && !hasNamespace;
  const config = configurationFor(file);
  const [d1, kv] = await Promise.all([
    needsDatabase ? findDatabase(name, config, run) : null,
    needsNamespace ? findNamespace(name, config, run) : null,
  ]);
  if (d1 !== null) file.update({ d1 });
  if (kv !== null) file.update({ kv: { id: kv.id, title: kv.name } });
}

/** The new key of an interrupted rotation must not be shown. */
function forgetShown(file: DeploymentFile): void {
  const pending = file.deployment.pending_secrets ?? {};
  const shown = shownSecrets(pending).map(([name]) => name);
  const rest = Object.fromEntries(Object.entries(pending).filter(([name]) => !shown.includes(name)));
  file.update({ pending_secrets: Object.keys(rest).length === 0 ? undefined : rest });
}

function nameOf(deployment: Readonly<Deployment>): string {
  return deployment.name ?? trackedConfiguration().name ?? 'openopen8-relay';
}

function withScheme(address: string): string {
  return address.includes('://') ? address : `https://${address}`;
}
