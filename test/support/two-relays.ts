// Two relay Workers in one runtime on one set of Durable Objects, as two deployments that share their ledgers
// would be: the second one's bindings name the first one's service.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostBundle } from '../../src/cli/host/bundle.ts';
import { prepareStateFolder } from '../../src/cli/host/state-folder.ts';
import { type RelayOptions, relayConfig } from '../../src/cli/host/workerd-config.ts';
import { runFolder, startWorkerd } from '../../src/cli/host/workerd-process.ts';
import { adminKey, freePort, managerOf, type TestRelay } from './relay.ts';

/** Both, and the management API of the first. */
export interface TwoRelays extends Pick<TestRelay, 'manage' | 'token' | 'channel'> {
  urls: readonly [string, string];
  stop(): Promise<void>;
}

export async function startTwoRelays(): Promise<TwoRelays> {
  const bundle = await hostBundle();
  const state = mkdtempSync(join(tmpdir(), 'two-relays-'));
  prepareStateFolder(state);
  const folder = runFolder();
  const ports = [await freePort(), await freePort()] as const;
  const relay = (service: string, port: number): RelayOptions => ({
    manifest: bundle.manifest,
    variables: { ADMIN_KEY: adminKey, ENCRYPTION_KEY: 'encryption-key-of-the-tests' },
    addresses: [`127.0.0.1:${port}`],
    controlSocket: join(folder, `${service}.sock`),
    trustedProxy: '',
    service,
  });
  const relays = [relay('first', ports[0]), { ...relay('second', ports[1]), ledgersOf: 'first' }];
  const workerd = startWorkerd(relayConfig(state, relays), { folder, bundle: bundle.folder, sockets: 4 });
  await workerd.ready;
  const urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`] as const;
  const manage = managerOf(urls[0]);
  return {
    urls,
    manage,
    token: (fields = {}) => manage('POST', '/api/tokens', { name: 'a test', ...fields }),
    channel: (fields) => manage('POST', '/api/channels', fields),
    stop: async () => {
      workerd.kill();
      await workerd.ended;
      rmSync(state, { recursive: true, force: true });
    },
  };
}
