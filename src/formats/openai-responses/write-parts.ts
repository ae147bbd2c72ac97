// Writes neutral parts as content parts of Responses' input: questions, and results of tools. Null if Responses cannot
// express a part; the caller then reports it.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
import type { JsonObject } from '../../lib/json.ts';
import type { CacheMarker, MediaPart, NeutralPart } from '../neutral.ts';
import { documentText, fileNameOf, openaiFileId, urlOfSource } from '../openai-media.ts';
import type { Writing } from '../openai-target.ts';

/** A part of a user's message or of a tool's output. */
export function writePart(part: NeutralPart, writing: Writing): JsonObject | null {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text, ...breakpoint(part.cache, writing) };
    case 'media': {
      const written = writeMedia(part);
      return written && { ...written, ...breakpoint(part.cache, writing) };
    }
    case 'opaque':
      return part.origin === 'openai-responses' ? part.wire : null;
    default:
      return null;
  }
}

/** gpt-5.6 and newer take cache markers. Other models cache automatically. */
function breakpoint(cache: CacheMarker | undefined, { traits }: Writing): JsonObject {
  return cache && traits.takesCacheBreakpoints ? { prompt_cache_breakpoint: { mode: 'explicit' } } : {};
}

/** Responses' input has no sound and no film (openapi: InputContent). */
function writeMedia(part: MediaPart): JsonObject | null {
  switch (part.kind) {
    case 'image':
      return writeImage(part);
    case 'document':
      return writeDocument(part);
    case 'audio':
    case 'video':
      return null;
  }
}

function writeImage({ source, detail }: MediaPart): JsonObject | null {
  const id = openaiFileId(source);
  const url = urlOfSource(source);
  if (id === null && url === null) return null;
  return {
    type: 'input_image',
    detail: detail ?? 'auto',
    ...(id === null ? { image_url: url } : { file_id: id }),
  };
}

/** Text is written as text. Files have an id, a URL, or data with a name. */
function writeDocument(part: MediaPart): JsonObject | null {
  const { source } = part;
  const text = documentText(part);
  if (text !== null) return { type: 'input_text', text };
  const id = openaiFileId(source);
  if (id !== null) return { type: 'input_file', file_id: id };
  if (source.type === 'url') return { type: 'input_file', file_url: source.url };
  if (source.type !== 'base64') return null;
  return { type: 'input_file', filename: fileNameOf(part), file_data: urlOfSource(source) };
}
