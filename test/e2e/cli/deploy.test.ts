// The real wrangler against an imitation of Cloudflare's API: one run of each order of `npx wrangler deploy` and `npm run deploy`.
// What needs no wrangler is in test/unit/cli/deploy-steps.test.ts.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type CloudflareImitation,
  imitatedAccount,
  startCloudflareImitation,
} from './cloudflare-imitation.ts';
import { type Ended, runProgram, temporaryFolder } from './programs.ts';

const root = new URL('../../..', import.meta.url).pathname;

// A run of wrangler takes one to two seconds on an idle machine, an upload four.
vi.setConfig({ testTimeout: 120_000 });

/** One account at Cloudflare, and a machine with a fresh clone. */
interface World {
  readonly cloudflare: CloudflareImitation;
  readonly clone: string;
  readonly deploymentFile: string;
  readonly environment: Record<string, string>;
}

let world: World;
let folder: ReturnType<typeof temporaryFolder>;

/** All tests of a describe build on one another. */
function withFreshWorld(): void {
  beforeAll(async () => {
    const cloudflare = await startCloudflareImitation();
    folder = temporaryFolder();
    const clone = join(folder.path, 'clone');
    mkdirSync(clone);
    for (const name of ['src', 'schema.sql', 'wrangler.toml', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, name), join(clone, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    const deploymentFile = join(folder.path, 'deploy.json');
    const environment = {
      HOME: folder.path,
      CLOUDFLARE_API_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: 'imitated-api-token',
      WRANGLER_SEND_METRICS: 'false',
      DEPLOY_WAIT_SECONDS: '0',
    };
    world = { cloudflare, clone, deploymentFile, environment };
  });
  afterAll(async () => {
    await world.cloudflare.close();
    folder.remove();
  });
}

/** `npx wrangler deploy` in the clone. */
function wranglerDeploy(): Promise<Ended> {
  const { clone, environment } = world;
  const NODE_COMPILE_CACHE = join(root, '.wrangler/tmp/compile-cache');
  const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE, ...environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['node_modules/wrangler/bin/wrangler.js', 'deploy'],
      { cwd: clone, env },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

/** `npm run deploy`, which works in the repository whatever the current folder is. */
function npmRunDeploy(...parameters: string[]): Promise<Ended> {
  const { environment, deploymentFile } = world;
  return runProgram('deploy', parameters, { ...environment, DEPLOY_FILE: deploymentFile });
}

function deploymentOf({ deploymentFile }: World): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(deploymentFile, 'utf8'));
}

describe('npx wrangler deploy', () => {
  withFreshWorld();

  it('works from a fresh clone, twice, and changes nothing in the clone', async () => {
    const first = await wranglerDeploy();
    expect(first.code, first.output).toBe(0);
    const { cloudflare, clone } = world;
    const second = await wranglerDeploy();
    expect(second.code, second.output).toBe(0);
    expect([...cloudflare.databases.values()]).toEqual(['openopen8-relay-db']);
    expect([...cloudflare.namespaces.values()]).toEqual(['openopen8-relay-cache']);
    expect(boundStores(cloudflare)).toEqual(createdStores(cloudflare));
    expect(cloudflare.uploads[1]?.metadata.bindings).toContainEqual({ name: 'DB', type: 'inherit' });
    expect(readFileSync(join(clone, 'wrangler.toml'), 'utf8')).toBe(
      readFileSync(join(root, 'wrangler.toml'), 'utf8'),
    );
  });

  it('is taken over by npm run deploy: the same stores, secrets added, and nothing secret in the output', async () => {
    const { cloudflare, deploymentFile, environment } = world;
    environment.CLOUDFLARE_ACCOUNT_ID = imitatedAccount;
    const deployed = await npmRunDeploy('--with', 'ai');
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
    expect(deploymentOf(world).pending_secrets).toEqual(Object.fromEntries(cloudflare.secrets));
    expect(statSync(deploymentFile).mode & 0o777).toBe(0o600);
  });
});

describe('npm run deploy', () => {
  withFreshWorld();

  it('makes everything, and plain wrangler deploys on top with the same stores, secrets and domains', async () => {
    const { cloudflare, deploymentFile } = world;
    writeFileSync(deploymentFile, '{"domains": ["api.example.com"]}');
    const deployed = await npmRunDeploy();
    expect(deployed.code, deployed.output).toBe(0);
    expect(deployed.output).toContain('https://api.example.com');
    const stores = boundStores(cloudflare);
    expect(stores).toEqual(createdStores(cloudflare));
    const secrets = new Map(cloudflare.secrets);
    const again = await wranglerDeploy();
    expect(again.code, again.output).toBe(0);
    expect(cloudflare.uploads).toHaveLength(2);
    expect(boundStores(cloudflare)).toEqual(stores);
    expect(cloudflare.databases.size).toBe(1);
    expect(cloudflare.secrets).toEqual(secrets);
    expect(cloudflare.domains).toEqual(['api.example.com']);
  });
});

/** Ids of the database and the namespace that the Worker is bound to. */
function boundStores({ bindings }: CloudflareImitation): unknown {
  const { DB, CACHE } = Object.fromEntries(bindings);
  return { db: DB?.id ?? DB?.database_id, kv: CACHE?.namespace_id };
}

/** Ids of the only ones that there are. */
function createdStores({ databases, namespaces }: CloudflareImitation): unknown {
  return { db: [...databases.keys()][0], kv: [...namespaces.keys()][0] };
}
