import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stepsFrom } from '../../../src/cli/schema-files.ts';
import { schemaVersion } from '../../../src/schema/steps.ts';
import { type CloudflareImitation, startCloudflareImitation } from './cloudflare-imitation.ts';
import { type Ended, runProgram, temporaryFolder } from './programs.ts';

let cloudflare: CloudflareImitation;
let folder: ReturnType<typeof temporaryFolder>;
let deploymentFile: string;

// A deploy is eight runs of wrangler: seven to thirteen seconds on an idle machine.
vi.setConfig({ testTimeout: 240_000 });

/** A fresh imitation and folder for all tests of a describe: they build on one another. */
function withCloudflare(): void {
  beforeAll(async () => {
    cloudflare = await startCloudflareImitation();
    folder = temporaryFolder();
    deploymentFile = join(folder.path, 'deploy.json');
  });
  afterAll(async () => {
    await cloudflare.close();
    folder.remove();
  });
}

function deploy(): Promise<Ended> {
  return runProgram('deploy', [], {
    HOME: folder.path,
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_API_TOKEN: 'imitated-api-token',
    DEPLOY_FILE: deploymentFile,
  });
}

function adminKeyIn(output: string): string | undefined {
  return /Admin key\s+(ak-\w+)/.exec(output)?.[1];
}

describe('npm run deploy', () => {
  withCloudflare();

  it('makes everything once and is safe to run again', async () => {
    const first = await deploy();
    expect(first.code, first.output).toBe(0);
    expect(first.output).toContain('Deployed to');
    expect(adminKeyIn(first.output)).toBe(cloudflare.secrets.get('ADMIN_KEY'));
    expect(first.output).toContain(cloudflare.secrets.get('ENCRYPTION_KEY'));

    const second = await deploy();
    expect(second.code, second.output).toBe(0);
    expect(adminKeyIn(second.output)).toBeUndefined();
    expect(cloudflare.databases.size).toBe(1);
    expect(cloudflare.namespaces.size).toBe(1);
    expect(cloudflare.uploads).toHaveLength(2);
    expect(cloudflare.secretPuts.sort()).toEqual(['ADMIN_KEY', 'ENCRYPTION_KEY']);
    expect(tablesOf(cloudflare)).toContain('tokens');
    expect(bindingsOf(cloudflare)).toMatchObject({
      DB: { id: [...cloudflare.databases.keys()][0] },
      CACHE: { namespace_id: [...cloudflare.namespaces.keys()][0] },
      AI: { type: 'ai' },
    });
    expect(statSync(deploymentFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(deploymentFile, 'utf8')).not.toContain('ak-');
  });

  it('finds what is there without its file, and serves custom domains', async () => {
    writeFileSync(deploymentFile, '{"domains": ["api.example.com"]}');
    const third = await deploy();
    expect(third.code, third.output).toBe(0);
    expect(third.output).toContain('https://api.example.com');
    expect(cloudflare.domains).toEqual(['api.example.com']);
    expect(cloudflare.databases.size).toBe(1);
    expect(cloudflare.secretPuts).toHaveLength(2);
  });

  it('brings a database of the first version up to date, with what is in it', async () => {
    const [database] = cloudflare.databases.values();
    if (database === undefined) throw new Error('no database');
    const old = new DatabaseSync(':memory:');
    for (const { statements, version } of stepsFrom(null)) if (version === 1) old.exec(statements.join('\n'));
    old.exec(`INSERT INTO logs (id, created_at, token_id, account_id, format, endpoint, status, cost_nano_usd)
      VALUES ('old', 5, 'tok_1', 'acc_admin', 'openai', '/v1/x', 200, 7)`);
    database.sqlite = old;
    const upgraded = await deploy();
    expect(upgraded.code, upgraded.output).toBe(0);
    expect(upgraded.output).toContain('schema: up to date');
    expect({ ...old.prepare('SELECT value FROM meta').get() }).toEqual({ value: String(schemaVersion) });
    expect({ ...old.prepare('SELECT id, charge FROM logs').get() }).toEqual({ id: 'old', charge: null });
    const total = old
      .prepare("SELECT cost_nano_usd AS cost FROM usage_totals WHERE dimension = 'token'")
      .get();
    expect({ ...total }).toEqual({ cost: 7 });
  });
});

describe('a first run that stops half-way', () => {
  withCloudflare();

  it('is continued, twice, and still shows the admin key', async () => {
    cloudflare.failing = /^POST \/storage\/kv/;
    const withoutNamespace = await deploy();
    expect(withoutNamespace.code).toBe(1);
    expect(withoutNamespace.output).toContain('creating the KV namespace');

    cloudflare.failing = /\/schedules$/;
    const afterUpload = await deploy();
    expect(afterUpload.code).toBe(1);
    expect(adminKeyIn(afterUpload.output)).toBeUndefined();

    cloudflare.failing = null;
    const whole = await deploy();
    expect(whole.code, whole.output).toBe(0);
    expect(adminKeyIn(whole.output)).toBe(cloudflare.secrets.get('ADMIN_KEY'));
    expect(cloudflare.databases.size).toBe(1);
    expect(cloudflare.namespaces.size).toBe(1);
    expect(cloudflare.secretPuts).toHaveLength(2);
  });
});

function tablesOf({ databases }: CloudflareImitation): unknown[] {
  const [database] = databases.values();
  const rows = database?.sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() ?? [];
  return rows.map(({ name }) => name);
}

function bindingsOf({ uploads }: CloudflareImitation): Record<string, unknown> {
  return Object.fromEntries(
    (uploads.at(-1)?.metadata.bindings ?? []).map((binding) => [binding.name, binding]),
  );
}
