// Pure code in Node, the Worker and its stores inside workerd, and Node programs that drive a running relay (official
// SDKs, sockets, the command line).
import { availableParallelism } from 'node:os';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const workerTests = ['test/worker/**/*.test.ts'];
/** Of sockets, what asks how much and by whom, not how soon. */
const untimedSockets = 'test/sockets/*-{money,aliases,models,quota}.test.ts';
const clientTests = ['test/{sdk,replay,cli,browser}/**/*.test.ts', untimedSockets];
const timedTests = ['test/{sockets,scale}/**/*.test.ts'];
const faultTests = ['test/faults/**/*.test.ts'];
const agentTests = ['test/agents/**/*.test.ts'];

/** Files that run side by side. Most of them wait more than they compute: two are never too many. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

/** Some count to a hundred thousand, and a machine may be busy. */
const testTimeout = 20_000;

/** Tests that drive processes of their own: seconds to start, and sockets to wait for. */
const system = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  globalSetup: new URL('support/host-bundle.ts', import.meta.url).pathname,
};

/** Real agents from npm: not part of `npm test`. */
const agentsProject = {
  test: {
    ...system,
    globalSetup: [system.globalSetup, new URL('agents/install.ts', import.meta.url).pathname],
    name: 'agents',
    include: agentTests,
    testTimeout: 120_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    sequence: { groupOrder: 4 },
  },
};

export default defineConfig(({ mode }) => ({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          testTimeout,
          maxWorkers,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...workerTests, ...clientTests, ...timedTests, ...faultTests, ...agentTests],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ADMIN_KEY: 'admin-key-of-the-tests',
                ENCRYPTION_KEY: 'encryption-key-of-the-tests',
                PRICES_URL: 'off',
              },
            },
          }),
        ],
        test: {
          testTimeout,
          hookTimeout: 30_000,
          maxWorkers,
          name: 'worker',
          include: workerTests,
          setupFiles: ['test/worker/setup.ts'],
        },
      },
      {
        test: {
          ...system,
          name: 'clients',
          include: clientTests,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Mostly the reservations of the dead are waited for.
        test: {
          ...system,
          name: 'faults',
          include: faultTests,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // What happens within a second is measured with nothing else running.
        test: {
          ...system,
          name: 'timed',
          include: timedTests,
          exclude: [untimedSockets],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      ...(mode === 'agents' ? [agentsProject] : []),
    ],
  },
}));
