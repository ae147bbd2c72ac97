// The Worker's bundle, split where the source imports on demand: an isolate that relays does not parse the
// dashboard. Wrangler's own bundler writes everything into one module (wrangler 4.155), so it uploads these
// modules unchanged (wrangler.toml, no_bundle).
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { markdownPages } from './documentation/markdown-pages.ts';
import { priceDataAsJson } from './price-data-as-json.ts';
import { repositoryRoot } from './repository.ts';

/** A module of a bundle. */
export interface BundledModule {
  readonly name: string;
  readonly contents: Uint8Array;
  /** Whether the entry imports it statically, directly or not. The others are loaded on demand. */
  readonly isLoadedAtStart: boolean;
}

/** Modules, the entry's first, and their source maps. */
export interface WorkerBundle {
  readonly modules: readonly BundledModule[];
  readonly maps: readonly { readonly name: string; readonly contents: Uint8Array }[];
}

/** Bundles the Worker whose entry is the TypeScript file. Rejects, and prints why, when the source does not compile. */
export async function bundleWorker(entry: string): Promise<WorkerBundle> {
  const { outputFiles, metafile } = await build({ ...settings, entryPoints: [entry] });
  const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }));
  const main = `${basename(entry).replace(/\.tsx?$/, '')}.mjs`;
  const atStart = loadedAtStart(metafile, main);
  const modules = files
    .filter(({ name }) => name.endsWith('.mjs'))
    .sort((one, other) => Number(other.name === main) - Number(one.name === main))
    .map((file) => ({ ...file, isLoadedAtStart: atStart.has(file.name) }));
  return { modules, maps: files.filter(({ name }) => name.endsWith('.map')) };
}

const settings = {
  absWorkingDir: repositoryRoot,
  outdir: 'dist',
  // A rule of wrangler.toml matches these names. Vitest applies the rule to packages too, so it must match none of
  // theirs.
  chunkNames: 'part-[name]-[hash]',
  outExtension: { '.js': '.mjs' },
  write: false as const,
  metafile: true as const,
  bundle: true,
  splitting: true,
  minify: true,
  sourcemap: true,
  format: 'esm' as const,
  target: 'es2024',
  // workerd has these modules itself; packages are resolved as wrangler resolves them.
  external: ['node:*', 'cloudflare:*'],
  platform: 'browser' as const,
  conditions: ['workerd', 'worker', 'browser'],
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [priceDataAsJson, markdownPages],
  loader: { '.sql': 'text' as const },
  jsx: 'automatic' as const,
  jsxImportSource: 'hono/jsx',
  charset: 'utf8' as const,
  logLevel: 'warning' as const,
} satisfies BuildOptions;

/** Returns the names of the entry's module and of all that it imports statically, directly or not. */
function loadedAtStart({ outputs }: Metafile, main: string): Set<string> {
  const loaded = new Set<string>();
  const waiting = Object.keys(outputs).filter((path) => basename(path) === main);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (loaded.has(basename(path))) continue;
    loaded.add(basename(path));
    const imports = outputs[path]?.imports ?? [];
    waiting.push(...imports.filter(({ kind }) => kind === 'import-statement').map((one) => one.path));
  }
  return loaded;
}

/**
 * Writes a bundle into a folder of its own. Files appear whole and old ones are deleted last, so that two builds
 * of the same source may run at the same time.
 */
export function writeBundle({ modules, maps }: WorkerBundle, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const files = [...modules, ...maps];
  for (const { name, contents } of files) {
    const temporary = join(folder, `.${name}-${process.pid}`);
    writeFileSync(temporary, contents);
    renameSync(temporary, join(folder, name));
  }
  const names = new Set(files.map(({ name }) => name));
  for (const name of readdirSync(folder)) {
    if (!names.has(name) && !name.startsWith('.'))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}
