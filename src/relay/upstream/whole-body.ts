// An answer that is read whole before any of it goes on: no longer than its upstream may be silent, and no longer than a
// request may take at all.
import { GulpReader } from '../../lib/gulps.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Admitted } from '../admitted.ts';
import { relayLimits } from '../limits.ts';
import { silentUpstream } from '../response/stream-task.ts';
import type { Sent } from './sent.ts';
import { waitsFor } from './timeouts.ts';

/** The body's bytes, which may have been read already. Throws RelayError `upstream_error` when it breaks off, `upstream_timeout` when it falls silent. */
export async function wholeBody(
  { plan, call, clock }: Admitted,
  sent: Sent,
): Promise<Uint8Array<ArrayBuffer>> {
  const { upstream, route, abort } = sent;
  if (sent.bytes !== null) return sent.bytes;
  const { idleMs } = waitsFor(plan, route);
  let late = false;
  const giveUp = () => {
    late = true;
    abort.abort();
  };
  const leftMs = call.startedAtMs + relayLimits.requestMs - Date.now();
  const callOffs = [clock.after(leftMs, giveUp)];
  try {
    if (isSmall(upstream)) {
      callOffs.push(clock.after(idleMs, giveUp));
      return new Uint8Array(await upstream.arrayBuffer());
    }
    return await joined(upstream.body as ReadableStream, () => clock.after(idleMs, giveUp));
  } catch (cause) {
    if (late) throw silentUpstream(idleMs);
    throw new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
  } finally {
    for (const callOff of callOffs) callOff();
  }
}

/** Of a known length that one reading takes in. */
export function isSmall({ headers, body }: Response): boolean {
  const length = headers.get('content-length');
  return body === null || (length !== null && Number(length) <= relayLimits.wholeAnswerBytes);
}

/** `watch` is called before each piece, and what it answers after it. */
async function joined(body: ReadableStream, watch: () => () => void): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new GulpReader(body);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const callOff = watch();
    const bytes = await reader.read().finally(callOff);
    if (bytes === null) return new Uint8Array(await new Blob(pieces).arrayBuffer());
    pieces.push(bytes.slice());
  }
}
