// Deploys over the previous release's account: nothing is created, replaced or deleted.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CloudflareImitation, ImitatedBinding } from './cloudflare-imitation.ts';
import { boundStores, createdStores, type DeployWorld, startDeployWorld } from './deploy-world.ts';

// An upload takes four seconds on an idle machine.
vi.setConfig({ testTimeout: 120_000 });

interface RecordedDeployment {
  readonly databases: Readonly<Record<string, string>>;
  readonly namespaces: Readonly<Record<string, string>>;
  readonly migration_tag: string;
  readonly bindings: readonly ImitatedBinding[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly deployment_file: object;
}

const recording = new URL('../../fixtures/deployments/schema-8.json', import.meta.url).pathname;
const earlier: RecordedDeployment = JSON.parse(readFileSync(recording, 'utf8'));

let world: DeployWorld;

function withEarlierRelease(): void {
  beforeAll(async () => {
    world = await startDeployWorld();
    const { cloudflare } = world;
    cloudflare.hasWorker = true;
    cloudflare.migrationTag = earlier.migration_tag;
    for (const [id, name] of Object.entries(earlier.databases)) cloudflare.databases.set(id, name);
    for (const [id, title] of Object.entries(earlier.namespaces)) cloudflare.namespaces.set(id, title);
    for (const one of earlier.bindings) cloudflare.bindings.set(one.name, one);
    for (const [name, value] of Object.entries(earlier.secrets)) cloudflare.secrets.set(name, value);
  });
  afterAll(() => world.close());
}

/** Returns what a deployment must leave unchanged. */
function storesOf({ databases, namespaces, bindings, secrets, migrationTag }: CloudflareImitation) {
  const classes = [...bindings.values()].flatMap(({ name, class_name: className }) =>
    className === undefined ? [] : [[name, className]],
  );
  return {
    databases: Object.fromEntries(databases),
    namespaces: Object.fromEntries(namespaces),
    classes: Object.fromEntries(classes),
    secrets: Object.fromEntries(secrets),
    migrationTag,
  };
}

function expectUnchangedStores(): void {
  const { cloudflare } = world;
  expect(storesOf(cloudflare)).toEqual({
    databases: earlier.databases,
    namespaces: earlier.namespaces,
    classes: {
      LEDGER: 'TokenLedger',
      ACCOUNTS: 'AccountLedger',
      REALTIME: 'RealtimeSession',
      HEALTH: 'HealthBoard',
    },
    secrets: earlier.secrets,
    migrationTag: earlier.migration_tag,
  });
  expect(boundStores(cloudflare)).toEqual(createdStores(cloudflare));
  expect(cloudflare.uploads.at(-1)?.metadata.migrations).toBeUndefined();
}

describe('npm run deploy over the previous release', () => {
  withEarlierRelease();

  it('preserves its stores, classes, secrets and optional bindings', async () => {
    writeFileSync(world.deploymentFile, JSON.stringify(earlier.deployment_file));
    const deployed = await world.npmRunDeploy();
    expect(deployed.code, deployed.output).toBe(0);
    expectUnchangedStores();
    expect(world.cloudflare.bindings.get('AI')).toMatchObject({ type: 'ai' });
  });
});

describe('npx wrangler deploy over the previous release', () => {
  withEarlierRelease();

  it('preserves its stores, classes and secrets', async () => {
    const deployed = await world.wrangler(['deploy']);
    expect(deployed.code, deployed.output).toBe(0);
    expectUnchangedStores();
  });
});
