// Runs the real wrangler after `npm run deploy`, against an imitation of Cloudflare's API.
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { boundStores, createdStores, type DeployWorld, startDeployWorld } from './deploy-world.ts';

// An upload takes four seconds on an idle machine.
vi.setConfig({ testTimeout: 120_000 });

let world: DeployWorld;
beforeAll(async () => {
  world = await startDeployWorld();
});
afterAll(() => world.close());

it('deploys with npm run deploy, then plain wrangler deploys preserve the stores, secrets and domains', async () => {
  const { cloudflare, deploymentFile } = world;
  writeFileSync(deploymentFile, '{"domains": ["api.example.com"]}');
  const deployed = await world.npmRunDeploy();
  expect(deployed.code, deployed.output).toBe(0);
  expect(deployed.output).toContain('https://api.example.com');
  const stores = boundStores(cloudflare);
  expect(stores).toEqual(createdStores(cloudflare));
  const secrets = new Map(cloudflare.secrets);
  const again = await world.wrangler(['deploy']);
  expect(again.code, again.output).toBe(0);
  expect(cloudflare.uploads).toHaveLength(2);
  expect(boundStores(cloudflare)).toEqual(stores);
  expect(cloudflare.databases.size).toBe(1);
  expect(cloudflare.secrets).toEqual(secrets);
  expect(cloudflare.domains).toEqual(['api.example.com']);
});

it('rolls back to the version before, which has the same stores, secrets and domains', async () => {
  const { cloudflare } = world;
  const stores = boundStores(cloudflare);
  const secrets = new Map(cloudflare.secrets);
  const rolledBack = await world.wrangler(['rollback']);
  expect(rolledBack.code, rolledBack.output).toBe(0);
  expect(cloudflare.served).toEqual([1, 2, 1]);
  expect(boundStores(cloudflare)).toEqual(stores);
  expect(cloudflare.secrets).toEqual(secrets);
  expect(cloudflare.domains).toEqual(['api.example.com']);
  expect(cloudflare.migrationTag).not.toBeNull();
});

it('stores a variable with wrangler secret put', async () => {
  const { cloudflare } = world;
  const stored = await world.wrangler(['secret', 'put', 'LOG_RETENTION_DAYS'], '30');
  expect(stored.code, stored.output).toBe(0);
  expect(cloudflare.secrets.get('LOG_RETENTION_DAYS')).toBe('30');
});
