// Two relay Workers in one runtime on one set of Durable Objects, as two deployments that share their ledgers
// would be: the second one's bindings name the first one's script.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { stepsFrom } from '../../src/cli/schema-files.ts';
import { bundleWorker, settings } from './bundle.ts';
import { adminKey, freePort, managerOf, type TestRelay } from './relay.ts';

const root = fileURLToPath(new URL('../..', import.meta.url).href);

/** Both, and the management API of the first. */
export interface TwoRelays extends Pick<TestRelay, 'manage' | 'token' | 'channel'> {
  urls: readonly [string, string];
  stop(): Promise<void>;
}

export async function startTwoRelays(): Promise<TwoRelays> {
  const folder = mkdtempSync(join(tmpdir(), 'two-relays-'));
  const { modules } = await bundleWorker(folder, 'relay', join(root, 'src/index.ts'));
  const ports = [await freePort(), await freePort()] as const;
  const ledgers = (scriptName?: string) => ({
    LEDGER: { className: 'TokenLedger', useSQLite: true, ...(scriptName && { scriptName }) },
    REALTIME: { className: 'RealtimeSession', useSQLite: true, ...(scriptName && { scriptName }) },
    HEALTH: { className: 'HealthBoard', useSQLite: true, ...(scriptName && { scriptName }) },
    ACCOUNTS: { className: 'AccountLedger', useSQLite: true, ...(scriptName && { scriptName }) },
  });
  const worker = (name: string, port: number, scriptName?: string) => ({
    name,
    ...settings,
    ...modules,
    bindings: { ADMIN_KEY: adminKey, ENCRYPTION_KEY: 'encryption-key-of-the-tests' },
    d1Databases: { DB: 'shared' },
    kvNamespaces: { CACHE: 'shared' },
    durableObjects: ledgers(scriptName),
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
  });
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: settings.compatibilityDate,
      defaultPersistRoot: join(folder, 'state'),
      workers: [worker('first', ports[0]), worker('second', ports[1], 'first')],
    }),
  );
  await runtime.ready;
  const database = await runtime.getD1Database('DB', 'first');
  const schema = stepsFrom(null).flatMap(({ statements }) => statements);
  await database.batch(schema.map((statement) => database.prepare(statement)));
  const urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`] as const;
  const manage = managerOf(urls[0]);
  return {
    urls,
    manage,
    token: (fields = {}) => manage('POST', '/api/tokens', { name: 'a test', ...fields }),
    channel: (fields) => manage('POST', '/api/channels', fields),
    stop: async () => {
      await runtime.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
