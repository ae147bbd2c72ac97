// The steps of a rotation, for any relay: both keys known, everything resealed, the old key removed. At every step
// the serving relay can open everything that is stored.
import { setTimeout as sleep } from 'node:timers/promises';
import { encryptionKeyIdOf } from '../../lib/seal.ts';
import { CommandFailure } from '../failure.ts';
import { newEncryptionKey } from '../new-secret.ts';
import { callManagement } from '../transfer/management-call.ts';
import type { TransferOptions } from '../transfer/options.ts';
import { nextName, type RotationSecrets } from './secrets.ts';

/** A new secret reaches every location within seconds: this many answers in a row must have it, with this pause. */
const settling = { answers: 5, pauseMs: Number(process.env.ROTATE_PAUSE_MS || 3_000), tries: 60 } as const;

interface KeyIds {
  seals: string | null;
  opens: string[];
}

/** Rotates and prints each step. Throws CommandFailure: nothing is lost then, and running it again continues. */
export async function rotate(options: TransferOptions, secrets: RotationSecrets): Promise<void> {
  const key = await keyToRotateTo(options, secrets);
  const id = await encryptionKeyIdOf(key);
  if (!(await keyIds(options)).opens.includes(id)) {
    await secrets.putNext(key);
    console.log('waiting until the relay knows both keys …');
    await settled(options, ({ opens }) => opens.includes(id));
  }
  await resealAll(options);
  await secrets.putCurrent(key);
  // Reseals what an isolate sealed before it knew the new key.
  await resealAll(options);
  await secrets.finish();
  console.log(
    `ENCRYPTION_KEY is a new one (${id}). Keep it safe: without it the channels' keys cannot be read.`,
  );
  console.log(`  ${key}`);
}

async function keyToRotateTo(options: TransferOptions, secrets: RotationSecrets): Promise<string> {
  const pending = secrets.pending();
  if (pending !== null) return pending;
  const { opens } = await keyIds(options);
  if (opens.length > 1) {
    throw new CommandFailure(
      `the relay is being rotated to a key that is not written down here: finish it where it was begun, or remove its ${nextName} if nothing was sealed under it`,
    );
  }
  const key = newEncryptionKey();
  secrets.remember(key);
  return key;
}

async function settled(options: TransferOptions, isKnown: (ids: KeyIds) => boolean): Promise<void> {
  let inARow = 0;
  for (let tries = 0; tries < settling.tries; tries++) {
    inARow = isKnown(await keyIds(options)) ? inARow + 1 : 0;
    if (inARow === settling.answers) return;
    await sleep(settling.pauseMs);
  }
  throw new CommandFailure('the relay does not know the new key yet. Run this again in a minute.');
}

/** Repeats until a whole pass has found nothing to do. */
async function resealAll(options: TransferOptions): Promise<void> {
  for (let done = -1; done !== 0; ) {
    done = 0;
    for (let cursor: unknown = null; ; ) {
      const body = typeof cursor === 'string' ? { cursor } : {};
      const answer = await callManagement(options, '/api/encryption-key/reseal', body);
      done += Number(answer.resealed);
      if (Number(answer.locked) > 0) {
        console.warn(`warning: ${answer.locked} were sealed under a key that the relay does not know`);
      }
      cursor = answer.next_cursor;
      if (cursor === null) break;
    }
    if (done > 0) console.log(`resealed: ${done}`);
  }
}

async function keyIds(options: TransferOptions): Promise<KeyIds> {
  return (await callManagement(options, '/api/encryption-key')) as unknown as KeyIds;
}
