// Writes neutral parts as content parts of chat messages. Null if chat cannot express a part; the caller then reports
// it. https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
import type { JsonObject } from '../../lib/json.ts';
import type { MediaPart, TextPart } from '../neutral.ts';
import { audioFormat, documentText, fileNameOf, openaiFileId, urlOfSource } from '../openai-media.ts';
import type { Writing } from '../openai-target.ts';

/** Writes text with its cache marker if the model takes one. OpenAI's other models cache automatically. */
export function writeText({ text, cache }: TextPart, writing: Writing): JsonObject {
  return { type: 'text', text, ...(cache && cacheMarker(cache.ttl, writing)) };
}

/** gpt-5.6 and newer take breakpoints; OpenRouter, LiteLLM and others take Anthropic's markers for its models. */
export function cacheMarker(ttl: string | undefined, { genuine, traits, target }: Writing): JsonObject {
  if (genuine) return traits.takesCacheBreakpoints ? { prompt_cache_breakpoint: { mode: 'explicit' } } : {};
  if (!/claude/i.test(target.model)) return {};
  return { cache_control: { type: 'ephemeral', ...(ttl !== undefined && { ttl }) } };
}

/** Null if chat has no member for it. */
export function writeMedia(part: MediaPart, writing: Writing): JsonObject | null {
  const written = writeByKind(part, writing);
  return written && { ...written, ...(part.cache && cacheMarker(part.cache.ttl, writing)) };
}

function writeByKind(part: MediaPart, writing: Writing): JsonObject | null {
  const { kind, source } = part;
  switch (kind) {
    case 'image': {
      const url = urlOfSource(source);
      return url === null ? null : { type: 'image_url', image_url: { url, ...imageDetail(part) } };
    }
    case 'audio': {
      const format = source.type === 'base64' ? audioFormat(source.mediaType) : undefined;
      if (source.type !== 'base64' || format === undefined) return null;
      return { type: 'input_audio', input_audio: { data: source.data, format } };
    }
    case 'video': {
      // Not OpenAI's: vLLM, Alibaba, OpenRouter.
      const url = writing.genuine ? null : urlOfSource(source);
      return url === null ? null : { type: 'video_url', video_url: { url } };
    }
    case 'document':
      return writeDocument(part);
  }
}

/** `original` is only Responses'. */
function imageDetail({ detail }: MediaPart): JsonObject {
  if (detail === undefined) return {};
  return { detail: detail === 'original' ? 'high' : detail };
}

/** Text is written as text. Files need their data, or their id at OpenAI: chat fetches no URL. */
function writeDocument(part: MediaPart): JsonObject | null {
  const text = documentText(part);
  if (text !== null) return { type: 'text', text };
  const id = openaiFileId(part.source);
  if (id !== null) return { type: 'file', file: { file_id: id } };
  const data = part.source.type === 'base64' ? urlOfSource(part.source) : null;
  return data === null ? null : { type: 'file', file: { filename: fileNameOf(part), file_data: data } };
}
