// What a login in two steps has to remember between them: sealed, handed to the browser, opened when it comes back. So
// nothing is stored, and nothing can be filled up by those who only begin.
import { Buffer } from 'node:buffer';
import { sealBytes, unsealBytes } from '../../lib/seal.ts';

/** A step must be followed by the next within this. */
export const sealedStateMs = 600_000;

/** `purpose`: what is sealed for one opens for no other. */
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

/** null: not sealed here, for that purpose; altered; or its time is over. */
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
