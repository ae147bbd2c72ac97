// Tests the steps of `npm run deploy` with imitated wrangler commands: what they look up, create and print.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeploymentFile } from '../../../src/cli/deploy/deployment.ts';
import { healthWaitOf, waitForSchema } from '../../../src/cli/deploy/health.ts';
import { readBindingChanges } from '../../../src/cli/deploy/optional-bindings.ts';
import { deployRelay } from '../../../src/cli/deploy/run.ts';
import { CommandFailure } from '../../../src/cli/failure.ts';
import type { RunWrangler } from '../../../src/cli/wrangler.ts';
import { temporaryFolder } from '../../e2e/cli/programs.ts';

let folder: ReturnType<typeof temporaryFolder>;
let account: Account;
/** The address of the deployed Worker. */
let address: string;

beforeEach(() => {
  folder = temporaryFolder();
  address = 'https://relay.invalid';
  account = { worker: null, secrets: {}, databases: {}, namespaces: {}, failing: null, commands: [] };
});
afterEach(() => folder.remove());

/** What the Cloudflare account contains; stores map names to ids. */
interface Account {
  /** Names of the Worker's bindings except secrets; null if there is no Worker. */
  worker: string[] | null;
  secrets: Record<string, string>;
  databases: Record<string, string>;
  namespaces: Record<string, string>;
  /** Commands that fail, with wrangler's message. */
  failing: RegExp | null;
  commands: string[];
}

interface Configuration {
  readonly ai?: { readonly binding: string };
  readonly d1_databases: { readonly database_id?: string }[];
  readonly kv_namespaces: { readonly id?: string }[];
  readonly routes?: unknown;
}

/** The configuration of the last upload. */
let uploaded: Configuration;

const wrangler: RunWrangler = async (parameters, { environment }) => {
  const command = parameters
    .filter((word) => !word.startsWith('-'))
    .slice(0, 2)
    .join(' ');
  account.commands.push(parameters[0] === 'deploy' ? 'deploy' : command);
  if (account.failing?.test(command)) throw new CommandFailure(`${command} failed`);
  const answer = answerOf(parameters, environment?.WRANGLER_OUTPUT_FILE_PATH);
  return { output: JSON.stringify(answer) };
};

function answerOf(parameters: readonly string[], outputFile: string | undefined): unknown {
  const [first, second] = parameters;
  if (first === 'whoami') return { accounts: [{ id: 'acc', name: 'Imitated' }] };
  if (first === 'd1') return Object.entries(account.databases).map(([name, uuid]) => ({ name, uuid }));
  if (first === 'kv') return Object.entries(account.namespaces).map(([title, id]) => ({ title, id }));
  if (first === 'deploy') return deployTo(parameters, outputFile ?? '');
  if (account.worker === null) throw new CommandFailure('This Worker does not exist [code: 10007]');
  const secrets = Object.keys(account.secrets).map((name) => ({ name }));
  if (first === 'deployments') return { versions: [{ version_id: 'v1' }] };
  if (first === 'versions') {
    return { resources: { bindings: [...account.worker.map((name) => ({ name })), ...secrets] } };
  }
  if (first === 'secret' && second === 'list') return secrets;
  throw new Error(`no such command: ${parameters.join(' ')}`);
}

function deployTo(parameters: readonly string[], outputFile: string): string {
  const after = (option: string) => parameters[parameters.indexOf(option) + 1] ?? '';
  uploaded = JSON.parse(readFileSync(after('--config'), 'utf8'));
  if (parameters.includes('--secrets-file')) {
    Object.assign(account.secrets, JSON.parse(readFileSync(after('--secrets-file'), 'utf8')));
  }
  account.worker = ['DB', 'CACHE', ...(uploaded.ai ? ['AI'] : [])];
  if (account.failing?.test('after the upload')) throw new CommandFailure('the upload failed');
  writeFileSync(outputFile, `${JSON.stringify({ type: 'deploy', targets: [address] })}\n`);
  return '';
}

