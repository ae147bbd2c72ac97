// Measures the duration of sound from its bytes as they pass. Nothing is decoded or held. Walks what a decoder walks
// (frames, packets, blocks), because a length in a header can be forged.
import { joinedBytes } from '../lib/chunk-reader.ts';
import { type AudioWalk, audioRates, bigEndian, latin } from './audio-bytes.ts';
import { mpegFrames } from './audio-mpeg.ts';
import { oggPackets } from './audio-ogg.ts';
import { webmBlocks } from './audio-webm.ts';

/** What a walk may hold of a piece that is not whole. Beyond it the bytes are only counted. */
const heldBytes = 128 * 1024;

export class AudioLength {
  bytes = 0;
  #unseen = 0;
  #walk: AudioWalk | null | undefined;
  #held = new Uint8Array(0);
  #skip = 0;

  push(bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
    const skipped = Math.min(this.#skip, bytes.byteLength);
    this.#skip -= skipped;
    const fresh = bytes.subarray(skipped);
    let rest = this.#held.byteLength === 0 ? fresh : joinedBytes([this.#held, fresh]);
    if (this.#walk === undefined && rest.byteLength >= 12) this.#walk = walkOf(rest);
    while (this.#walk && rest.byteLength > 0) {
      const used = this.#walk.step(rest);
      if (used === 0) break;
      this.#skip = Math.max(0, used - rest.byteLength);
      rest = rest.subarray(used);
    }
    if (rest.byteLength > heldBytes) this.#walk = null;
    this.#held = this.#walk === null ? new Uint8Array(0) : rest.slice();
  }

  /** Counts bytes that are like those before, but are not at hand (elision.ts). */
  pass(bytes: number): void {
    this.bytes += bytes;
    this.#unseen += bytes;
  }

  /** Seconds. `headerless`: what bytes are that no container is recognized in. */
  seconds(headerless: 'pcm' | 'unknown' = 'unknown'): number {
    const seen = Math.max(1, this.bytes - this.#unseen);
    const reportedSeconds = ((this.#walk?.seconds ?? 0) * this.bytes) / seen;
    if (reportedSeconds > 0) return Math.max(reportedSeconds, this.bytes / audioRates.highestBytesPerSecond);
    const { pcmBytesPerSecond, lowestBytesPerSecond } = audioRates;
    const isPcm = headerless === 'pcm' && !this.#walk;
    return this.bytes / (isPcm ? pcmBytesPerSecond : lowestBytesPerSecond);
  }
}

/** Chooses the walk by the first bytes. Null if the container is unknown. */
function walkOf(head: Uint8Array): AudioWalk | null {
  const text = latin(head, 0, 12);
  if (text.startsWith('RIFF') && text.endsWith('WAVE')) return wavChunks();
  if (text.startsWith('OggS')) return oggPackets();
  if (text.startsWith('fLaC')) return flacInfo();
  if (text.slice(4, 8) === 'ftyp') return mp4Boxes();
  if (text.startsWith('\x1a\x45\xdf\xa3')) return webmBlocks();
  const isFrame = head[0] === 0xff && ((head[1] ?? 0) & 0xe0) === 0xe0;
  return text.startsWith('ID3') || isFrame ? mpegFrames() : null;
}

/** Format tags whose samples have a fixed size: PCM, float, A-law, µ-law, extensible (RFC 2361). */
const fixedTags: ReadonlySet<number> = new Set([1, 3, 6, 7, 0xfffe]);

/** WAV: reads the rate from `fmt ` and counts `data`, because a stream's header does not have its length. */
function wavChunks(): AudioWalk {
  let at = 0;
  let bytesPerSecond = 0;
  let dataBytes = 0;
  return {
    step(bytes) {
      if (at === 0) return advance(12);
      if (dataBytes > 0) return count(bytes.byteLength);
      if (bytes.byteLength < 24) return 0;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const name = latin(bytes, 0, 4);
      if (name === 'fmt ') bytesPerSecond = rateOf(view);
      return name === 'data' ? count(8) : advance(8 + view.getUint32(4, true));
    },
    get seconds() {
      return bytesPerSecond === 0 ? 0 : dataBytes / bytesPerSecond;
    },
  };
  function advance(bytes: number): number {
    at += bytes;
    return bytes;
  }
  function count(bytes: number): number {
    dataBytes += bytes;
    return bytes;
  }
}

/**
 * Returns the rate by the sizes of samples, not by the header's own rate, which no decoder reads. 0: compressed, or no
 * plausible rate.
 */
function rateOf(view: DataView): number {
  const samplesPerSecond = view.getUint32(12, true);
  const sampleBytes = view.getUint16(10, true) * Math.ceil(view.getUint16(22, true) / 8);
  const isPlausible = samplesPerSecond >= 4_000 && samplesPerSecond <= 192_000;
  return fixedTags.has(view.getUint16(8, true)) && isPlausible ? samplesPerSecond * sampleBytes : 0;
}

/** Walks FLAC: STREAMINFO has the rate and, except for streams, the number of samples (RFC 9639 section 8.2). */
function flacInfo(): AudioWalk {
  let bytesSeen = 0;
  let reportedSeconds: number | null = null;
  return {
    step(bytes) {
      if (reportedSeconds === null && bytes.byteLength < 26) return 0;
      if (reportedSeconds === null) {
        const samplesPerSecond = bigEndian(bytes, 18, 3) >> 4;
        const samples = ((bytes[21] ?? 0) & 0x0f) * 2 ** 32 + bigEndian(bytes, 22, 4);
        reportedSeconds = samplesPerSecond === 0 ? 0 : samples / samplesPerSecond;
      }
      bytesSeen += bytes.byteLength;
      return bytes.byteLength;
    },
    get seconds() {
      return reportedSeconds || bytesSeen / audioRates.flacBytesPerSecond;
    },
  };
}

/** Walks MP4 and M4A: the longest duration in the movie's and the tracks' headers (ISO/IEC 14496-12, mvhd and mdhd). */
function mp4Boxes(): AudioWalk {
  let seconds = 0;
  const overlap = 40;
  return {
    step(bytes) {
      if (bytes.byteLength <= overlap) return 0;
      for (const at of positionsOf(bytes, /mvhd|mdhd/g)) {
        if (at + overlap > bytes.byteLength) continue;
        const isLong = bytes[at + 4] === 1;
        const scaleAt = at + (isLong ? 24 : 16);
        const duration = isLong ? bigEndian(bytes, scaleAt + 6, 6) : bigEndian(bytes, scaleAt + 4, 4);
        const perSecond = bigEndian(bytes, scaleAt, 4);
        if (perSecond > 0 && duration < 2 ** 32 - 1) seconds = Math.max(seconds, duration / perSecond);
      }
      return bytes.byteLength - overlap;
    },
    get seconds() {
      return seconds;
    },
  };
}

function positionsOf(bytes: Uint8Array, pattern: RegExp): number[] {
  const text = new TextDecoder('latin1').decode(bytes);
  return [...text.matchAll(pattern)].map(({ index }) => index);
}
