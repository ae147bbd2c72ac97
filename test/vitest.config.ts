// Three projects: pure code in Node, the Worker and its stores inside workerd, and Node programs that
// drive a running relay (official SDKs, sockets, the command line).
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const workerTests = ['test/worker/**/*.test.ts'];
const systemTests = ['test/{sdk,sockets,cli,replay,browser,faults}/**/*.test.ts'];

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...workerTests, ...systemTests],
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
              },
            },
          }),
        ],
        test: { name: 'worker', include: workerTests, setupFiles: ['test/worker/setup.ts'] },
      },
      {
        test: {
          name: 'system',
          include: systemTests,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
