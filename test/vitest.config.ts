// Three projects: pure code in Node, the Worker and its stores inside workerd, and Node programs that
// drive a running relay (official SDKs, sockets, the command line).
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const workerTests = ['test/worker/**/*.test.ts'];
/** Of sockets, what asks how much and by whom, not how soon. */
const untimedSockets = 'test/sockets/*-{money,aliases,quota}.test.ts';
const clientTests = ['test/{sdk,replay,cli,browser}/**/*.test.ts', untimedSockets];
const timedTests = ['test/{sockets,faults,scale}/**/*.test.ts'];

/** Some count to a hundred thousand, and a machine may be busy. */
const testTimeout = 20_000;

/** Tests that drive processes of their own: seconds to start, and sockets to wait for. */
const system = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          testTimeout,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...workerTests, ...clientTests, ...timedTests],
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
        test: { testTimeout, name: 'worker', include: workerTests, setupFiles: ['test/worker/setup.ts'] },
      },
      {
        test: {
          ...system,
          name: 'clients',
          include: clientTests,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
