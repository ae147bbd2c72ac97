/** A parsed JSON object whose members are not known yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** Returns whether arrays and objects are nested more than `most` levels deep. A number or a text has level 0. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    level = level.filter((each) => typeof each === 'object' && each !== null);
    if (level.length > 0 && depth === most) return true;
    level = level.flatMap((each) => Object.values(each as object));
  }
  return false;
}

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
