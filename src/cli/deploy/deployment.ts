// .deploy.json: the parts of a deployment that are not in the code. Untracked, so `git pull` never conflicts.
import { readFileSync } from 'node:fs';
import type { VariableText } from '../../config.ts';
import { CommandFailure, describeError } from '../failure.ts';
import { writePrivateFile } from '../private-file.ts';

/** Variables of `npm run deploy`. */
export const deployVariables: Readonly<Record<string, VariableText>> = {
  DEPLOY_FILE: { default: '`.deploy.json`', text: 'The file with the settings of this deployment.' },
  DEPLOY_WAIT_SECONDS: {
    default: '`30`',
    text: 'How long a deploy waits for `GET /api/health`, 0 to 600.',
  },
  CLOUDFLARE_ACCOUNT_ID: {
    default: 'the account that is signed in',
    text: 'The Cloudflare account to deploy to, if `.deploy.json` names none.',
  },
};

export interface Deployment {
  /** The Worker's name; a database and a namespace that are created are named after it. */
  name?: string;
  account_id?: string;
  /** Custom domains, e.g. `["api.example.com"]`: their zones must be in the account. */
  domains?: string[];
  /** The database and the namespace to bind. Absent: those of the deployed Worker, or new ones. */
  d1?: { id: string; name: string };
  kv?: { id: string; title: string };
  /**
   * Secrets that were created but not yet shown on a terminal, after a first run that failed half-way or ran in
   * a pipe.
   */
  pending_secrets?: Record<string, string>;
}

/** The file as a value that is saved after every step. */
export class DeploymentFile {
  readonly path: string;
  #deployment: Deployment;

  constructor(path: string) {
    this.path = path;
    this.#deployment = readDeployment(path);
  }

  get deployment(): Readonly<Deployment> {
    return this.#deployment;
  }

  /** Sets members and writes the file at once; undefined removes one. */
  update(changes: { [Name in keyof Deployment]: Deployment[Name] | undefined }): void {
    const merged = Object.entries({ ...this.#deployment, ...changes });
    this.#deployment = Object.fromEntries(merged.filter(([, value]) => value !== undefined));
    writePrivateFile(this.path, `${JSON.stringify(this.#deployment, null, 2)}\n`);
  }
}

function readDeployment(path: string): Deployment {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new CommandFailure(`cannot read ${path}: ${describeError(error)}`);
  }
  return checked(parse(text, path), path);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(`${path} is not JSON: ${describeError(error)}`);
  }
}

function checked(value: unknown, path: string): Deployment {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandFailure(`${path} must hold a JSON object`);
  }
  const deployment = value as Deployment;
  const { domains } = deployment;
  if (
    domains !== undefined &&
    !(Array.isArray(domains) && domains.every((domain) => typeof domain === 'string'))
  ) {
    throw new CommandFailure(`"domains" in ${path} must be a list, e.g. ["api.example.com"]`);
  }
  return deployment;
}
