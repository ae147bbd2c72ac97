// What the readers of sound (audio-length.ts) have in common: what a walk is, the rates that are assumed, and how numbers
// are read.

/** Bytes per second if a container does not contain the rate, and the limit above which a header is not trusted. */
export const audioRates = {
  /** Raw PCM of OpenAI's speech: 24 kHz, 16 bit, mono (https://developers.openai.com/api/docs/guides/text-to-speech, 2026-11). */
  pcmBytesPerSecond: 48_000,
  /** The lowest plausible: Opus at 6 kbit/s (RFC 6716 section 2.1.1). */
  lowestBytesPerSecond: 750,
  /** FLAC without its number of samples: speech of 16 kHz takes 12,000 to 18,000. */
  flacBytesPerSecond: 12_000,
  /** A header is not trusted if its bytes would need more than this rate (stereo PCM of 48 kHz). */
  highestBytesPerSecond: 192_000,
} as const;

/** Reads one container. */
export interface AudioWalk {
  /** The bytes at the front that are dealt with; more than there are: the rest is skipped. 0: more must come first. */
  step(bytes: Uint8Array): number;
  /** Seconds so far. */
  readonly seconds: number;
}

/** Bytes as characters. */
export function latin(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** A big-endian number of up to six bytes. */
export function bigEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + length; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}
