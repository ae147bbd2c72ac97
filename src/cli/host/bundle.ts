// The Worker's bundle for this machine: built once for each state of the sources, and stored below .wrangler/tmp.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure, describeError } from '../failure.ts';
import { inRepository } from '../repository.ts';

/** What workerd's configuration needs from wrangler.toml and the bundle. Built together with the bundle. */
export interface HostManifest {
  readonly name: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Names of the bundle's modules; the first is the entry. */
  readonly modules: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly databases: readonly StoreBinding[];
  readonly keyValueStores: readonly StoreBinding[];
  readonly buckets: readonly StoreBinding[];
  readonly durableObjects: readonly { readonly binding: string; readonly className: string }[];
  readonly assets: HostAssets | null;
  readonly crons: readonly string[];
}

interface StoreBinding {
  readonly binding: string;
  readonly id: string;
}

interface HostAssets {
  readonly binding: string;
  readonly directory: string;
  /** JSON: the options of the asset Worker. */
  readonly config: string;
  /** JSON: file and content type by content hash. */
  readonly files: string;
  /** Name of the bundle's file that maps paths to content hashes. */
  readonly manifestFile: string;
}

/** A bundle on disk. */
export interface HostBundle {
  readonly folder: string;
  readonly manifest: HostManifest;
}

/** Name of the manifest in a bundle's folder. */
export const manifestName = 'manifest.json';

/** How many bundles of earlier states are kept, so that switching between branches does not build each time. */
const keptBundles = 4;

const root = inRepository('.wrangler/tmp/host');

/**
 * Returns the bundle of the current sources, and builds it in a separate process if it is missing. Throws
 * CommandFailure when it cannot be built. The signal ends the build.
 */
export async function hostBundle(signal?: AbortSignal): Promise<HostBundle> {
  const folder = join(root, sourceHash());
  const known = readManifest(folder);
  if (known !== null) return { folder, manifest: known };
  await build(folder, signal);
  const manifest = readManifest(folder);
  if (manifest === null) throw new CommandFailure('the build of the Worker made no bundle');
  removeOldBundles();
  return { folder, manifest };
}

function readManifest(folder: string): HostManifest | null {
  try {
    return JSON.parse(readFileSync(join(folder, manifestName), 'utf8')) as HostManifest;
  } catch {
    return null;
  }
}

/** Hashes everything that a bundle is made of, by content: checking out an earlier state finds its bundle again. */
function sourceHash(): string {
  const hash = createHash('sha256');
  const builders = [
    'src/cli/worker-bundle.ts',
    'src/cli/price-data-as-json.ts',
    'src/cli/host/make-bundle.ts',
  ];
  const settings = [
    'wrangler.toml',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'schema.sql',
    ...builders,
  ];
  for (const path of [...settings, ...sources('src')]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(inRepository(path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}

/** Returns the files below a folder, in a stable order. The command line is not part of the Worker. */
function sources(folder: string): string[] {
  return readdirSync(inRepository(folder), { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return path === 'src/cli' ? [] : sources(path);
      return entry.isFile() ? [path] : [];
    });
}

/** The builder leads a process group of its own, which is ended whole: wrangler starts further processes. */
function build(folder: string, signal?: AbortSignal): Promise<void> {
  const program = fileURLToPath(new URL('./make-bundle.ts', import.meta.url).href);
  const isGroup = process.platform !== 'win32';
  const child = spawn(process.execPath, ['--no-warnings', program, folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: isGroup,
  });
  const end = () => {
    try {
      process.kill(isGroup ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL');
    } catch (error) {
      // It has ended already.
      if (child.exitCode === null && child.signalCode === null) throw error;
    }
  };
  signal?.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandFailure(describeError(error))));
    child.once('exit', (code) => {
      signal?.removeEventListener('abort', end);
      if (code === 0) resolve();
      else reject(new CommandFailure('the Worker does not build (see above)'));
    });
  });
}

/** Another program may be doing the same now. */
function removeOldBundles(): void {
  const byAge = readdirSync(root)
    .map((name) => join(root, name))
    .map((path) => ({ path, madeAtMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => other.madeAtMs - one.madeAtMs);
  for (const { path } of byAge.slice(keptBundles)) rmSync(path, { recursive: true, force: true });
}
