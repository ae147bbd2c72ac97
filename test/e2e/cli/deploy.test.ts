// Runs the real wrangler against an imitation of Cloudflare's API: each order of `npx wrangler deploy` and `npm
// run deploy` once. Tests that need no wrangler are in test/unit/cli/deploy-steps.test.ts.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { imitatedAccount, type Upload } from './cloudflare-imitation.ts';
import { boundStores, createdStores, type DeployWorld, startDeployWorld } from './deploy-world.ts';

const root = new URL('../../..', import.meta.url).pathname;

// A run of wrangler takes one to two seconds on an idle machine, an upload four.
vi.setConfig({ testTimeout: 120_000 });

let world: DeployWorld;

/** All tests of a describe build on one another. */
function withFreshWorld(): void {
  beforeAll(async () => {
    world = await startDeployWorld();
  });
  afterAll(() => world.close());
}

describe('npx wrangler deploy', () => {
  withFreshWorld();

  it('works twice from a fresh clone, and changes nothing in the clone', async () => {
    const first = await world.wrangler(['deploy']);
    expect(first.code, first.output).toBe(0);
    const { cloudflare, clone } = world;
    const second = await world.wrangler(['deploy']);
    expect(second.code, second.output).toBe(0);
    expect([...cloudflare.databases.values()]).toEqual(['openopen8-relay-db']);
    expect([...cloudflare.namespaces.values()]).toEqual(['openopen8-relay-cache']);
    expect(boundStores(cloudflare)).toEqual(createdStores(cloudflare));
    expect(cloudflare.uploads[1]?.metadata.bindings).toContainEqual({ name: 'DB', type: 'inherit' });
    expect(missingImports(cloudflare.uploads[0])).toEqual([]);
    expect(readFileSync(join(clone, 'wrangler.toml'), 'utf8')).toBe(
      readFileSync(join(root, 'wrangler.toml'), 'utf8'),
    );
  });

  it('hands over to npm run deploy: same stores, added secrets, and no secret in the output', async () => {
    const { cloudflare, deploymentFile, environment } = world;
    environment.CLOUDFLARE_ACCOUNT_ID = imitatedAccount;
    const deployed = await world.npmRunDeploy('--with', 'ai');
    expect(deployed.code, deployed.output).toBe(0);
    expect(boundStores(cloudflare)).toEqual(createdStores(cloudflare));
    expect(cloudflare.databases.size).toBe(1);
    expect(cloudflare.namespaces.size).toBe(1);
    expect(cloudflare.bindings.get('AI')).toMatchObject({ type: 'ai' });
    expect(cloudflare.secretPuts.sort()).toEqual(['ADMIN_KEY', 'ENCRYPTION_KEY']);
    // wrangler prints the imitation's address without its port.
    expect(deployed.output).toContain('Deployed to     https://127.0.0.1');
    expect(deployed.output).toContain('the first request applies it');
    for (const secret of cloudflare.secrets.values()) expect(deployed.output).not.toContain(secret);
    expect(deployed.output).toContain(deploymentFile);
    expect(world.deployment().pending_secrets).toEqual(Object.fromEntries(cloudflare.secrets));
    expect(statSync(deploymentFile).mode & 0o777).toBe(0o600);
  });
});

/** Returns the imported modules that an upload lacks. */
function missingImports(
  { modules }: Upload = { metadata: { bindings: [] }, modules: new Map(), bound: [] },
): string[] {
  const imports = [...modules.values()].flatMap((text) => [...text.matchAll(/["']\.\/([\w.-]+\.mjs)["']/g)]);
  expect(imports.length).toBeGreaterThan(10);
  return imports.flatMap(([, name = '']) => (modules.has(name) ? [] : [name]));
}
