// Where the secrets of a rotation lie: .dev.vars of the local relay, or the deployed Worker's. The new key is written
// down here before anything is sealed under it: a run that is cut off must not lose it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configurationFor } from '../deploy/configuration.ts';
import type { DeploymentFile } from '../deploy/deployment.ts';
import { readDevVars, removeDevVar, storeDevVars } from '../dev-vars.ts';
import { writePrivateFile } from '../private-file.ts';
import { runWrangler } from '../wrangler.ts';

/** The name of the key that is rotated to, until it is ENCRYPTION_KEY itself. */
export const nextName = 'ENCRYPTION_KEY_NEXT';

export interface RotationSecrets {
  /** The new key of a run that was cut off; null: none is under way. */
  pending(): string | null;
  /** Writes the new key down. */
  remember(key: string): void;
  /** Lets the relay know both. */
  putNext(key: string): Promise<void>;
  /** Makes it the relay's ENCRYPTION_KEY. */
  putCurrent(key: string): Promise<void>;
  /** The rotation is over: forgets what it was about. */
  finish(): Promise<void>;
}

/** The local relay's: `npm start` reads them when it starts. */
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

/** The deployed Worker's. */
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
      // One that a deploy made and did not show yet is the old key by now.
      const { ENCRYPTION_KEY: _, ...rest } = others();
      file.update({ pending_secrets: Object.keys(rest).length === 0 ? undefined : rest });
    },
  };
}

/** By a file: a secret on a command line is seen by everyone on the machine. */
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
