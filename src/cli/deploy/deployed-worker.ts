// The bindings of the currently deployed Worker.
import { CommandFailure } from '../failure.ts';
import { parseJsonIn, type RunWrangler, wranglerJson } from '../wrangler.ts';

/** A deployed Worker. */
export interface DeployedWorker {
  /** Names of its bindings, including secrets. */
  readonly bindings: readonly string[];
}

/**
 * Reads the deployed version. Returns null when there is no Worker of that name. A Worker without a deployment
 * has no bindings. Throws CommandFailure when Cloudflare does not answer.
 */
export async function readDeployedWorker(
  name: string,
  config: string,
  run: RunWrangler,
): Promise<DeployedWorker | null> {
  const worker = ['--name', name, '--json', '--config', config];
  const versionId = await deployedVersion(worker, run);
  if (versionId === null || versionId === undefined) return versionId === null ? null : { bindings: [] };
  const version = await wranglerJson(
    ['versions', 'view', versionId, ...worker],
    { purpose: 'reading the bindings of the Worker' },
    run,
  );
  return { bindings: namesOf((version as VersionDetails | null)?.resources?.bindings) };
}

/**
 * Returns the names of the Worker's secrets. They outlive a version: a secret that was just set may be in none
 * yet.
 */
export async function listSecrets(name: string, config: string, run: RunWrangler): Promise<string[]> {
  const { output } = await run(['secret', 'list', '--name', name, '--format', 'json', '--config', config], {
    purpose: 'listing the secrets',
  });
  return namesOf(parseJsonIn(output));
}

interface VersionDetails {
  readonly resources?: { readonly bindings?: unknown };
}

/** Null: there is no Worker. Undefined: it has no deployment. */
async function deployedVersion(
  worker: readonly string[],
  run: RunWrangler,
): Promise<string | null | undefined> {
  try {
    const purpose = 'reading what is deployed';
    const deployment = await wranglerJson(['deployments', 'status', ...worker], { purpose }, run);
    const id = (deployment as { versions?: { version_id?: unknown }[] } | null)?.versions?.[0]?.version_id;
    return typeof id === 'string' ? id : undefined;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    if (isWorkerMissing(error.message)) return null;
    if (/has no deployments/.test(error.message)) return undefined;
    throw error;
  }
}

function namesOf(list: unknown): string[] {
  return Array.isArray(list) ? list.map((entry) => String(entry?.name)) : [];
}

/** Cloudflare's codes for "this Worker does not exist": 10007, and 10090 of the older endpoint. */
function isWorkerMissing(message: string): boolean {
  return /\[code: (10007|10090)\]|Worker ".*" not found/.test(message);
}
