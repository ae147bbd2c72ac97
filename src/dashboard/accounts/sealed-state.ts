// The state between the two steps of a sign-in: sealed, sent to the browser, and opened when it returns. Nothing
// is stored, so abandoned sign-ins take no space.
import { Buffer } from 'node:buffer';
import { sealBytes, unsealBytes } from '../../lib/seal.ts';

/** The next step must follow within this time. */
export const sealedStateMs = 600_000;

/** `purpose`: state sealed for one purpose does not open for another. */
export async function sealState(
  state: object,
  purpose: string,
  encryptionKey: string,
  nowMs: number,
): Promise<string> {
  const text = JSON.stringify({ state, untilMs: nowMs + sealedStateMs });
  const sealed = await sealBytes(Uint8Array.from(new TextEncoder().encode(text)), encryptionKey, purpose);
  return Buffer.from(sealed).toString('base64url');
}

/** Returns null if it was not sealed here for that purpose, was altered, or has expired. */
export async function openState<State extends object>(
  sealed: string,
  purpose: string,
  encryptionKey: string,
  nowMs: number,
): Promise<State | null> {
  const opened = await unsealBytes(Buffer.from(sealed, 'base64url'), encryptionKey, purpose);
  if (opened === null) return null;
  const { state, untilMs } = JSON.parse(new TextDecoder().decode(opened));
  return nowMs < untilMs ? state : null;
}
