// Projects by folder (test/README.md): pure code in Node, the Worker and its stores inside workerd, and Node programs
// that drive a running relay.
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { markdownPagesOfVite } from '../src/cli/documentation/markdown-pages.ts';

/**
 * Stores of tests live in memory where the system has room for them there: a write then waits for no disk. No test
 * cuts the power, and a killed process leaves its files in both places.
 */
const memoryDisk = '/dev/shm';
const memoryDiskBytes = 4 * 1024 ** 3;
if (process.env.TMPDIR === undefined && freeBytes(memoryDisk) >= memoryDiskBytes)
  process.env.TMPDIR = memoryDisk;

/** Returns 0 where there is no such folder. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** Programs that tests start (wrangler, `npm start`) compile their modules once. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'relay-tests-compile-cache');

/** Files that take half a minute and more. Begun last, each would run alone at the end. */
const slowFiles =
  /e2e\/browser\/(pages|without-script)|e2e\/cli\/(deploy|rotate|host|docs|start)|load\/faults\/(realtime|faults)|e2e\/replay\/recordings|e2e\/sdk\/encodings/;

/** Begins with the slow files. Vitest itself knows durations of earlier runs only, and a fresh clone has none. */
class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification) => slowFiles.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

/** All but `timing` and `scale` run side by side: some files compute, others wait for processes, sockets and expiries. */
const sideBySide = { maxWorkers: 4, sequence: { groupOrder: 0 } };

/** Pure code: files disturb each other in nothing, so each thread imports the source once. */
const sharedProcess = { pool: 'threads' as const, isolate: false };

/** Tests that drive processes of their own: seconds to start, and sockets to wait for. */
const system = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  globalSetup: new URL('./support/host-bundle.ts', import.meta.url).pathname,
};

/** Agents from npm: not part of `npm test`. */
const agents = {
  test: {
    ...system,
    globalSetup: [system.globalSetup, new URL('./e2e/agents/install.ts', import.meta.url).pathname],
    name: 'agents',
    include: ['test/e2e/agents/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    sequence: { groupOrder: 3 },
  },
};

/** SQL is imported as text, as by wrangler's default rules. */
const sqlAsText = {
  name: 'sql-as-text',
  enforce: 'pre' as const,
  transform: (code: string, id: string) =>
    id.endsWith('.sql') ? `export default ${JSON.stringify(code)}` : null,
};

export default defineConfig(({ mode }) => ({
  root: new URL('..', import.meta.url).pathname,
  test: {
    sequence: { sequencer: SlowFilesFirst },
    projects: [
      {
        plugins: [markdownPagesOfVite],
        test: {
          testTimeout: 20_000,
          ...sideBySide,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          ...sharedProcess,
        },
      },
      {
        // Every recording and example through every format, and generated input: seconds a file.
        test: {
          testTimeout: 20_000,
          ...sideBySide,
          name: 'exhaustive',
          include: ['test/exhaustive/**/*.test.ts'],
          ...sharedProcess,
        },
      },
      {
        plugins: [
          markdownPagesOfVite,
          cloudflareTest({
            main: './src/index.ts',
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
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...sideBySide,
          name: 'worker',
          // One runtime for many files (a start costs two seconds); setup.ts empties its stores before each.
          isolate: false,
          include: ['test/worker/**/*.test.ts'],
          setupFiles: ['test/worker/setup.ts'],
        },
      },
      {
        test: {
          ...system,
          globalSetup: [
            system.globalSetup,
            new URL('./e2e/browser/extract-chromium.ts', import.meta.url).pathname,
          ],
          name: 'e2e',
          include: ['test/e2e/{browser,cli,replay,sdk,sockets}/**/*.test.ts'],
          isolate: false,
          ...sideBySide,
        },
      },
      {
        // Mostly waits for the reservations of killed processes to expire.
        test: {
          ...system,
          name: 'faults',
          include: ['test/load/faults/**/*.test.ts'],
          ...sideBySide,
        },
      },
      {
        // What happens within a second. These tests wait more than they compute, so three files run side by side.
        test: {
          ...system,
          name: 'timing',
          include: ['test/e2e/timing/**/*.test.ts'],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Measures queries over a large log, so nothing else runs.
        plugins: [sqlAsText, markdownPagesOfVite],
        test: {
          ...system,
          name: 'scale',
          include: ['test/load/scale/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      ...(mode === 'agents' ? [agents] : []),
    ],
  },
}));
