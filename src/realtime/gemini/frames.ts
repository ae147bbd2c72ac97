// Classifies frames of Gemini's Live API cheaply: sound and pictures are most of what passes and are not
// parsed. Google's servers send their JSON in binary frames; either side may use either kind.
// https://ai.google.dev/api/live (2026-11)
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type Frame, textOfFrame } from '../frames.ts';

type BulkKind = 'input-audio' | 'input-video' | 'output-audio';

type LiveFacts =
  /** One piece of media and nothing else. */
  | { outcome: 'bulk'; kind: BulkKind; characters: number; mimeType: string }
  | { outcome: 'message'; message: JsonObject }
  /** Not a JSON object: passes unchanged, and its receiver reports the error. */
  | { outcome: 'opaque' };

const space = '\\s*';
const mime = '"mime_?[tT]ype"\\s*:\\s*"([^"\\\\]*)"';
/** The members around a piece of media, up to its base64; the MIME type stands on either side of it. */
function headOf(...members: string[]): RegExp {
  const path = members.map((member) => `\\{${space}${member}${space}:${space}`).join('\\[?\\s*');
  return new RegExp(
    `^${space}${path}\\[?${space}\\{${space}(?:${mime}${space},${space})?"data"${space}:${space}"`,
  );
}

const heads: readonly [kind: BulkKind, head: RegExp][] = [
  ['input-audio', headOf('"realtime_?[iI]nput"', '"(?:audio|media_?[cC]hunks)"')],
  ['input-video', headOf('"realtime_?[iI]nput"', '"video"')],
  ['output-audio', headOf('"serverContent"', '"modelTurn"', '"parts"', '"inlineData"')],
];
const tail = new RegExp(`^"${space}(?:,${space}${mime}${space})?[\\s\\]}]*$`);
/** A head is shorter than this, and so is a tail. */
const glanceLength = 240;

/** Never throws. */
export function readFrame(frame: Frame): LiveFacts {
  const glanced = typeof frame === 'string' ? glanceAtText(frame) : glanceAtBytes(new Uint8Array(frame));
  if (glanced !== null) return glanced;
  try {
    const message: unknown = JSON.parse(textOfFrame(frame));
    if (isObject(message)) return { outcome: 'message', message };
  } catch {
    // Not for the relay to say.
  }
  return { outcome: 'opaque' };
}

function glanceAtText(text: string): LiveFacts | null {
  const head = headIn(text.slice(0, glanceLength));
  if (head === null) return null;
  const end = text.indexOf('"', head.length);
  return end < 0 || text.length - end > glanceLength ? null : bulkOf(head, end, text.slice(end));
}

/** Base64 has no quote in it, and the members around it are ASCII: their offsets are those of the bytes. */
function glanceAtBytes(bytes: Uint8Array): LiveFacts | null {
  const head = headIn(asciiOf(bytes.subarray(0, glanceLength)));
  if (head === null) return null;
  const end = bytes.indexOf(0x22, head.length);
  return end < 0 || bytes.length - end > glanceLength
    ? null
    : bulkOf(head, end, asciiOf(bytes.subarray(end)));
}

interface Head {
  kind: BulkKind;
  length: number;
  mimeType: string | undefined;
}

function headIn(text: string): Head | null {
  for (const [kind, head] of heads) {
    const found = head.exec(text);
    if (found !== null) return { kind, length: found[0].length, mimeType: found[1] };
  }
  return null;
}

/** Returns null if the frame has more than that piece of media, such as usage. */
function bulkOf({ kind, length, mimeType }: Head, end: number, rest: string): LiveFacts | null {
  const found = tail.exec(rest);
  if (found === null) return null;
  const type = mimeType ?? found[1] ?? '';
  // `mediaChunks` is of either medium, and a model may draw.
  const isPicture = /^(image|video)\//.test(type);
  if (isPicture && kind === 'output-audio') return null;
  return {
    outcome: 'bulk',
    kind: isPicture ? 'input-video' : kind,
    characters: end - length,
    mimeType: type,
  };
}

const decoder = new TextDecoder('latin1');

function asciiOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
