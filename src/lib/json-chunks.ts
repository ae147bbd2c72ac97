/** D1 accepts parameters of at most 2,000,000 bytes. Half of that leaves room and keeps statements short. */
const largestChunkBytes = 1_000_000;

/**
 * Splits the items into JSON arrays, each small enough for one parameter of a D1 statement. Without items there
 * are no chunks.
 */
export function chunksOfJson(items: readonly unknown[], largestBytes = largestChunkBytes): string[] {
  const chunks: string[] = [];
  let pending: string[] = [];
  let bytes = 0;
  for (const item of items) {
    const text = JSON.stringify(item);
    const size = new TextEncoder().encode(text).byteLength + 1;
    if (pending.length > 0 && bytes + size > largestBytes) {
      chunks.push(`[${pending.join(',')}]`);
      pending = [];
      bytes = 0;
    }
    pending.push(text);
    bytes += size;
  }
  if (pending.length > 0) chunks.push(`[${pending.join(',')}]`);
  return chunks;
}
