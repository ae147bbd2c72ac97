// `npm run deploy`: the relay on Cloudflare. Every step looks before it makes, so that it is safe to run
// again and a run that stopped half-way is continued.
import { resolve } from 'node:path';
import { chooseAccount } from './deploy/account.ts';
import { configurationFor, trackedConfiguration } from './deploy/configuration.ts';
import { type Deployment, DeploymentFile } from './deploy/deployment.ts';
import { deployedMessage } from './deploy/message.ts';
import { ensureDatabase, ensureNamespace } from './deploy/resources.ts';
import { applyRemoteSchema } from './deploy/schema.ts';
import { listSecrets, makeMissingSecrets } from './deploy/secrets.ts';
import { upload } from './deploy/upload.ts';
import { runProgram } from './failure.ts';
import { inRepository } from './repository.ts';

await runProgram(deploy);

async function deploy(): Promise<void> {
  const file = new DeploymentFile(resolve(process.env.DEPLOY_FILE || inRepository('.deploy.json')));
  await prepare(file);
  const addresses = await uploadWithSecrets(file);
  console.log(deployedMessage(addresses, file.deployment));
  forgetShown(file);
}

/** The new key of a rotation that was cut off is not shown to anyone yet. */
function forgetShown(file: DeploymentFile): void {
  const { ADMIN_KEY: _admin, ENCRYPTION_KEY: _encryption, ...rest } = file.deployment.pending_secrets ?? {};
  file.update({ pending_secrets: Object.keys(rest).length === 0 ? undefined : rest });
}

/** Everything that must be there before the script: account, database, namespace, schema. */
async function prepare(file: DeploymentFile): Promise<void> {
  const name = nameOf(file.deployment);
  const account_id = await chooseAccount(file.deployment.account_id, process.env.CLOUDFLARE_ACCOUNT_ID);
  file.update({ name, account_id });
  const config = configurationFor(file);
  const database = file.deployment.d1?.name ?? name;
  file.update({ d1: { id: await ensureDatabase(database, file.deployment.d1?.id, config), name: database } });
  const title = file.deployment.kv?.title ?? `${name}-cache`;
  file.update({ kv: { id: await ensureNamespace(title, file.deployment.kv?.id, config), title } });
  await applyRemoteSchema(database, configurationFor(file));
}

/** What is made is written down before it is sent: a run that stops after the upload can still show it. */
async function uploadWithSecrets(file: DeploymentFile): Promise<string[]> {
  const config = configurationFor(file);
  const pending = file.deployment.pending_secrets ?? {};
  const missing = makeMissingSecrets(await listSecrets(nameOf(file.deployment), config), pending);
  if (Object.keys(missing).length > 0) file.update({ pending_secrets: { ...pending, ...missing } });
  return await upload(config, missing);
}

function nameOf(deployment: Readonly<Deployment>): string {
  return deployment.name ?? trackedConfiguration().name ?? 'openopen8-relay';
}
