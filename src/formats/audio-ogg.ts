// Ogg as pages and packets (RFC 3533 section 6). The time of Opus is that of its packets (RFC 6716 section 3.1); other
// codecs only have the granule position of their pages.
import { type AudioWalk, audioRates, latin } from './audio-bytes.ts';

/** Sums up packets. Bytes outside of pages count at the lowest plausible rate. */
export function oggPackets(): AudioWalk {
  let opusSeconds = 0;
  let strayBytes = 0;
  let samplesPerSecond = 0;
  let granule = 0;
  return {
    step(bytes) {
      if (bytes.byteLength < 27) return 0;
      if (latin(bytes, 0, 4) !== 'OggS') {
        strayBytes += 1;
        return 1;
      }
      const bodyAt = 27 + (bytes[26] ?? 0);
      if (bytes.byteLength < bodyAt) return 0;
      const table = bytes.subarray(27, bodyAt);
      const size = bodyAt + table.reduce((sum, length) => sum + length, 0);
      if (bytes.byteLength < size) return 0;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      granule = Math.max(
        granule,
        view.getUint32(6, true) + (view.getUint32(10, true) & 0x7fffffff) * 2 ** 32,
      );
      const isContinued = ((bytes[5] ?? 0) & 1) === 1;
      for (const packet of packetsOf(bytes.subarray(bodyAt, size), table).slice(isContinued ? 1 : 0)) {
        samplesPerSecond ||= vorbisRate(packet);
        if (samplesPerSecond === 0) opusSeconds += opusSecondsOf(packet);
      }
      return size;
    },
    get seconds() {
      const reportedSeconds = samplesPerSecond > 0 ? granule / samplesPerSecond : opusSeconds;
      return reportedSeconds === 0 ? 0 : reportedSeconds + strayBytes / audioRates.lowestBytesPerSecond;
    },
  };
}

/** The packets that a page holds, by its lacing values: one below 255 ends a packet. */
function packetsOf(body: Uint8Array, table: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let from = 0;
  let to = 0;
  for (const [index, length] of table.entries()) {
    to += length;
    if (length === 255 && index < table.length - 1) continue;
    packets.push(body.subarray(from, to));
    from = to;
  }
  return packets;
}

function vorbisRate(packet: Uint8Array): number {
  if (packet.byteLength < 16 || latin(packet, 0, 7) !== '\x01vorbis') return 0;
  return new DataView(packet.buffer, packet.byteOffset).getUint32(12, true);
}

/** Milliseconds of a frame, by the configurations of the packet's first byte. */
const silkMs = [10, 20, 40, 60];
const hybridMs = [10, 20];
const celtMs = [2.5, 5, 10, 20];

/** Returns the duration of an Opus packet; 0 for headers. */
function opusSecondsOf(packet: Uint8Array): number {
  const [toc, second = 0] = packet;
  if (toc === undefined || latin(packet, 0, 4) === 'Opus') return 0;
  const configuration = toc >> 3;
  const frameMs =
    configuration < 12
      ? silkMs[configuration & 3]
      : configuration < 16
        ? hybridMs[configuration & 1]
        : celtMs[configuration & 3];
  const code = toc & 3;
  const frames = code === 0 ? 1 : code === 3 ? second & 0x3f : 2;
  return ((frameMs ?? 0) * frames) / 1_000;
}
