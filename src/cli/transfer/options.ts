// The options that export, import, reconcile, and doctor share: which relay, which key, which file.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { devVarsPath, readDevVars } from '../dev-vars.ts';
import { CommandFailure, describeError } from '../failure.ts';

export interface TransferOptions {
  /** The relay's address, without a path. */
  readonly url: URL;
  readonly key: string;
  /** Absolute. */
  readonly file: string | null;
  /** The program's own switch was given: `--force` of export, `--repair` of reconcile. */
  readonly isSwitchedOn: boolean;
  /** The folder of relative paths. */
  readonly folder: string;
}

/** Returns the options of a command line. Missing ones come from the environment and .dev.vars. */
export function readTransferOptions(
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
  ownSwitch: 'force' | 'repair' | null = null,
): TransferOptions {
  const values = parse(parameters, ownSwitch);
  const stored = readDevVars(devVarsPath(environment));
  const key = values.key ?? (environment.ADMIN_KEY || stored.ADMIN_KEY);
  if (!key)
    throw new CommandFailure('no admin key: pass --key, or set ADMIN_KEY in the environment or in .dev.vars');
  const port = environment.PORT || stored.PORT || '8787';
  const url = parseUrl(values.url ?? `http://localhost:${port}`);
  // npm runs programs in the repository; INIT_CWD is where its user is.
  const folder = environment.INIT_CWD || process.cwd();
  const isSwitchedOn = ownSwitch !== null && values[ownSwitch] === true;
  return { url, key, file: values.file ? resolve(folder, values.file) : null, isSwitchedOn, folder };
}

interface Values {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly file?: string | undefined;
  readonly force?: boolean | undefined;
  readonly repair?: boolean | undefined;
}

function parse(parameters: readonly string[], ownSwitch: 'force' | 'repair' | null): Values {
  const options = {
    url: { type: 'string' },
    key: { type: 'string' },
    file: { type: 'string' },
    ...(ownSwitch !== null && { [ownSwitch]: { type: 'boolean' as const } }),
  } as const;
  try {
    return parseArgs({ args: [...parameters], options }).values;
  } catch (error) {
    const own = ownSwitch === null ? '' : ` [--${ownSwitch}]`;
    throw new CommandFailure(`${describeError(error)}\noptions: --url URL --key ADMIN_KEY --file FILE${own}`);
  }
}

/** Returns whether that address is this machine's: `npm start` serves there. */
export function isLocal({ hostname }: URL): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function parseUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new CommandFailure(`--url ${JSON.stringify(text)} is not an address, e.g. https://relay.example.com`);
}
