// What is still coming of a body that nobody will use. Cancelling it closes the connection, and most clients
// read a refusal only when they have sent everything: they would see a broken connection instead.
import type { GulpReader } from '../../lib/gulps.ts';
import { relayLimits } from '../limits.ts';

/** Takes in and forgets the rest, up to the size of a body; beyond that the connection is closed. Never rejects. */
export async function discard(rest: GulpReader): Promise<void> {
  try {
    let size = 0;
    for (let bytes = await rest.read(); bytes !== null; bytes = await rest.read()) {
      size += bytes.byteLength;
      if (size > relayLimits.bodyBytes) return await rest.cancel();
    }
  } catch {
    // The caller broke off: there is nothing left to take in.
  }
}
