// Writes neutral parts as parts of a request. Null if the format cannot express a part; the caller then reports it.
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import type {
  MediaPart,
  NeutralPart,
  ReasoningPart,
  ReasoningSignature,
  ToolCallPart,
  ToolResultPart,
} from '../neutral.ts';
import { argumentsObject } from '../tool-arguments.ts';

/** What a part's writing depends on besides the part. */
export interface PartContext {
  /** The tool's name of a call, by its id. */
  nameOf(callId: string): string;
  mediaInResults: boolean;
  drop(path: string | undefined): void;
}

export function writePart(part: NeutralPart, context: PartContext): JsonObject | null {
  if (part.cache !== undefined) context.drop(part.at && `${part.at}.cache_control`);
  switch (part.type) {
    case 'text':
      return { text: part.text, ...signatureOf(part.signature) };
    case 'refusal':
      return { text: part.text };
    case 'media':
      return writeMedia(part, context);
    case 'reasoning':
      return writeReasoning(part);
    case 'tool-call':
      return writeCall(part);
    case 'tool-result':
      return writeResult(part, context);
    case 'web-search':
      return null;
    case 'opaque':
      return part.origin === 'gemini-generate' ? part.wire : null;
  }
}

/** Only Gemini's own: it refuses any other. */
function signatureOf(signature: ReasoningSignature | undefined): JsonObject {
  return signature?.origin === 'gemini-generate' ? { thoughtSignature: signature.value } : {};
}

function writeReasoning({ text, signature }: ReasoningPart): JsonObject | null {
  if (signature?.origin !== 'gemini-generate') return null;
  return { text, thought: true, thoughtSignature: signature.value };
}

function writeCall(part: ToolCallPart): JsonObject {
  return {
    functionCall: { id: part.id, name: part.name, args: argumentsObject(part.arguments) },
    ...signatureOf(part.signature),
  };
}

function writeResult(part: ToolResultPart, context: PartContext): JsonObject {
  const media = part.content.filter((inner) => inner.type === 'media');
  for (const inner of part.content) if (inner.type === 'opaque') context.drop(inner.at);
  const parts = context.mediaInResults ? media.flatMap((inner) => writeMedia(inner, context) ?? []) : [];
  return {
    functionResponse: {
      id: part.callId,
      name: part.name ?? context.nameOf(part.callId),
      response: responseOf(part),
      ...(parts.length > 0 && { parts }),
    },
  };
}

/** Media that a model older than Gemini 3 gets beside the result, because its results have no media. */
export function mediaBeside(part: ToolResultPart, context: PartContext): JsonObject[] {
  if (context.mediaInResults) return [];
  const media = part.content.filter((inner) => inner.type === 'media');
  return media.map((inner) => writeMedia(inner, context)).filter((wire) => wire !== null);
}

const wrappers = new Set(['output', 'error', 'result', 'content']);

/** The result as an object: itself if it is one, else under `output` or `error`. */
function responseOf({ value, content, isError }: ToolResultPart): JsonObject {
  if (value !== undefined) return value;
  const text = content
    .filter((inner) => inner.type === 'text')
    .map((inner) => inner.text)
    .join('\n');
  if (isError) return { error: text };
  const object = objectIn(text);
  const [only, ...others] = Object.keys(object ?? {});
  const isAmbiguous = only !== undefined && others.length === 0 && wrappers.has(only);
  return object === null || isAmbiguous ? { output: text } : object;
}

function objectIn(text: string): JsonObject | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Bytes, addresses (Gemini fetches them itself), and files of its own. */
function writeMedia(part: MediaPart, context: PartContext): JsonObject | null {
  const { source } = part;
  const resolution = resolutionOf(part, context);
  switch (source.type) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data }, ...resolution };
    case 'text':
      return {
        inlineData: { mimeType: 'text/plain', data: Buffer.from(source.text, 'utf8').toString('base64') },
      };
    case 'url':
      return {
        fileData: { fileUri: source.url, mimeType: source.mediaType ?? typeByEnding(part, source.url) },
        ...resolution,
      };
    case 'file-id':
      if (source.origin !== 'gemini-generate') return null;
      return {
        fileData: {
          fileUri: source.id,
          ...(source.mediaType !== undefined && { mimeType: source.mediaType }),
        },
        ...resolution,
      };
  }
}

/** `original` is OpenAI's name for more than high. */
function resolutionOf(
  { detail: requested, at }: MediaPart,
  { mediaInResults, drop }: PartContext,
): JsonObject {
  const detail = requested === 'original' ? 'high' : requested;
  if (detail !== 'low' && detail !== 'high' && detail !== 'medium') return {};
  if (mediaInResults) return { mediaResolution: { level: `MEDIA_RESOLUTION_${detail.toUpperCase()}` } };
  drop(at && `${at}.detail`);
  return {};
}

const types: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  pdf: 'application/pdf',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  txt: 'text/plain',
};
const usual = {
  image: 'image/jpeg',
  audio: 'audio/mpeg',
  video: 'video/mp4',
  document: 'application/pdf',
} as const;

function typeByEnding({ kind }: MediaPart, url: string): string {
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  return (Object.hasOwn(types, ending) ? types[ending] : undefined) ?? usual[kind];
}
