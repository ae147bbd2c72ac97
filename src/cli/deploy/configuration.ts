// The configuration that is deployed: wrangler.toml with the deployment's own ids, account and domains.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Unstable_RawConfig as RawConfig, experimental_readRawConfig as readRawConfig } from 'wrangler';
import { inRepository, repositoryRoot } from '../repository.ts';
import type { Deployment } from './deployment.ts';

/** wrangler.toml as it is written, without the deployment's part. */
export function trackedConfiguration(): RawConfig {
  return readRawConfig({ config: inRepository('wrangler.toml') }).rawConfig;
}

/** Both parts together. Paths are absolute, because the file lies elsewhere. */
export function mergeConfiguration(tracked: RawConfig, deployment: Readonly<Deployment>): RawConfig {
  const domains = deployment.domains ?? [];
  return {
    ...tracked,
    ...(deployment.name ? { name: deployment.name } : {}),
    ...(deployment.account_id ? { account_id: deployment.account_id } : {}),
    ...(tracked.main ? { main: resolve(repositoryRoot, tracked.main) } : {}),
    ...(tracked.assets?.directory
      ? { assets: { ...tracked.assets, directory: resolve(repositoryRoot, tracked.assets.directory) } }
      : {}),
    d1_databases: (tracked.d1_databases ?? []).map((binding) => ({
      ...binding,
      ...(deployment.d1 ? { database_id: deployment.d1.id, database_name: deployment.d1.name } : {}),
    })),
    kv_namespaces: (tracked.kv_namespaces ?? []).map((binding) => ({
      ...binding,
      ...(deployment.kv ? { id: deployment.kv.id } : {}),
    })),
    // Only there: a local runtime has no models, and an account would have to be asked for.
    ai: { binding: 'AI' },
    ...(domains.length > 0 ? { routes: domains.map((pattern) => ({ pattern, custom_domain: true })) } : {}),
  };
}

/** Writes the merged configuration where wrangler can read it. */
export function writeConfiguration(path: string, configuration: RawConfig): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(configuration, null, 2)}\n`);
}
