// The Worker as `wrangler deploy` would upload it, for runtimes that a test or the bench puts together itself.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runWrangler } from '../../src/cli/wrangler.ts';

/** What every Worker of a test's own runtime is built and run with; as in wrangler.toml. */
export const settings = {
  compatibilityDate: '2026-10-20',
  compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
};

/** A built Worker. */
export interface Bundle {
  gzipBytes: number;
  modules: { modules: { type: 'ESModule' | 'Text'; path: string; contents: string }[] };
}

/** Builds the Worker whose entry is `main`, by way of files in `folder`. */
export async function bundleWorker(folder: string, name: string, main: string): Promise<Bundle> {
  const config = join(folder, `${name}.json`);
  const outdir = join(folder, name);
  const compatibility = {
    compatibility_date: settings.compatibilityDate,
    compatibility_flags: settings.compatibilityFlags,
  };
  writeFileSync(config, JSON.stringify({ name, main, keep_names: false, ...compatibility }));
  const options = ['deploy', '--dry-run', '--minify', '--outdir', outdir, '--config', config];
  await runWrangler(options, { purpose: 'the build' });
  const file = `${main.replace(/^.*\//, '').replace(/\.ts$/, '')}.js`;
  const source = readFileSync(join(outdir, file));
  const texts = readdirSync(outdir)
    .filter((name) => name.endsWith('.sql'))
    .map((path) => ({ type: 'Text' as const, path, contents: readFileSync(join(outdir, path), 'utf8') }));
  const entry = { type: 'ESModule' as const, path: `${name}.mjs`, contents: source.toString() };
  return {
    gzipBytes: gzipSync(source, { level: 9 }).length,
    modules: { modules: [entry, ...texts] },
  };
}
