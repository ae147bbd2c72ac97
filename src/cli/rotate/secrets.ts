// The secrets of a rotation: .dev.vars of the local relay, or the deployed Worker's. The new key is saved here
// before anything is sealed with it, so that an interrupted run cannot lose it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configurationFor } from '../deploy/configuration.ts';
import type { DeploymentFile } from '../deploy/deployment.ts';
import { readDevVars, removeDevVar, storeDevVars } from '../dev-vars.ts';
import { writePrivateFile } from '../private-file.ts';
import { runWrangler } from '../wrangler.ts';

/** The name of the new key until it becomes ENCRYPTION_KEY. */
export const nextName = 'ENCRYPTION_KEY_NEXT';

export interface RotationSecrets {
  /** The new key of an interrupted run, or null. */
  pending(): string | null;
  /** Saves the new key. */
  remember(key: string): void;
  /** Makes both keys known to the relay. */
  putNext(key: string): Promise<void>;
  /** Makes it the relay's ENCRYPTION_KEY. */
  putCurrent(key: string): Promise<void>;
  /** Ends the rotation: deletes its values. */
  finish(): Promise<void>;
}

/** The local relay's secrets, which `npm start` reads. */
export function localSecrets(path: string): RotationSecrets {
  const put = async (name: string, key: string) => storeDevVars(path, { [name]: key });
  return {
    pending: () => readDevVars(path)[nextName] || null,
    remember: (key) => storeDevVars(path, { [nextName]: key }),
    putNext: (key) => put(nextName, key),
    putCurrent: (key) => put('ENCRYPTION_KEY', key),
    finish: async () => removeDevVar(path, nextName),
  };
}

/** The deployed Worker's secrets. */
export function deployedSecrets(file: DeploymentFile): RotationSecrets {
  const config = configurationFor(file);
  const others = () => {
    const { [nextName]: _, ...rest } = file.deployment.pending_secrets ?? {};
    return rest;
  };
  return {
    pending: () => file.deployment.pending_secrets?.[nextName] ?? null,
    remember: (key) => file.update({ pending_secrets: { ...others(), [nextName]: key } }),
    putNext: (key) => putSecret(config, nextName, key),
    putCurrent: (key) => putSecret(config, 'ENCRYPTION_KEY', key),
    finish: async () => {
      await runWrangler(['secret', 'delete', nextName, '--config', config], {
        purpose: `removing ${nextName}`,
      });
      // A key that a deploy created and did not show yet is the old key by now.
      const { ENCRYPTION_KEY: _, ...rest } = others();
      file.update({ pending_secrets: Object.keys(rest).length === 0 ? undefined : rest });
    },
  };
}

/** Through a file: everyone on the machine can see a command line. */
async function putSecret(config: string, name: string, value: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-rotate-'));
  try {
    const file = join(folder, 'secrets.json');
    writePrivateFile(file, JSON.stringify({ [name]: value }));
    await runWrangler(['secret', 'bulk', file, '--config', config], { purpose: `setting ${name}` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
