// The folder of the local stores: its layout is Miniflare's, and nobody but its user may read it.
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure, describeError } from '../failure.ts';

const stores = ['d1', 'kv', 'r2', 'do'];

/**
 * Makes what is missing of the folder and closes it to others: folders 0700, files 0600, those of earlier versions too. Throws
 * CommandFailure when the folder cannot be made or its modes cannot be set. A STATE_DIR that holds other things keeps its own mode.
 */
export function prepareStateFolder(path: string): void {
  try {
    for (const store of stores) mkdirSync(join(path, 'v3', store), { recursive: true, mode: 0o700 });
    if (process.platform === 'win32') return;
    makePrivate(join(path, 'v3'));
    if (readdirSync(path).every((name) => name === 'v3')) setMode(path, 0o700);
  } catch (error) {
    throw new CommandFailure(`the state folder ${path} cannot be used: ${describeError(error)}`);
  }
}

function makePrivate(folder: string): void {
  setMode(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makePrivate(path);
    else if (entry.isFile()) setMode(path, 0o600);
  }
}

function setMode(path: string, mode: number): void {
  if ((lstatSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
}
