// Parts, of requests and of answers, to neutral parts. https://ai.google.dev/api/caching#Part
import type { JsonObject } from '../../lib/json.ts';
import { canonicalMediaType } from '../data-url.ts';
import type {
  MediaPart,
  MediaSource,
  NeutralPart,
  OpaquePart,
  ReasoningSignature,
  ToolCallPart,
  ToolResultPart,
} from '../neutral.ts';
import { type PartWithReasoning, type PortableReasoning, readPortableState } from '../portable-state.ts';
import { memberOf, objectOf, objectsOf, textOf } from './members.ts';

/** `callId` returns the id of a call, or of the call that a result belongs to, if the part has none. */
export function readPart(wire: JsonObject, callId: (name: string) => string): PartWithReasoning {
  const { signature, reasoning } = readSignature(textOf(wire, 'thoughtSignature'));
  const part = readBare(wire, callId, reasoning[0]?.signature ?? signature);
  const takesSignature = part.type === 'text' || part.type === 'tool-call' || part.type === 'media';
  return {
    part: takesSignature && signature !== undefined ? { ...part, signature } : part,
    reasoning: part.type === 'tool-call' ? reasoning : [],
  };
}

/** Reads a thought signature: Gemini's own, or a portable state. */
function readSignature(value: string | undefined): {
  signature: ReasoningSignature | undefined;
  reasoning: PortableReasoning[];
} {
  if (value === undefined) return { signature: undefined, reasoning: [] };
  const state = readPortableState(value);
  if (state === null)
    return { signature: { origin: 'gemini-generate', kind: 'signature', value }, reasoning: [] };
  return { signature: state.signature, reasoning: state.reasoning };
}

function readBare(
  wire: JsonObject,
  callId: (name: string) => string,
  signature: ReasoningSignature | undefined,
): NeutralPart {
  const call = objectOf(wire, 'functionCall');
  if (call !== undefined) return readCall(call, callId);
  const result = objectOf(wire, 'functionResponse');
  if (result !== undefined) return readResult(result, callId);
  const media = readMedia(wire);
  if (media !== null) return media;
  if (typeof wire.text !== 'string') return opaque(wire);
  if (wire.thought === true) return { type: 'reasoning', text: wire.text, ...(signature && { signature }) };
  return { type: 'text', text: wire.text };
}

function opaque(wire: JsonObject): OpaquePart {
  return { type: 'opaque', origin: 'gemini-generate', wire };
}

function readCall(call: JsonObject, callId: (name: string) => string): ToolCallPart {
  const name = textOf(call, 'name') ?? '';
  const id = textOf(call, 'id') ?? callId(name);
  return { type: 'tool-call', id, name, arguments: JSON.stringify(objectOf(call, 'args') ?? {}) };
}

/** Members under which a function's plain output is put. https://ai.google.dev/api/caching#FunctionResponse */
const outputNames = ['output', 'result', 'content'] as const;

function readResult(result: JsonObject, callId: (name: string) => string): ToolResultPart {
  const name = textOf(result, 'name') ?? '';
  const response = objectOf(result, 'response') ?? {};
  const media = objectsOf(result, 'parts').flatMap((part) => readMedia(part) ?? []);
  return {
    type: 'tool-result',
    callId: textOf(result, 'id') ?? callId(name),
    name,
    content: [{ type: 'text', text: textOfResponse(response) }, ...media],
    value: response,
    isError: isError(response),
  };
}

function isError(response: JsonObject): boolean {
  return Object.keys(response).length === 1 && response.error !== undefined;
}

function textOfResponse(response: JsonObject): string {
  const [only, ...others] = Object.keys(response);
  const isPlain = others.length === 0 && (only === 'error' || outputNames.some((name) => name === only));
  const value = isPlain && only !== undefined ? response[only] : response;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Bytes or a file; null for a part that is neither. */
function readMedia(wire: JsonObject): MediaPart | null {
  const blob = objectOf(wire, 'inlineData');
  const file = objectOf(wire, 'fileData');
  const mediaType = textOf(blob ?? file, 'mimeType');
  const source = blob ? inlineSource(blob, mediaType) : file ? fileSource(file, mediaType) : null;
  if (source === null) return null;
  const fileName = textOf(blob ?? file, 'displayName');
  const detail = detailOf(wire);
  return {
    type: 'media',
    kind: kindOf(mediaType ?? guessType(source)),
    source,
    ...(fileName !== undefined && { fileName }),
    ...(detail !== undefined && { detail }),
  };
}

/** A URL without a type is typed by its ending. */
function guessType(source: MediaSource): string {
  if (source.type !== 'url') return '';
  return /\.(png|jpe?g|webp|gif|heic)(\?|$)/i.test(source.url) ? 'image/' : '';
}

function inlineSource(blob: JsonObject, mediaType = 'application/octet-stream'): MediaSource {
  // Google takes both alphabets of base64; everybody else only the standard one.
  const data = String(memberOf(blob, 'data') ?? '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  return { type: 'base64', mediaType: canonicalMediaType(mediaType), data };
}

function fileSource(file: JsonObject, mediaType: string | undefined): MediaSource {
  const uri = textOf(file, 'fileUri') ?? '';
  const isPublic = /^https?:/.test(uri) && !uri.includes('generativelanguage.googleapis.com');
  return isPublic
    ? { type: 'url', url: uri, mediaType }
    : { type: 'file-id', origin: 'gemini-generate', id: uri, mediaType };
}

function kindOf(mediaType: string): MediaPart['kind'] {
  const [family] = mediaType.split('/');
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
}

function detailOf(wire: JsonObject): string | undefined {
  const level = textOf(objectOf(wire, 'mediaResolution'), 'level');
  return level === undefined ? undefined : level.replace('MEDIA_RESOLUTION_', '').toLowerCase();
}
