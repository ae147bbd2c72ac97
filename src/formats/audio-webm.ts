// WebM as a browser's recorder writes it: the time of its latest block. RFC 8794 (EBML), RFC 9559 (Matroska).
import { type AudioWalk, bigEndian } from './audio-bytes.ts';

/** Elements that are walked into: Segment, Info, Cluster, BlockGroup. */
const containers: ReadonlySet<number> = new Set([0x18538067, 0x1549a966, 0x1f43b675, 0xa0]);
const timestampScale = 0x2ad7b1;
const clusterTimestamp = 0xe7;
const blocks: ReadonlySet<number> = new Set([0xa3, 0xa1]);

/** A block has no length of its own: the last one counts as this. */
const lastBlockSeconds = 0.1;

export function webmBlocks(): AudioWalk {
  let scaleNs = 1_000_000;
  let cluster = 0;
  let latest = -1;
  return {
    step(bytes) {
      const id = vint(bytes, 0, false);
      const size = id === null ? null : vint(bytes, id.length, true);
      if (id === null || size === null) return bytes.byteLength >= 16 ? 1 : 0;
      const bodyAt = id.length + size.length;
      if (containers.has(id.value)) return bodyAt;
      const isRead = id.value === timestampScale || id.value === clusterTimestamp || blocks.has(id.value);
      if (isRead && bytes.byteLength < bodyAt + 8 && bytes.byteLength < bodyAt + size.value) return 0;
      if (id.value === timestampScale) scaleNs = bigEndian(bytes, bodyAt, Math.min(6, size.value));
      if (id.value === clusterTimestamp) cluster = bigEndian(bytes, bodyAt, Math.min(6, size.value));
      if (blocks.has(id.value)) latest = Math.max(latest, cluster + relativeTime(bytes, bodyAt));
      return bodyAt + size.value;
    },
    get seconds() {
      return latest < 0 ? 0 : (latest * scaleNs) / 1e9 + lastBlockSeconds;
    },
  };
}

/** Of a block: behind the number of its track, a signed 16-bit number. */
function relativeTime(bytes: Uint8Array, at: number): number {
  const track = vint(bytes, at, true)?.length ?? 1;
  const value = bigEndian(bytes, at + track, 2);
  return value >= 0x8000 ? value - 0x10000 : value;
}

/**
 * Reads a variable-size number of EBML, or null if it is incomplete or invalid. `isSize`: without the bits of its
 * length.
 */
function vint(bytes: Uint8Array, at: number, isSize: boolean): { value: number; length: number } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const length = Math.clz32(first) - 23;
  if (bytes.byteLength < at + length) return null;
  const head = isSize ? first - (0x80 >> (length - 1)) : first;
  return { value: head * 256 ** (length - 1) + bigEndian(bytes, at + 1, length - 1), length };
}
