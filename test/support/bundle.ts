// The Worker as a deploy uploads it, for runtimes that a test or the bench configures.
import { gzipSync } from 'node:zlib';
import { bundleWorker as bundleModules } from '../../src/cli/worker-bundle.ts';

/** The settings of every Worker in such a runtime, as in wrangler.toml. */
export const settings = {
  compatibilityDate: '2026-10-20',
  compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
};

/** A built Worker. */
export interface Bundle {
  /** The size of the code that it loads at its start. */
  readonly gzipBytes: number;
  readonly modules: { modules: { type: 'ESModule'; path: string; contents: string }[] };
}

/** Builds the Worker whose entry is `main`. */
export async function bundleWorker(main: string): Promise<Bundle> {
  const { modules } = await bundleModules(main);
  const atStart = modules.filter(({ isLoadedAtStart }) => isLoadedAtStart);
  const sizes = atStart.map(({ contents }) => gzipSync(contents, { level: 9 }).length);
  return {
    gzipBytes: sizes.reduce((sum, size) => sum + size, 0),
    modules: {
      modules: modules.map(({ name, contents }) => ({
        type: 'ESModule',
        path: name,
        contents: new TextDecoder().decode(contents),
      })),
    },
  };
}
