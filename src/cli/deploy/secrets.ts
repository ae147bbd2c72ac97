// The deployment's two secrets: made when the Worker has none, never overwritten.
import { CommandFailure } from '../failure.ts';
import { newAdminKey, newEncryptionKey } from '../new-secret.ts';
import { parseJsonIn, runWrangler } from '../wrangler.ts';

const makers: Record<string, () => string> = { ADMIN_KEY: newAdminKey, ENCRYPTION_KEY: newEncryptionKey };

/** Names of the secrets that the Worker has; none when there is no Worker yet. */
export async function listSecrets(worker: string, config: string): Promise<string[]> {
  try {
    const { output } = await runWrangler(
      ['secret', 'list', '--name', worker, '--format', 'json', '--config', config],
      {
        purpose: 'listing the secrets',
      },
    );
    const list: unknown = parseJsonIn(output);
    return Array.isArray(list) ? list.map((entry) => String(entry?.name)) : [];
  } catch (error) {
    if (error instanceof CommandFailure && isWorkerMissing(error.message)) return [];
    throw error;
  }
}

/** Values for those that are missing; values made by an earlier, unfinished run are used again. */
export function makeMissingSecrets(
  existing: readonly string[],
  pending: Readonly<Record<string, string>>,
): Record<string, string> {
  const missing = Object.entries(makers).filter(([name]) => !existing.includes(name));
  return Object.fromEntries(missing.map(([name, make]) => [name, pending[name] ?? make()]));
}

/** Cloudflare's codes for "this Worker does not exist": 10007, and 10090 of the older endpoint. */
function isWorkerMissing(message: string): boolean {
  return /\[code: (10007|10090)\]|Worker ".*" not found/.test(message);
}
