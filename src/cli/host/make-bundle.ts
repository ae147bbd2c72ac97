// Builds the Worker's bundle for this machine, as `wrangler deploy` uploads it, with the host's entry in front.
// Runs as a separate process that ends, so that the relay's process never has wrangler or Miniflare in memory.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAssetManifest } from 'miniflare';
import type { Unstable_RawConfig as RawConfig } from 'wrangler';
import { trackedConfiguration } from '../deploy/configuration.ts';
import { CommandFailure, runProgram } from '../failure.ts';
import { inRepository } from '../repository.ts';
import { bundleWorker, writeBundle } from '../worker-bundle.ts';
import { type HostManifest, manifestName } from './bundle.ts';

const entry = 'src/host/entry.ts';

/** State folders use this id for both, whatever wrangler.toml says: a deploy may have written ids into it. */
const bindingsNamedLocal = ['DB', 'CACHE'];

await runProgram(async () => {
  const target = process.argv[2];
  if (target === undefined) throw new CommandFailure('usage: make-bundle.ts FOLDER');
  await makeBundle(target);
});
process.exit();

/** The folder appears whole or not at all. Of two concurrent builds the first one's stays. */
async function makeBundle(target: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(`${target}-`);
  try {
    const bundle = await bundleWorker(inRepository(entry));
    writeBundle(bundle, folder);
    const modules = bundle.modules.map(({ name }) => name);
    const manifest = await manifestOf(trackedConfiguration(), modules, folder);
    writeFileSync(join(folder, manifestName), JSON.stringify(manifest));
    renameSync(folder, target);
  } catch (error) {
    if (!isOccupied(error)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function manifestOf(
  config: RawConfig,
  modules: HostManifest['modules'],
  folder: string,
): Promise<HostManifest> {
  refuseUnknownBindings(config);
  return {
    name: config.name ?? 'relay',
    compatibilityDate: config.compatibility_date ?? '',
    compatibilityFlags: compatibilityFlags(config),
    modules,
    variables: textVariables(config.vars ?? {}),
    databases: (config.d1_databases ?? []).map(({ binding }) => ({ binding, id: localId(binding) })),
    keyValueStores: (config.kv_namespaces ?? []).map(({ binding }) => ({ binding, id: localId(binding) })),
    buckets: (config.r2_buckets ?? []).map(({ binding, bucket_name: id }) => ({
      binding,
      id: id ?? binding,
    })),
    durableObjects: (config.durable_objects?.bindings ?? []).map(({ name, class_name }) => ({
      binding: name,
      className: class_name,
    })),
    assets: await assetsOf(config, folder),
    crons: (config.triggers?.crons ?? []).map(String),
  };
}

function localId(binding: string): string {
  return bindingsNamedLocal.includes(binding) ? 'local' : binding;
}

/**
 * workerd warns at each start of a flag that the date already implies. Wrangler's bundler still asks for this
 * one.
 */
function compatibilityFlags({ compatibility_date = '', compatibility_flags = [] }: RawConfig): string[] {
  const isImplied = (flag: string) => flag === 'nodejs_compat' && compatibility_date >= '2026-08-04';
  return compatibility_flags.filter((flag) => !isImplied(flag));
}

/** A binding that is in wrangler.toml but not here would be undefined in a later request. */
function refuseUnknownBindings(config: RawConfig): void {
  const provided = new Set(['assets', 'd1_databases', 'kv_namespaces', 'r2_buckets']);
  const unknown = Object.entries(config)
    .filter(([name, value]) => !provided.has(name) && hasBinding(value))
    .map(([name]) => name);
  if (unknown.length === 0) return;
  throw new CommandFailure(
    `npm start does not provide these bindings of wrangler.toml: ${unknown.join(', ')}`,
  );
}

function hasBinding(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasBinding);
  return typeof value === 'object' && value !== null && 'binding' in value;
}

function textVariables(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

async function assetsOf(config: RawConfig, folder: string): Promise<HostManifest['assets']> {
  const { assets, compatibility_date, compatibility_flags } = config;
  if (assets?.directory === undefined || assets.binding === undefined) return null;
  const directory = inRepository(assets.directory);
  const { encodedAssetManifest, assetsReverseMap } = await buildAssetManifest(directory);
  const manifestFile = 'assets.bin.manifest';
  writeFileSync(join(folder, manifestFile), encodedAssetManifest);
  const { html_handling, not_found_handling } = assets;
  return {
    binding: assets.binding,
    directory,
    config: JSON.stringify({ compatibility_date, compatibility_flags, html_handling, not_found_handling }),
    files: JSON.stringify(assetsReverseMap),
    manifestFile,
  };
}

function isOccupied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOTEMPTY', 'EEXIST'].includes(String(error.code));
}
