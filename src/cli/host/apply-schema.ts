// Brings the local database to the newest schema before the relay listens, through a workerd that has the database alone.
import { join } from 'node:path';
import { hasMetaQuery, schemaVersionQuery } from '../../lib/schema-store.ts';
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
