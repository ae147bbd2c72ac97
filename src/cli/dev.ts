// `npm run dev`: `npm start`, started again whenever a source changes.
import { type ChildProcess, spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { inRepository } from './repository.ts';

/** An editor writes several files at once: they count as one change. */
const settleMs = 150;

/** A second signal, later than this, ends open streams at once (start/stop-request.ts). */
const secondSignalMs = 500;

const watched = ['src', 'wrangler.toml', 'schema.sql', 'package.json'];

let relay = startRelay();
let change: NodeJS.Timeout | undefined;
let restarting = Promise.resolve();

for (const path of watched) {
  watch(inRepository(path), { recursive: path === 'src' }, () => {
    clearTimeout(change);
    change = setTimeout(() => {
      restarting = restarting.then(restart);
    }, settleMs);
  });
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());

function startRelay(): ChildProcess {
  return spawn(process.execPath, [inRepository('src/cli/start-cached.js')], { stdio: 'inherit' });
}

/** Starts the new version. If it does not build, the next change tries again. */
async function restart(): Promise<void> {
  console.log('A source has changed. Restarting …');
  await stop(relay);
  relay = startRelay();
}

async function end(): Promise<void> {
  await stop(relay);
  process.exit();
}

/** Resolves when the process is gone. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await Promise.race([gone, delay(secondSignalMs)]);
  child.kill('SIGTERM');
  await gone;
}
