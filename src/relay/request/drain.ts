// Reads the rest of a body that is not used. Cancelling it would close the connection, and most clients read a refusal only when they have sent
// everything.
import type { ChunkReader } from '../../lib/chunk-reader.ts';
import { relayLimits } from '../limits.ts';

/** Reads the rest and drops it, up to the size of a body; beyond that the connection is closed. Never rejects. */
export async function drain(rest: ChunkReader): Promise<void> {
  try {
    let size = 0;
    for (let bytes = await rest.read(); bytes !== null; bytes = await rest.read()) {
      size += bytes.byteLength;
      if (size > relayLimits.bodyBytes) return await rest.cancel();
    }
  } catch {
    // The caller broke off: there is nothing left to read.
  }
}
