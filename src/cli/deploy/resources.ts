// The D1 database and the KV namespace of a deployment: found by id or by name, created only if missing.
import { CommandFailure } from '../failure.ts';
import { runWrangler, wranglerJson } from '../wrangler.ts';

type Entry = Record<string, unknown>;

/** The database's id. */
export async function ensureDatabase(
  name: string,
  knownId: string | undefined,
  config: string,
): Promise<string> {
  const find = async () => {
    const list = await wranglerJson(['d1', 'list', '--json', '--config', config], {
      purpose: 'listing the D1 databases',
    });
    return idOf(list, { id: 'uuid', name: 'name' }, name, knownId);
  };
  const create = () =>
    runWrangler(['d1', 'create', name, '--config', config], { purpose: `creating the D1 database ${name}` });
  return await findOrCreate(`D1 database ${name}`, find, create);
}

/** The namespace's id. */
export async function ensureNamespace(
  title: string,
  knownId: string | undefined,
  config: string,
): Promise<string> {
  const find = async () => {
    const list = await wranglerJson(['kv', 'namespace', 'list', '--config', config], {
      purpose: 'listing the KV namespaces',
    });
    return idOf(list, { id: 'id', name: 'title' }, title, knownId);
  };
  const create = () =>
    runWrangler(['kv', 'namespace', 'create', title, '--config', config], {
      purpose: `creating the KV namespace ${title}`,
    });
  return await findOrCreate(`KV namespace ${title}`, find, create);
}

/** Lists again after creating: sturdier than reading the id out of what `create` prints for people. */
async function findOrCreate(
  what: string,
  find: () => Promise<string | undefined>,
  create: () => Promise<unknown>,
): Promise<string> {
  const existing = await find();
  if (existing !== undefined) {
    console.log(`${what}: there already`);
    return existing;
  }
  await create();
  const created = await find();
  if (created === undefined)
    throw new CommandFailure(`${what} was created but is not listed; run this again`);
  console.log(`${what}: created`);
  return created;
}

function idOf(
  list: unknown,
  members: { id: string; name: string },
  name: string,
  knownId: string | undefined,
): string | undefined {
  const entries: Entry[] = Array.isArray(list) ? list : [];
  const found =
    entries.find((entry) => knownId !== undefined && entry[members.id] === knownId) ??
    entries.find((entry) => entry[members.name] === name);
  const id = found?.[members.id];
  return typeof id === 'string' ? id : undefined;
}
