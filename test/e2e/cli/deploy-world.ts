// Sets up an imitated Cloudflare account, and a fresh clone of the repository that deploys to it.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudflareImitation, startCloudflareImitation } from './cloudflare-imitation.ts';
import { type Ended, runProgram, temporaryFolder } from './programs.ts';

const root = new URL('../../..', import.meta.url).pathname;

/** The files that a clone needs for a deployment. */
const cloned = ['.github', 'src', 'schema.sql', 'wrangler.toml', 'package.json', 'tsconfig.json'];

export interface DeployWorld {
  readonly cloudflare: CloudflareImitation;
  readonly clone: string;
  readonly deploymentFile: string;
  readonly environment: Record<string, string>;
  /** Runs `npx wrangler deploy`, `rollback` or another command in the clone. `input` is what a pipe gives it. */
  wrangler(command: readonly string[], input?: string): Promise<Ended>;
  /** Runs `npm run deploy`, which works in the repository whatever the current folder. */
  npmRunDeploy(...parameters: string[]): Promise<Ended>;
  /** Reads the file in which `npm run deploy` stores its settings. */
  deployment(): Record<string, Record<string, string>>;
  close(): Promise<void>;
}

/** Starts an account without a Worker, and makes the clone. */
export async function startDeployWorld(): Promise<DeployWorld> {
  const cloudflare = await startCloudflareImitation();
  const folder = temporaryFolder();
  const clone = join(folder.path, 'clone');
  makeClone(clone);
  const deploymentFile = join(folder.path, 'deploy.json');
  const environment: Record<string, string> = {
    HOME: folder.path,
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_API_TOKEN: 'imitated-api-token',
    WRANGLER_SEND_METRICS: 'false',
    DEPLOY_WAIT_SECONDS: '0',
  };
  return {
    cloudflare,
    clone,
    deploymentFile,
    environment,
    wrangler: (command, input = '') => runWrangler(command, input, clone, environment),
    npmRunDeploy: (...parameters) =>
      runProgram('deploy', parameters, { ...environment, DEPLOY_FILE: deploymentFile }),
    deployment: () => JSON.parse(readFileSync(deploymentFile, 'utf8')),
    close: async () => {
      await cloudflare.close();
      folder.remove();
    },
  };
}

function makeClone(clone: string): void {
  mkdirSync(clone);
  for (const name of cloned) cpSync(join(root, name), join(clone, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
}

function runWrangler(
  command: readonly string[],
  input: string,
  cwd: string,
  environment: Record<string, string>,
): Promise<Ended> {
  const NODE_COMPILE_CACHE = join(root, '.wrangler/tmp/compile-cache');
  const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE, ...environment };
  const program = ['node_modules/wrangler/bin/wrangler.js', ...command];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}

/** Returns the ids of the database and the namespace that the Worker is bound to. */
export function boundStores({ bindings }: CloudflareImitation): unknown {
  const { DB, CACHE } = Object.fromEntries(bindings);
  return { db: DB?.id ?? DB?.database_id, kv: CACHE?.namespace_id };
}

/** Returns the ids of the account's first database and namespace. */
export function createdStores({ databases, namespaces }: CloudflareImitation): unknown {
  return { db: [...databases.keys()][0], kv: [...namespaces.keys()][0] };
}