interface Run {
  readonly output: string;
  readonly isServing: boolean;
}

async function deploy(options: {
  parameters?: string[];
  environment?: Record<string, string>;
  isTerminal?: boolean;
}): Promise<Run> {
  let output = '';
  const isServing = await deployRelay({
    file: new DeploymentFile(filePath()),
    changes: readBindingChanges(options.parameters ?? []),
    environment: { DEPLOY_WAIT_SECONDS: '0', ...options.environment },
    isTerminal: options.isTerminal ?? true,
    run: wrangler,
    print: (text) => {
      output += text;
    },
  });
  return { output, isServing };
}

const filePath = () => join(folder.path, 'deploy.json');
const stored = () => JSON.parse(readFileSync(filePath(), 'utf8'));

describe('secrets of a deployment', () => {
  it('are generated once, shown once on a terminal, and then deleted locally', async () => {
    const { output } = await deploy({});
    const { ADMIN_KEY, ENCRYPTION_KEY } = account.secrets;
    expect(output).toMatch(new RegExp(`Admin key +${ADMIN_KEY}`));
    expect(output).toMatch(new RegExp(`ENCRYPTION_KEY +${ENCRYPTION_KEY}`));
    expect(stored().pending_secrets).toBeUndefined();
    const again = await deploy({});
    expect(again.output).not.toContain(ADMIN_KEY);
    expect(account.secrets).toEqual({ ADMIN_KEY, ENCRYPTION_KEY });
    expect(account.commands.slice(-3)).toEqual(['deployments status', 'versions view', 'deploy']);
  });

  it('are not printed without a terminal, and are shown by the next run on one', async () => {
    const piped = await deploy({ isTerminal: false });
    const { ADMIN_KEY = '', ENCRYPTION_KEY = '' } = account.secrets;
    expect(piped.output).not.toContain(ADMIN_KEY);
    expect(piped.output).not.toContain(ENCRYPTION_KEY);
    expect(piped.output).toContain(filePath());
    expect(stored().pending_secrets).toEqual({ ADMIN_KEY, ENCRYPTION_KEY });
    expect((await deploy({})).output).toContain(ADMIN_KEY);
    expect(stored().pending_secrets).toBeUndefined();
  });

  it('are not generated in CI, where the instructions to set them are printed', async () => {
    const { output } = await deploy({ environment: { CI: 'true' } });
    expect(account.secrets).toEqual({});
    expect(output).toContain('Not set: ADMIN_KEY and ENCRYPTION_KEY');
    expect(output).toContain('npx wrangler secret put ADMIN_KEY --name openopen8-relay');
    expect(stored().pending_secrets).toBeUndefined();
  });

  it('are taken from a CI job’s environment, set if missing, and never printed', async () => {
    const environment = { CI: '1', ADMIN_KEY: 'ak-of-ci', ENCRYPTION_KEY: 'key-of-ci' };
    const { output } = await deploy({ environment });
    expect(account.secrets).toEqual({ ADMIN_KEY: 'ak-of-ci', ENCRYPTION_KEY: 'key-of-ci' });
    expect(output).not.toContain('of-ci');
    expect(output).toMatch(/ADMIN_KEY +set to the value of the environment/);
    await deploy({ environment: { ...environment, ADMIN_KEY: 'ak-other' } });
    expect(account.secrets.ADMIN_KEY).toBe('ak-of-ci');
  });

  it('remain in a pending file of an earlier version after a CI run', async () => {
    writeFileSync(filePath(), JSON.stringify({ pending_secrets: { ADMIN_KEY: 'ak-pending' } }));
    const { output } = await deploy({ environment: { CI: 'true' } });
    expect(account.secrets).toEqual({ ADMIN_KEY: 'ak-pending' });
    expect(output).not.toContain('ak-pending');
    expect(stored().pending_secrets).toEqual({ ADMIN_KEY: 'ak-pending' });
  });

  it('retain the key of an interrupted rotation without printing it', async () => {
    const pending = { ENCRYPTION_KEY_NEXT: 'key-of-rotation' };
    writeFileSync(filePath(), JSON.stringify({ pending_secrets: pending }));
    const secrets = { ADMIN_KEY: 'ak', ENCRYPTION_KEY: 'old', ...pending };
    account.worker = ['DB', 'CACHE'];
    account.secrets = { ...secrets };
    const { output } = await deploy({});
    expect(output).not.toContain('key-of-rotation');
    expect(account.secrets).toEqual(secrets);
    expect(stored().pending_secrets).toEqual(pending);
  });

  it('are not generated again if a Worker has them without a version that names them', async () => {
    account.worker = ['DB', 'CACHE'];
    account.secrets = { ADMIN_KEY: 'ak-set', ENCRYPTION_KEY: 'key-set' };
    const versions = wrangler;
    await deployRelay({
      file: new DeploymentFile(filePath()),
      changes: readBindingChanges([]),
      environment: { DEPLOY_WAIT_SECONDS: '0' },
      isTerminal: true,
      run: (parameters, options) =>
        parameters[0] === 'versions'
          ? Promise.resolve({ output: '{"resources": {"bindings": [{"name": "DB"}, {"name": "CACHE"}]}}' })
          : versions(parameters, options),
      print: () => {},
    });
    expect(account.secrets).toEqual({ ADMIN_KEY: 'ak-set', ENCRYPTION_KEY: 'key-set' });
  });
});

