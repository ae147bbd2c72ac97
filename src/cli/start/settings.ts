// What `npm start` runs with: the environment first, then .dev.vars; missing secrets are made and kept.
import { resolve } from 'node:path';
import { devVarsPath, readDevVars, storeDevVars } from '../dev-vars.ts';
import { CommandFailure } from '../failure.ts';
import { newAdminKey, newEncryptionKey } from '../new-secret.ts';
import { repositoryRoot } from '../repository.ts';

export interface StartSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly stateDirectory: string;
  readonly demo: boolean;
  readonly devVarsFile: string;
  readonly adminKey: string | null;
  readonly demoToken: string | null;
  /** What the Worker gets as variables and secrets; without those that are start's own. */
  readonly workerVariables: Readonly<Record<string, string>>;
}

/** Settings of this program, which the Worker never sees. */
const ownNames = new Set(['PORT', 'HOST', 'STATE_DIR', 'DEMO', 'DEMO_TOKEN']);

/** Taken from the environment besides what .dev.vars sets: nothing else of a shell reaches the Worker. */
const workerNames = [
  'ADMIN_KEY',
  'ENCRYPTION_KEY',
  'ENCRYPTION_KEY_NEXT',
  'ENCRYPTION_KEY_PREVIOUS',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_BASE_URL',
  'GEMINI_API_KEY',
  'GEMINI_BASE_URL',
  'CORS_ORIGINS',
  'LOG_RETENTION_DAYS',
  'PRICES_URL',
] as const;

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
    devVarsFile,
    adminKey: read('ADMIN_KEY'),
    demoToken: read('DEMO_TOKEN'),
    workerVariables: workerVariables(environment, stored),
  };
}

/** Makes the secrets that are unset and keeps them in .dev.vars. */
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
  for (const name of workerNames) {
    const value = environment[name];
    if (value) variables[name] = value;
  }
  return variables;
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new CommandFailure(`PORT is ${JSON.stringify(text)}; it must be a number from 1 to 65535`);
}
