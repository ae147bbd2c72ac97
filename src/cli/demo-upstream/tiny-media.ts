// The smallest files that players and viewers accept.

/** A transparent PNG of one pixel, in base64. */
export const tinyPngBase64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const sampleRate = 8000;

/** A tenth of a second of silence for each ten characters: 16-bit mono WAV. */
export function silentWav(characters: number): Uint8Array {
  const samples = silence(characters);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** The same silence without a header: PCM. */
export function silence(characters: number): Uint8Array {
  return new Uint8Array(Math.max(1, Math.ceil(characters / 10)) * (sampleRate / 10) * 2);
}

/** Silent MP3 frames: MPEG-1 layer III, 32 kbit/s, 44.1 kHz, mono; 104 bytes and 26 ms each. */
export function silentMp3(characters: number): Uint8Array {
  const frame = new Uint8Array(104);
  frame.set([0xff, 0xfb, 0x10, 0xc4]);
  const frames = Math.max(4, Math.ceil(characters / 3));
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
