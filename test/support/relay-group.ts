// Several relay Workers in one runtime with the same stores and Durable Objects, like isolates of one deployment:
// the bindings of all but the first refer to the first one's service.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostBundle } from '../../src/cli/host/bundle.ts';
import { prepareStateFolder } from '../../src/cli/host/launch.ts';
import { type RelayOptions, relayConfig } from '../../src/cli/host/workerd-config.ts';
import { runFolder, startWorkerd } from '../../src/cli/host/workerd-process.ts';
import { adminKey, freePort, managerOf, type TestRelay } from './relay.ts';

/** The relays, and the management API of the first. */
export interface RelayGroup extends Pick<TestRelay, 'manage' | 'token' | 'channel'> {
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/** Starts them. With `stateDirectory` they use that state and leave it. */
export async function startRelayGroup(count: number, stateDirectory?: string): Promise<RelayGroup> {
  const bundle = await hostBundle();
  const state = stateDirectory ?? mkdtempSync(join(tmpdir(), 'relay-group-'));
  prepareStateFolder(state);
  const folder = runFolder();
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const relays = ports.map((port, index): RelayOptions => {
    const service = `relay-${index}`;
    return {
      manifest: bundle.manifest,
      variables: { ADMIN_KEY: adminKey, ENCRYPTION_KEY: 'encryption-key-of-the-tests' },
      addresses: [`127.0.0.1:${port}`],
      controlSocket: join(folder, `${service}.sock`),
      trustedProxy: '',
      service,
      ...(index > 0 && { ledgersOf: 'relay-0' }),
    };
  });
  const sockets = 2 * count;
  const workerd = startWorkerd(relayConfig(state, relays), { folder, bundle: bundle.folder, sockets });
  await workerd.ready;
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const manage = managerOf(urls[0] ?? '');
  return {
    urls,
    manage,
    token: (fields = {}) => manage('POST', '/api/tokens', { name: 'a test', ...fields }),
    channel: (fields) => manage('POST', '/api/channels', fields),
    stop: async () => {
      workerd.kill();
      await workerd.ended;
      if (stateDirectory === undefined) rmSync(state, { recursive: true, force: true });
    },
  };
}
