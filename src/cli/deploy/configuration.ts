// The configuration that is deployed: wrangler.toml with the deployment's own name, ids, account and domains.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Unstable_RawConfig as RawConfig, experimental_readRawConfig as readRawConfig } from 'wrangler';
import { inRepository, repositoryRoot } from '../repository.ts';
import type { Deployment, DeploymentFile } from './deployment.ts';
import { type OptionalBinding, optionalBindings } from './optional-bindings.ts';

/**
 * Writes the configuration of a deployment for wrangler and returns its path. Each deployment's file has its own
 * path, so two deployments of one clone do not collide.
 */
export function configurationFor(
  { path, deployment }: DeploymentFile,
  bindings: readonly OptionalBinding[] = [],
): string {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
  const written = inRepository(`.wrangler/deployment/${name}.json`);
  mkdirSync(dirname(written), { recursive: true });
  const configuration = mergeConfiguration(trackedConfiguration(), deployment, bindings);
  writeFileSync(written, `${JSON.stringify(configuration, null, 2)}\n`);
  return written;
}

/** wrangler.toml as it is written, without the deployment's part. */
export function trackedConfiguration(): RawConfig {
  return readRawConfig({ config: inRepository('wrangler.toml') }).rawConfig;
}

/** Merges both parts. Paths are absolute, because the file lies elsewhere. */
function mergeConfiguration(
  tracked: RawConfig,
  deployment: Readonly<Deployment>,
  bindings: readonly OptionalBinding[],
): RawConfig {
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
    ...Object.assign({}, ...bindings.map((name) => optionalBindings[name].configuration)),
    ...(domains.length > 0 ? { routes: domains.map((pattern) => ({ pattern, custom_domain: true })) } : {}),
  };
}
