// Sets of small numbers (positions of rows in a block) as text: a bitmap, or a list if that is shorter, in base64.

/** Returns a set of no positions below `size`. */
export function emptyPositions(size: number): Uint8Array {
  return new Uint8Array(Math.ceil(size / 8));
}

/** Encodes positions below `size`, which is at most 65,536. */
export function encodePositions(positions: readonly number[], size: number): string {
  if (positions.length * 2 < size / 8) {
    return `l${base64(new Uint8Array(positions.flatMap((position) => [position & 255, position >> 8])))}`;
  }
  const bitmap = emptyPositions(size);
  for (const position of positions) add(bitmap, position);
  return `b${base64(bitmap)}`;
}

/** Adds encoded positions to the set. */
export function addEncoded(set: Uint8Array, encoded: string): void {
  const bytes = atob(encoded.slice(1));
  if (encoded.startsWith('b')) {
    for (let at = 0; at < bytes.length; at++) set[at] = (set[at] ?? 0) | bytes.charCodeAt(at);
    return;
  }
  for (let at = 0; at < bytes.length; at += 2)
    add(set, bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8));
}

/** Removes from the first set what is not in the other. */
export function intersect(set: Uint8Array, other: Uint8Array): void {
  for (let at = 0; at < set.length; at++) set[at] = (set[at] ?? 0) & (other[at] ?? 0);
}

/** Returns the positions below `below`, the highest first, at most `limit`. */
export function highestPositions(set: Uint8Array, below: number, limit: number): number[] {
  const found: number[] = [];
  for (let at = set.length - 1; at >= 0 && found.length < limit; at--) {
    const byte = set[at] ?? 0;
    for (let bit = 7; byte !== 0 && bit >= 0; bit--) {
      const position = at * 8 + bit;
      if (byte & (1 << bit) && position < below) found.push(position);
    }
  }
  return found.slice(0, limit);
}

function add(set: Uint8Array, position: number): void {
  set[position >> 3] = (set[position >> 3] ?? 0) | (1 << (position & 7));
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
