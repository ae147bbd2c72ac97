// Measures audio length from bytes in chunks of any size. The audio is generated field by field from the
// containers' specifications.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AudioLength } from '../../../src/formats/audio-length.ts';

const u32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
const u16 = (value: number) => [value & 255, (value >> 8) & 255];
const text = (value: string) => [...value].map((one) => one.charCodeAt(0));
const zeros = (count: number) => Array.from({ length: count }, () => 0);

const wav = (
  seconds: number,
  fields: { rate?: number; channels?: number; byteRate?: number; tag?: number } = {},
) => {
  const { rate = 24_000, channels = 1, byteRate = 48_000, tag = 1 } = fields;
  return Uint8Array.from([
    ...[...text('RIFF'), ...u32(0xffffffff), ...text('WAVE')],
    ...[...text('LIST'), ...u32(4), ...text('INFO')],
    ...[...text('fmt '), ...u32(16), ...u16(tag), ...u16(channels)],
    ...[...u32(rate), ...u32(byteRate), ...u16(2 * channels), ...u16(16)],
    ...[...text('data'), ...u32(0xffffffff), ...zeros(seconds * rate * channels * 2)],
  ]);
};

/** MPEG-2 layer III, 24 kHz: 160 kbit/s is 0xe, 64 is 0x8, 8 is 0x1; 24 ms a frame. */
const mp3 = (frames: number[]) =>
  Uint8Array.from([
    ...[...text('ID3'), 4, 0, 0, 0, 0, 0, 20, ...zeros(20)],
    ...frames.flatMap((kbit) => {
      const index = { 8: 1, 64: 8, 160: 14 }[kbit] ?? 0;
      return [0xff, 0xf3, (index << 4) | 0x4, 0xc0, ...zeros(Math.floor((72_000 * kbit) / 24_000) - 4)];
    }),
  ]);

const aac = (frames: number) =>
  Uint8Array.from(
    Array.from({ length: frames }, () => [
      0xff,
      0xf1,
      0x58,
      0x40,
      200 >> 3,
      ((200 & 7) << 5) | 0x1f,
      0xfc,
      ...zeros(193),
    ]).flat(),
  );

const oggPage = (granule: number, packets: number[][]) => [
  ...[...text('OggS'), 0, 0, ...u32(granule), ...u32(0), ...u32(1), ...u32(0), ...u32(0), packets.length],
  ...packets.map((packet) => packet.length),
  ...packets.flat(),
];
/** Packets of 20 ms (configuration 1 of SILK), with `granule` as the page states it. */
const opus = (packets: number, granule: number) =>
  Uint8Array.from([
    ...oggPage(0, [[...text('OpusHead'), ...zeros(11)]]),
    ...oggPage(0, [[...text('OpusTags'), ...zeros(8)]]),
    ...Array.from({ length: packets / 50 }, () =>
      oggPage(
        granule,
        Array.from({ length: 50 }, () => [0x08, ...zeros(15)]),
      ),
    ).flat(),
  ]);

const flac = (samples: number) =>
  Uint8Array.from([
    ...[...text('fLaC'), 0x80, 0, 0, 34, ...zeros(10), 0x03, 0xe8, 0x02, 0xf0],
    ...[...u32(samples)].reverse(),
    ...zeros(16 + 12_000),
  ]);

const mp4 = (seconds: number) =>
  Uint8Array.from([
    ...[0, 0, 0, 20, ...text('ftypM4A '), ...zeros(8)],
    ...zeros(5_000),
    ...[
      0,
      0,
      0,
      108,
      ...text('mvhd'),
      ...zeros(12),
      0,
      0,
      3,
      232,
      ...[...u32(seconds * 1_000)].reverse(),
      ...zeros(80),
    ],
  ]);

const webm = (blocks: number) =>
  Uint8Array.from([
    ...[0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x86, 0x81, 1],
    ...[0x18, 0x53, 0x80, 0x67, 0x01, 255, 255, 255, 255, 255, 255, 255],
    ...[0x1f, 0x43, 0xb6, 0x75, 0x01, 255, 255, 255, 255, 255, 255, 255, 0xe7, 0x81, 0],
    ...Array.from({ length: blocks }, (_, index) => {
      const ms = index * 20;
      return [0xa3, 0x40, 104, 0x81, ms >> 8, ms & 255, 0x80, 0x08, ...zeros(99)];
    }).flat(),
  ]);

const secondsOf = (bytes: Uint8Array, pieceBytes = bytes.byteLength, headerless?: 'pcm') => {
  const length = new AudioLength();
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) length.push(bytes.subarray(at, at + pieceBytes));
  return length.seconds(headerless);
};

it.each([
  ['WAV of a stream', wav(3), 3],
  ['WAV whose rate of bytes is a lie', wav(3, { byteRate: 4_000_000 }), 3],
  ['stereo WAV of 8 kHz', wav(5, { rate: 8_000, channels: 2 }), 5],
  ['MP3', mp3(Array.from({ length: 125 }, () => 64)), 3],
  ['MP3 whose first frame is the largest', mp3([160, ...Array.from({ length: 124 }, () => 8)]), 3],
  ['AAC', aac(100), (100 * 1_024) / 24_000],
  ['Opus', opus(150, 144_000), 3],
  ['Opus whose pages claim no time', opus(150, 0), 3],
  ['FLAC', flac(48_000), 3],
  ['FLAC of a stream', flac(0), 12_042 / 12_000],
  ['M4A', mp4(90), 90],
  ['WebM', webm(100), 2.08],
])('measures the length of %s, however it is cut', (_, bytes, seconds) => {
  for (const pieceBytes of [bytes.byteLength, 1_000, 61, 1])
    expect(secondsOf(bytes, pieceBytes), `pieces of ${pieceBytes}`).toBeCloseTo(seconds, 1);
});

it('measures bytes without a container as PCM if requested, else by the lowest rate', () => {
  expect(secondsOf(new Uint8Array(96_000), 1_000, 'pcm')).toBe(2);
  expect(secondsOf(new Uint8Array(96_000))).toBe(128);
});

it.each([
  ['compressed WAV', wav(1, { tag: 0x55 })],
  ['WAV of an impossible rate', wav(1, { rate: 24_000, tag: 2 })],
  ['MP3 without a frame', Uint8Array.from([...text('ID3'), ...zeros(20_000)])],
  ['M4A without a length', Uint8Array.from([0, 0, 0, 20, ...text('ftypM4A '), ...zeros(9_000)])],
])('assumes the lowest rate for %s', (_, bytes) => {
  expect(secondsOf(bytes, 777)).toBeCloseTo(bytes.byteLength / 750, 0);
});

it('ignores a header that claims less time than the bytes take', () => {
  const forged = mp4(1);
  const bytes = new Uint8Array(10_000_000);
  bytes.set(forged);
  expect(secondsOf(bytes, 65_536)).toBeCloseTo(10_000_000 / 192_000, 1);
});

const recorded = 'node_modules/@ai-sdk/openai/src/transcription/transcription-test.mp3';
it.runIf(existsSync(recorded))('measures the length of a recorded MP3', () => {
  const bytes = new Uint8Array(readFileSync(recorded));
  const kbit = (bytes.byteLength * 8) / 1_000 / secondsOf(bytes, 4_096);
  expect(kbit).toBeGreaterThan(16);
  expect(kbit).toBeLessThan(320);
});
