// Finds the D1 database and the KV namespace of an earlier run that stopped before the upload, or of a deleted
// Worker. wrangler creates missing ones with the upload, and inherits those of the Worker.
import { type RunWrangler, wranglerJson } from '../wrangler.ts';

/** An existing store and its name. */
export interface FoundStore {
  readonly id: string;
  readonly name: string;
}

/** Names that wrangler gives to what it creates for a binding without a name (wrangler 4.155, `autoProvisionedResourceName`). */
const provisionedName = (worker: string, binding: string) => `${worker}-${binding.toLowerCase()}`;

/** Finds the database of a Worker: named by wrangler, or after the Worker, as `npm run deploy` named it before. */
export async function findDatabase(
  worker: string,
  config: string,
  run: RunWrangler,
): Promise<FoundStore | null> {
  const purpose = 'listing the D1 databases';
  const list = await wranglerJson(['d1', 'list', '--json', '--config', config], { purpose }, run);
  return firstNamed(list, { id: 'uuid', name: 'name' }, [provisionedName(worker, 'DB'), worker]);
}

/** Finds the namespace of a Worker. */
export async function findNamespace(
  worker: string,
  config: string,
  run: RunWrangler,
): Promise<FoundStore | null> {
  const purpose = 'listing the KV namespaces';
  const list = await wranglerJson(['kv', 'namespace', 'list', '--config', config], { purpose }, run);
  return firstNamed(list, { id: 'id', name: 'title' }, [provisionedName(worker, 'CACHE')]);
}

/** Returns the entry with the first name that exists. */
function firstNamed(
  list: unknown,
  members: { readonly id: string; readonly name: string },
  names: readonly string[],
): FoundStore | null {
  const entries: Record<string, unknown>[] = Array.isArray(list) ? list : [];
  for (const name of names) {
    const id = entries.find((entry) => entry[members.name] === name)?.[members.id];
    if (typeof id === 'string') return { id, name };
  }
  return null;
}
