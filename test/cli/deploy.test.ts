import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CloudflareImitation, startCloudflareImitation } from './cloudflare-imitation.ts';
import { type Ended, runProgram, temporaryFolder } from './programs.ts';

let cloudflare: CloudflareImitation;
let folder: ReturnType<typeof temporaryFolder>;
let deploymentFile: string;

beforeEach(async () => {
  cloudflare = await startCloudflareImitation();
  folder = temporaryFolder();
  deploymentFile = join(folder.path, 'deploy.json');
});
afterEach(async () => {
  await cloudflare.close();
  folder.remove();
});

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
    });
    expect(statSync(deploymentFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(deploymentFile, 'utf8')).not.toContain('ak-');
  });

  it('continues a run that failed after the database was made', async () => {
    cloudflare.failing = /^POST \/storage\/kv/;
    const first = await deploy();
    expect(first.code).toBe(1);
    expect(first.output).toContain('creating the KV namespace');
    expect(cloudflare.databases.size).toBe(1);

    cloudflare.failing = null;
    const second = await deploy();
    expect(second.code, second.output).toBe(0);
    expect(cloudflare.databases.size).toBe(1);
    expect(cloudflare.namespaces.size).toBe(1);
    expect(adminKeyIn(second.output)).toBe(cloudflare.secrets.get('ADMIN_KEY'));
  });

  it('still shows the admin key when the run failed after the upload', async () => {
    cloudflare.failing = /\/schedules$/;
    expect((await deploy()).code).toBe(1);
    const kept = cloudflare.secrets.get('ADMIN_KEY');

    cloudflare.failing = null;
    const second = await deploy();
    expect(second.code, second.output).toBe(0);
    expect(adminKeyIn(second.output)).toBe(kept);
    expect(cloudflare.secretPuts).toHaveLength(2);
  });

  it('finds what is there without its file, and serves custom domains', async () => {
    await deploy();
    writeFileSync(deploymentFile, '{"domains": ["api.example.com"]}');
    const second = await deploy();
    expect(second.code, second.output).toBe(0);
    expect(second.output).toContain('https://api.example.com');
    expect(cloudflare.domains).toEqual(['api.example.com']);
    expect(cloudflare.databases.size).toBe(1);
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
