// Reads an answer whole before any of it goes on, within the upstream's idle timeout and the longest time of a request.
import { ChunkReader } from '../../lib/chunk-reader.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import { relayLimits } from '../limits.ts';
import type { Sent } from './sent.ts';
import { timeoutsOf } from './timeouts.ts';
import { silentUpstream } from './upstream-errors.ts';

/** Returns the body's bytes. Throws RelayError `upstream_error` when it breaks off, `upstream_timeout` when it falls silent. */
export async function readWholeBody(
  { plan, call, clock }: AdmittedRequest,
  { response, bytes, route, abort }: Sent,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes !== null) return bytes;
  const { idleMs } = timeoutsOf(plan, route);
  let late = false;
  const giveUp = () => {
    late = true;
    abort.abort();
  };
  const leftMs = call.startedAtMs + relayLimits.requestMs - Date.now();
  const callOffs = [clock.after(leftMs, giveUp)];
  try {
    if (isSmall(response)) {
      callOffs.push(clock.after(idleMs, giveUp));
      return new Uint8Array(await response.arrayBuffer());
    }
    return await joined(response.body as ReadableStream, () => clock.after(idleMs, giveUp));
  } catch (cause) {
    if (late) throw silentUpstream(idleMs);
    throw new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
  } finally {
    for (const callOff of callOffs) callOff();
  }
}

/** Whether a body has a known length and is read at once. */
export function isSmall({ headers, body }: Response): boolean {
  const length = headers.get('content-length');
  return body === null || (length !== null && Number(length) <= relayLimits.wholeAnswerBytes);
}

/** Calls `watch` before each piece, and what it returns after it. */
async function joined(body: ReadableStream, watch: () => () => void): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new ChunkReader(body);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const callOff = watch();
    const bytes = await reader.read().finally(callOff);
    if (bytes === null) return new Uint8Array(await new Blob(pieces).arrayBuffer());
    pieces.push(bytes.slice());
  }
}
