// Pictures, sound and files as both of OpenAI's formats name them: URLs that may be data URLs, base64 with or
// without one, ids of uploaded files.
import type { JsonObject } from '../lib/json.ts';
import { mediaKind, readDataUrl, standardBase64, textOfBase64, writeDataUrl } from './data-url.ts';
import type { FormatId } from './format-id.ts';
import { isObject } from './json-reader.ts';
import type { CacheMarker, MediaPart, MediaSource } from './neutral.ts';

/** A picture, film or document by URL. */
export function mediaOfUrl(kind: MediaPart['kind'], url: string): MediaPart {
  const inline = readDataUrl(url);
  const source: MediaSource = inline
    ? { type: 'base64', ...inline }
    : { type: 'url', url, mediaType: undefined };
  return { type: 'media', kind, source };
}

/** Reads a file's contents: a data URL, or bare base64, whose media type follows from the file's name (else PDF). */
export function mediaOfFileData(fileData: string, fileName: string | undefined): MediaPart {
  const inline = readDataUrl(fileData) ?? {
    mediaType: mediaTypeOfName(fileName),
    data: standardBase64(fileData),
  };
  const name = fileName === undefined ? {} : { fileName };
  return { type: 'media', kind: mediaKind(inline.mediaType), source: { type: 'base64', ...inline }, ...name };
}

/** Sound in base64 with OpenAI's short name of its format. */
export function mediaOfAudio(data: string, format: string): MediaPart {
  const inline = readDataUrl(data) ?? { mediaType: audioMediaType(format), data: standardBase64(data) };
  return { type: 'media', kind: 'audio', source: { type: 'base64', ...inline } };
}

/** An uploaded file. */
export function mediaOfFileId(kind: MediaPart['kind'], id: string, origin: FormatId): MediaPart {
  return { type: 'media', kind, source: { type: 'file-id', origin, id, mediaType: undefined } };
}

/** `mp3` → `audio/mpeg`. */
function audioMediaType(format: string): string {
  if (format === 'mp3') return 'audio/mpeg';
  if (format === 'pcm16') return 'audio/pcm';
  return `audio/${format}`;
}

/** OpenAI's short name of an audio format that it takes as input; undefined for others. */
export function audioFormat(mediaType: string): 'wav' | 'mp3' | undefined {
  if (/^audio\/(x-|vnd\.)?wave?$/.test(mediaType)) return 'wav';
  return /^audio\/(mpeg|mp3)$/.test(mediaType) ? 'mp3' : undefined;
}

/** Returns the URL of a picture or file: as given, or a data URL. Null if a URL cannot express it. */
export function urlOfSource(source: MediaSource): string | null {
  switch (source.type) {
    case 'url':
      return source.url;
    case 'base64':
      return writeDataUrl(source.mediaType, source.data);
    case 'text':
    case 'file-id':
      return null;
  }
}

/** Returns a text document as text: its title, its context, its content. Null for other documents. */
export function documentText({ title, fileName, context, source }: MediaPart): string | null {
  const text = plainText(source);
  if (text === null) return null;
  return [title ?? fileName, context, text].filter((line) => line !== undefined).join('\n');
}

function plainText(source: MediaSource): string | null {
  if (source.type === 'text') return source.text;
  return source.type === 'base64' && /^text\//.test(source.mediaType) ? textOfBase64(source.data) : null;
}

/** The id of a file at OpenAI: both of its formats name the same files. */
export function openaiFileId(source: MediaSource): string | null {
  return source.type === 'file-id' && /^openai-/.test(source.origin) ? source.id : null;
}

/** Returns a name for a file that has none: OpenAI requires one beside the data. */
export function fileNameOf({ fileName, title, source }: MediaPart): string {
  if (fileName !== undefined) return fileName;
  const type = source.type === 'base64' ? source.mediaType : 'application/pdf';
  const extension = Object.entries(mediaTypes).find(([, mediaType]) => mediaType === type)?.[0] ?? 'bin';
  return title ?? `file.${extension}`;
}

const mediaTypes: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
};

function mediaTypeOfName(fileName: string | undefined): string {
  const extension = fileName?.split('.').at(-1)?.toLowerCase() ?? '';
  return mediaTypes[extension] ?? 'application/pdf';
}

/**
 * The cache marker of a content part: OpenAI's own, or the one that OpenRouter and LiteLLM take over from
 * Anthropic. https://openrouter.ai/docs/features/prompt-caching
 */
export function readCacheMarker(part: JsonObject): { cache?: CacheMarker } {
  const { cache_control: control, prompt_cache_breakpoint: breakpoint } = part;
  if (isObject(control))
    return { cache: { ttl: control.ttl === '1h' || control.ttl === '5m' ? control.ttl : undefined } };
  return isObject(breakpoint) ? { cache: { ttl: undefined } } : {};
}