describe('stores of a deployment', () => {
  const idsOf = ({ d1_databases, kv_namespaces }: Configuration) => [
    d1_databases[0]?.database_id,
    kv_namespaces[0]?.id,
  ];

  it('have no ids in the configuration if the Worker has them, or if none exist', async () => {
    await deploy({});
    expect(idsOf(uploaded)).toEqual([undefined, undefined]);
    account.databases = { 'openopen8-relay': 'somebody-elses' };
    await deploy({});
    expect(idsOf(uploaded)).toEqual([undefined, undefined]);
    expect(stored().d1).toBeUndefined();
  });

  it.each([
    ['by wrangler', 'openopen8-relay-db'],
    ['by an earlier version', 'openopen8-relay'],
  ])('are found by name, given %s, if the Worker does not exist', async (_by, name) => {
    account.databases = { other: 'd0', [name]: 'd1' };
    account.namespaces = { 'openopen8-relay-cache': 'k1' };
    await deploy({});
    expect(idsOf(uploaded)).toEqual(['d1', 'k1']);
    expect(stored()).toMatchObject({ d1: { id: 'd1', name }, kv: { id: 'k1' } });
  });

  it('match the file of an earlier version', async () => {
    const file = {
      name: 'mine',
      account_id: 'acc',
      d1: { id: 'd9', name: 'mine' },
      kv: { id: 'k9', title: 't' },
    };
    writeFileSync(filePath(), JSON.stringify(file));
    account.worker = ['DB', 'CACHE', 'AI'];
    account.secrets = { ADMIN_KEY: 'a', ENCRYPTION_KEY: 'e' };
    await deploy({});
    expect(idsOf(uploaded)).toEqual(['d9', 'k9']);
    expect(uploaded.ai).toEqual({ binding: 'AI' });
    expect(account.commands).toEqual(['deployments status', 'versions view', 'deploy']);
  });
});

describe('optional bindings', () => {
  it('are added on request, preserved by later runs, and removed on request', async () => {
    await deploy({});
    expect(uploaded.ai).toBeUndefined();
    await deploy({ parameters: ['--with', 'ai'] });
    expect(uploaded.ai).toEqual({ binding: 'AI' });
    await deploy({});
    expect(uploaded.ai).toEqual({ binding: 'AI' });
    await deploy({ parameters: ['--without', 'ai'] });
    expect(uploaded.ai).toBeUndefined();
  });

  it.each([[['--with', 'coffee']], [['--ai']], [['ai']]])(
    'refuse %j and list the valid names',
    (parameters) => {
      expect(() => readBindingChanges(parameters)).toThrow(/ai/);
    },
  );
});

