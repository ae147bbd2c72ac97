// The local relay for a rotation: the running one, if it knows the new key, else one that is started for it.
import { encryptionKeyIdOf } from '../../lib/seal.ts';
import { CommandFailure } from '../failure.ts';
import { launchWorker } from '../host/launch.ts';
import { newEncryptionKey } from '../new-secret.ts';
import { readSettings } from '../start/settings.ts';
import { callManagement } from '../transfer/management-call.ts';
import type { TransferOptions } from '../transfer/options.ts';
import type { RotationSecrets } from './secrets.ts';

type Rotate = (options: TransferOptions, secrets: RotationSecrets) => Promise<void>;

/**
 * A relay reads its secrets at its start. A running one that has not read the new key must be restarted first:
 * it then serves with both keys, and this program, run again, does the rest beside it.
 */
export async function withLocalRelay(
  options: TransferOptions,
  secrets: RotationSecrets,
  rotate: Rotate,
): Promise<void> {
  if (process.env.ENCRYPTION_KEY) {
    throw new CommandFailure('ENCRYPTION_KEY comes from the environment: move it to .dev.vars first');
  }
  const key = secrets.pending() ?? newEncryptionKey();
  secrets.remember(key);
  const running = await keysOfRunning(options);
  if (running === null) return withStartedRelay(options, secrets, rotate);
  if (running.includes(await encryptionKeyIdOf(key))) return rotate(options, secrets);
  throw new CommandFailure(
    `the relay at ${options.url.origin} runs without the new key, which is in .dev.vars now: stop it, run \`npm start\`, then this again`,
  );
}

/** Returns the ids of the keys that the relay knows, or null if none answers. */
async function keysOfRunning(options: TransferOptions): Promise<string[] | null> {
  try {
    await fetch(new URL('/api/health', options.url), { signal: AbortSignal.timeout(2_000) });
  } catch {
    return null;
  }
  return (await callManagement(options, '/api/encryption-key')).opens as string[];
}

async function withStartedRelay(
  options: TransferOptions,
  secrets: RotationSecrets,
  rotate: Rotate,
): Promise<void> {
  const { host, stateDirectory, trustedProxy, workerVariables } = readSettings(process.env);
  const port = Number(options.url.port || 80);
  const variables = { ...workerVariables, PRICES_URL: 'off' };
  const worker = launchWorker({ host, port, stateDirectory, variables, trustedProxy });
  try {
    await worker.ready;
    await rotate(options, secrets);
  } finally {
    await worker.stop();
  }
}
