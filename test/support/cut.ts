// Bytes in pieces of any size, as a network may deliver them.

/** Splits the bytes into pieces of the lengths that `size` returns. */
export function cut(bytes: Uint8Array, size: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const length = size();
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Returns lengths of 1 to 97, the same for the same seed. */
export function seededLengths(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + (state % 97);
  };
}

/** Returns a body that delivers these pieces, as fetch's bodies do: readable into a buffer. */
export function bodyOf(pieces: readonly Uint8Array[]): ReadableStream {
  const left = pieces.filter((piece) => piece.byteLength > 0).map((piece) => Uint8Array.from(piece));
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const next = left.shift();
      if (next !== undefined) return controller.enqueue(next);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}
