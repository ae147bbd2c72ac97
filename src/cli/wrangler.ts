// Wrangler's command line as a child process: never prompts, sends no telemetry, keeps its logs in .wrangler.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { CommandFailure } from './failure.ts';
import { inRepository, repositoryRoot } from './repository.ts';

export interface WranglerRun {
  /** What it printed on stdout. */
  readonly output: string;
}

export interface WranglerOptions {
  /** Show its output as it comes; else only when it fails. */
  readonly show?: boolean;
  /** What stands in an error's first line. */
  readonly purpose: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs one command of wrangler and resolves with its output. Rejects with CommandFailure, which has what it printed. */
export type RunWrangler = (parameters: readonly string[], options: WranglerOptions) => Promise<WranglerRun>;

/** Runs the installed wrangler. */
export const runWrangler: RunWrangler = async (parameters, options) => {
  const result = await collect(parameters, options);
  if (result.code === 0) return { output: result.stdout };
  const said = options.show === true ? '' : `\n${`${result.stdout}\n${result.stderr}`.trim()}`;
  throw new CommandFailure(
    `${options.purpose} failed (wrangler ${parameters.slice(0, 3).join(' ')}).${said}`,
  );
};

/** Like runWrangler, for commands that print JSON. */
export async function wranglerJson(
  parameters: readonly string[],
  options: WranglerOptions,
  run: RunWrangler = runWrangler,
): Promise<unknown> {
  const { output } = await run(parameters, options);
  try {
    return parseJsonIn(output);
  } catch {
    throw new CommandFailure(`${options.purpose} failed: wrangler printed no JSON:\n${output.trim()}`);
  }
}

/** The JSON in an output: warnings may stand before it. */
export function parseJsonIn(output: string): unknown {
  const start = output.search(/^[[{]/m);
  return JSON.parse(start < 0 ? output : output.slice(start));
}

interface Collected {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function collect(parameters: readonly string[], options: WranglerOptions): Promise<Collected> {
  const program = createRequire(import.meta.url).resolve('wrangler');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', program, ...parameters], {
      cwd: repositoryRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...quietEnvironment, ...options.environment },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => {
      stdout += part;
      if (options.show) process.stdout.write(part);
    });
    child.stderr.on('data', (part: Buffer) => {
      stderr += part;
      if (options.show) process.stderr.write(part);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const quietEnvironment = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_LOG_PATH: inRepository('.wrangler/logs'),
  NODE_COMPILE_CACHE: inRepository('.wrangler/tmp/compile-cache'),
  FORCE_COLOR: '0',
};
