// The settings of `npm start`: the environment first, then .dev.vars. Missing secrets are created and stored.
import { resolve } from 'node:path';
import { type VariableText, variableNames } from '../../config.ts';
import { isIpRange } from '../../lib/ip-ranges.ts';
import { devVarsPath, readDevVars, storeDevVars } from '../dev-vars.ts';
import { CommandFailure } from '../failure.ts';
import { newAdminKey, newEncryptionKey } from '../new-secret.ts';
import { repositoryRoot } from '../repository.ts';

export interface StartSettings {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly stateDirectory: string;
  readonly demo: boolean;
  /**
   * Comma-separated addresses and CIDR ranges of reverse proxies whose X-Forwarded-For and -Proto are trusted.
   * Empty trusts none.
   */
  readonly trustedProxy: string;
  readonly devVarsFile: string;
  readonly adminKey: string | null;
  readonly demoToken: string | null;
  /** The Worker's variables and secrets, without those that only this program uses. */
  readonly workerVariables: Readonly<Record<string, string>>;
}

/** Variables of this program, which the Worker never sees. */
export const startVariables: Readonly<Record<string, VariableText>> = {
  PORT: { default: '`8787`', text: 'The port. `0` takes a free one.' },
  HOST: { default: '`localhost`', text: 'The address to listen on. `0.0.0.0` listens on every network.' },
  STATE_DIR: { default: '`.wrangler/state`', text: 'The folder of the database and the ledgers.' },
  DEMO: { default: '`1`', text: '`0` leaves the demo upstream out.' },
  DEMO_TOKEN: {
    default: 'created at the first start',
    text: 'The token of the curl lines that `npm start` prints.',
  },
  TRUSTED_PROXY: {
    default: 'unset: none',
    text: 'Addresses and CIDR ranges, separated by commas, of the reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count.',
  },
};

const ownNames: ReadonlySet<string> = new Set(Object.keys(startVariables));

/** Reads the settings without changing anything. A value that cannot be used is a failure that names it. */
export function readSettings(environment: NodeJS.ProcessEnv): StartSettings {
  const devVarsFile = devVarsPath(environment);
  const stored = readDevVars(devVarsFile);
  const read = (name: string): string | null => environment[name] || stored[name] || null;
  return {
    host: read('HOST') ?? 'localhost',
    port: readPort(read('PORT') ?? '8787'),
    stateDirectory: resolve(repositoryRoot, read('STATE_DIR') ?? '.wrangler/state'),
    demo: !['0', 'false', 'no', 'off'].includes((read('DEMO') ?? '1').toLowerCase()),
    trustedProxy: readTrustedProxy(read('TRUSTED_PROXY') ?? ''),
    devVarsFile,
    adminKey: read('ADMIN_KEY'),
    demoToken: read('DEMO_TOKEN'),
    workerVariables: workerVariables(environment, stored),
  };
}

/** Creates the missing secrets and stores them in .dev.vars. */
export function withSecrets(settings: StartSettings): StartSettings & { adminKey: string } {
  const made: Record<string, string> = {};
  if (settings.adminKey === null) made.ADMIN_KEY = newAdminKey();
  if (!settings.workerVariables.ENCRYPTION_KEY) made.ENCRYPTION_KEY = newEncryptionKey();
  if (Object.keys(made).length > 0) storeDevVars(settings.devVarsFile, made);
  const adminKey = settings.adminKey ?? made.ADMIN_KEY ?? '';
  return { ...settings, adminKey, workerVariables: { ...settings.workerVariables, ...made } };
}

function workerVariables(
  environment: NodeJS.ProcessEnv,
  stored: Record<string, string>,
): Record<string, string> {
  const variables = Object.fromEntries(Object.entries(stored).filter(([name]) => !ownNames.has(name)));
  // No other variable of a shell reaches the Worker.
  for (const name of variableNames) {
    const value = environment[name];
    if (value) variables[name] = value;
  }
  return variables;
}

/** Returns the ranges without blanks. Throws CommandFailure that names the first invalid one. */
function readTrustedProxy(text: string): string {
  const ranges = text.split(',').flatMap((range) => range.trim() || []);
  for (const range of ranges) {
    if (isIpRange(range)) continue;
    throw new CommandFailure(
      `TRUSTED_PROXY has ${JSON.stringify(range)}; it must be addresses and CIDR ranges with commas between, e.g. 127.0.0.1,10.0.0.0/8`,
    );
  }
  return ranges.join(',');
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new CommandFailure(`PORT is ${JSON.stringify(text)}; it must be a number from 1 to 65535`);
}
