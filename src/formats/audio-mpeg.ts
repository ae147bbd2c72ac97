// MP3 and AAC (ADTS) as frames, each with its own rate, so a variable bit rate cannot be measured by the first frame.
// ISO/IEC 11172-3 section 2.4.1.3, 13818-3, and 13818-7 (ADTS); ID3v2.4 section 3.1.
import { type AudioWalk, audioRates, bigEndian } from './audio-bytes.ts';

const kbitOfVersion1: Readonly<Record<number, readonly number[]>> = {
  1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
};
const kbitOfVersion2: Readonly<Record<number, readonly number[]>> = {
  1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  3: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const sampleRates = [44_100, 48_000, 32_000];
const adtsRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

interface Frame {
  bytes: number;
  seconds: number;
}

/** Sums up the frames. Bytes outside of frames count at the lowest plausible rate. */
export function mpegFrames(): AudioWalk {
  let seconds = 0;
  let strayBytes = 0;
  return {
    step(bytes) {
      if (bytes.byteLength < 10) return 0;
      if (bytes[0] === 0x49 && bytes[1] === 0x44 && bytes[2] === 0x33) return 10 + tagBytes(bytes);
      const frame = adtsFrame(bytes) ?? layerFrame(bytes);
      if (frame === null) {
        strayBytes += 1;
        return 1;
      }
      seconds += frame.seconds;
      return frame.bytes;
    },
    get seconds() {
      return seconds === 0 ? 0 : seconds + strayBytes / audioRates.lowestBytesPerSecond;
    },
  };
}

function tagBytes(bytes: Uint8Array): number {
  return [6, 7, 8, 9].reduce((size, at) => size * 128 + ((bytes[at] ?? 0) & 0x7f), 0);
}

function adtsFrame(bytes: Uint8Array): Frame | null {
  const [first = 0, second = 0, third = 0] = bytes;
  if (first !== 0xff || (second & 0xf6) !== 0xf0) return null;
  const rate = adtsRates[(third >> 2) & 0x0f];
  const size = (bigEndian(bytes, 3, 3) >> 5) & 0x1fff;
  if (rate === undefined || size < 7) return null;
  const blocks = ((bytes[6] ?? 0) & 0x03) + 1;
  return { bytes: size, seconds: (1_024 * blocks) / rate };
}

function layerFrame(bytes: Uint8Array): Frame | null {
  const [first = 0, second = 0, third = 0] = bytes;
  const version = (second >> 3) & 0x03;
  const layer = 4 - ((second >> 1) & 0x03);
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || version === 1 || layer === 4) return null;
  const isVersion1 = version === 3;
  const bits = 1_000 * ((isVersion1 ? kbitOfVersion1 : kbitOfVersion2)[layer]?.[third >> 4] ?? 0);
  const divisor = isVersion1 ? 1 : version === 2 ? 2 : 4;
  const rate = (sampleRates[(third >> 2) & 0x03] ?? 0) / divisor;
  if (bits === 0 || rate === 0) return null;
  const padding = (third >> 1) & 1;
  const samples = layer === 1 ? 384 : layer === 3 && !isVersion1 ? 576 : 1_152;
  const size =
    layer === 1
      ? (Math.floor((12 * bits) / rate) + padding) * 4
      : Math.floor(((samples / 8) * bits) / rate) + padding;
  return { bytes: size, seconds: samples / rate };
}
