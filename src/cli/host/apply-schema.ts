// Brings the local database to the newest schema before the relay listens, through a workerd that has the database alone.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasMetaQuery, schemaVersion, schemaVersionQuery } from '../../lib/schema-store.ts';
import { stepsFrom } from '../schema-files.ts';
import type { HostBundle } from './bundle.ts';
import { callWorker } from './control-call.ts';
import { databaseConfig } from './workerd-config.ts';
import { runFolder, startWorkerd } from './workerd-process.ts';

/** Applies the missing steps, each whole or not at all. The signal ends it between two steps or in one. */
export async function applySchema(
  stateDirectory: string,
  { folder: bundle, manifest }: HostBundle,
  signal: AbortSignal,
): Promise<void> {
  if (manifest.databases.length === 1 && (await isCurrent(stateDirectory))) return;
  for (const database of manifest.databases) {
    const folder = runFolder();
    const socket = join(folder, 'database.sock');
    const config = databaseConfig(stateDirectory, database, socket);
    const workerd = startWorkerd(config, { folder, bundle, sockets: 1 });
    signal.addEventListener('abort', () => workerd.kill(), { once: true });
    try {
      await workerd.ready;
      await bringUpToDate((statements) => runBatch(socket, statements));
    } finally {
      workerd.kill();
      await workerd.ended;
    }
  }
}

/**
 * Whether the database's file says that there is nothing to do, which saves half a second of each start. Whatever cannot be read so is
 * left to the database itself: no file yet, several, a Node without node:sqlite.
 */
async function isCurrent(stateDirectory: string): Promise<boolean> {
  try {
    const folder = join(stateDirectory, 'v3/d1/miniflare-D1DatabaseObject');
    const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
    const [file] = files;
    if (file === undefined || files.length > 1) return false;
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(join(folder, file), { readOnly: true });
    const row = database.prepare(schemaVersionQuery).get();
    database.close();
    return Number(row?.value) >= schemaVersion;
  } catch {
    return false;
  }
}

type RunBatch = (statements: readonly string[]) => Promise<readonly Record<string, unknown>[][]>;

async function bringUpToDate(run: RunBatch): Promise<void> {
  const [meta] = await run([hasMetaQuery]);
  const isNew = meta?.[0] === undefined;
  const version = isNew ? null : Number((await run([schemaVersionQuery]))[0]?.[0]?.value);
  for (const { statements } of stepsFrom(version)) await run(statements);
}

async function runBatch(socket: string, statements: readonly string[]): ReturnType<RunBatch> {
  return JSON.parse(await callWorker(socket, '/', statements));
}
