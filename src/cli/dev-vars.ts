// .dev.vars: the local settings and secrets, read beside the environment and written by `npm start`.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { CommandFailure, describeError } from './failure.ts';
import { writePrivateFile } from './private-file.ts';
import { inRepository } from './repository.ts';

/** The file in use: DEV_VARS_FILE of the environment, else .dev.vars of the repository. */
export function devVarsPath(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.DEV_VARS_FILE ? resolve(environment.DEV_VARS_FILE) : inRepository('.dev.vars');
}

/** Returns the variables of the file. A missing file has none. */
export function readDevVars(path: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parseEnv(readText(path))).map(([name, value]) => [name, value ?? '']),
  );
}

/** Sets variables in the file; everything else in it stays as it is. */
export function storeDevVars(path: string, values: Record<string, string>): void {
  const text = Object.entries(values).reduce(
    (before, [name, value]) => withVariable(before, name, value),
    readText(path),
  );
  try {
    writePrivateFile(path, text);
  } catch (error) {
    throw new CommandFailure(`cannot write ${path}: ${describeError(error)}`);
  }
}

/** Returns the file's text with one variable set: replaces its line, or appends one. */
export function withVariable(text: string, name: string, value: string): string {
  const line = `${name}=${value}`;
  const existing = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*$`, 'gm');
  if (existing.test(text)) return text.replace(existing, () => line);
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${separator}${line}\n`;
}

/** Removes a variable from the file. */
export function removeDevVar(path: string, name: string): void {
  const line = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*\\r?\\n?`, 'gm');
  const text = readText(path);
  const without = text.replace(line, '');
  if (without !== text) writePrivateFile(path, without);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new CommandFailure(`cannot read ${path}: ${describeError(error)}`);
  }
}