describe('a first deployment that stops half-way', () => {
  it('is continued, and still shows the admin key', async () => {
    account.failing = /^after the upload$/;
    await expect(deploy({})).rejects.toThrow('the upload failed');
    const { ADMIN_KEY } = account.secrets;
    expect(stored().pending_secrets.ADMIN_KEY).toBe(ADMIN_KEY);
    account.failing = null;
    const { output } = await deploy({});
    expect(output).toContain(ADMIN_KEY);
    expect(account.secrets.ADMIN_KEY).toBe(ADMIN_KEY);
  });

  it('changes nothing if Cloudflare does not report what is deployed', async () => {
    account.failing = /^deployments/;
    await expect(deploy({})).rejects.toThrow('deployments');
    expect(account.commands).not.toContain('deploy');
    expect(existsSync(filePath()) && stored().pending_secrets).toBeFalsy();
  });
});

describe('the schema after a deploy', () => {
  const servers: { close: () => void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Starts a relay that gives these answers on /api/health, then repeats the last one. */
  async function relayThatAnswers(...answers: [status: number, body: object][]): Promise<string> {
    let polls = 0;
    const server = createServer((_request, response) => {
      const [status, body] = answers[Math.min(polls++, answers.length - 1)] ?? [500, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    servers.push({ close: () => server.close().closeAllConnections() });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  const wait = { totalMs: 2_000, pauseMs: 10, answerMs: 1_000 };
  /** A single poll. */
  const short = { ...wait, pauseMs: wait.totalMs };

  it('is awaited until the relay has applied it', async () => {
    const url = await relayThatAnswers([503, { detail: 'not yet' }], [200, { ok: true, version: '0.1.0' }]);
    expect(await waitForSchema(url, wait)).toEqual({ state: 'applied', version: '0.1.0' });
  });

  it('is reported as failed with the relay’s reason', async () => {
    const url = await relayThatAnswers([503, { detail: 'The database has schema 12.' }]);
    expect(await waitForSchema(url, short)).toEqual({
      state: 'failed',
      reason: 'The database has schema 12.',
    });
  });

  it('is unknown if the address is unreachable or not a relay', async () => {
    const closed = await relayThatAnswers([200, {}]);
    expect(await waitForSchema(closed, short)).toMatchObject({ state: 'unreachable' });
    for (const server of servers.splice(0)) server.close();
    expect(await waitForSchema(closed, short)).toMatchObject({ state: 'unreachable' });
  });

  it('is left to the first request if the address does not answer in time', async () => {
    const { output, isServing } = await deploy({});
    expect(output).toContain('the first request applies it');
    expect(isServing).toBe(true);
  });

  it('fails the deployment, after its secrets were shown', async () => {
    address = await relayThatAnswers([503, { detail: 'The database has schema 12.' }]);
    const { output, isServing } = await deploy({ environment: { DEPLOY_WAIT_SECONDS: '1' } });
    expect(isServing).toBe(false);
    expect(output).toContain('not there: The database has schema 12.');
    expect(output).toContain(account.secrets.ADMIN_KEY);
  });

  it.each(['-1', '601', 'soon'])('refuses DEPLOY_WAIT_SECONDS=%s with an error', (text) => {
    expect(() => healthWaitOf(text)).toThrow('from 0 to 600');
  });

  it('is awaited for up to DEPLOY_WAIT_SECONDS', () => {
    expect(healthWaitOf('600').totalMs).toBe(600_000);
    expect(healthWaitOf('0').totalMs).toBe(0);
    expect(healthWaitOf(undefined).totalMs).toBe(30_000);
  });
});
