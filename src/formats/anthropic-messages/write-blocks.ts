// Writes neutral parts as content blocks of a request. Null if the format cannot express a part; the caller then
// reports it.
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../../lib/json.ts';
import type {
  CacheMarker,
  MediaPart,
  NeutralPart,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
  WebSearchPart,
} from '../neutral.ts';
import { argumentsObject } from '../tool-arguments.ts';
import { anthropicIds, fitId } from '../tool-ids.ts';

/** Returns the blocks of a part: none for an empty text, null if the format cannot express it. */
export function writePart(part: NeutralPart, drop: (part: NeutralPart) => void): JsonObject[] | null {
  if (part.native?.origin === 'anthropic-messages')
    return part.native.wire === null ? [] : [part.native.wire];
  const marker = writeCacheMarker(part.cache);
  switch (part.type) {
    case 'text':
      // Anthropic refuses text without a visible character.
      return part.text.trim() === ''
        ? []
        : [{ type: 'text', text: part.text, ...citationsOf(part.citations), ...marker }];
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text, ...marker }];
    case 'media':
      return wrapped(writeMedia(part), marker);
    case 'reasoning':
      return wrapped(writeReasoning(part), {});
    case 'tool-call':
      return [{ ...writeToolUse(part), ...marker }];
    case 'tool-result':
      return [{ ...writeToolResult(part, drop), ...marker }];
    case 'web-search':
      return writeSearch(part);
    case 'opaque':
      return part.origin === 'anthropic-messages' ? [part.wire] : null;
  }
}

function wrapped(block: JsonObject | null, marker: JsonObject): JsonObject[] | null {
  return block === null ? null : [{ ...block, ...marker }];
}

export function writeCacheMarker(cache: CacheMarker | undefined): JsonObject {
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ...(cache.ttl !== undefined && { ttl: cache.ttl }) } };
}

/** Only Anthropic's own citations go back: blocks have no member for those of others. */
function citationsOf(citations: Extract<NeutralPart, { type: 'text' }>['citations']): JsonObject {
  const own = (citations ?? []).flatMap(({ opaque }) =>
    opaque?.origin === 'anthropic-messages' ? [opaque.wire] : [],
  );
  return own.length > 0 ? { citations: own } : {};
}

/** Images; PDFs and plain text as documents. Sound, video and other files have no block. */
function writeMedia(part: MediaPart): JsonObject | null {
  if (part.kind !== 'image' && part.kind !== 'document') return null;
  const source = sourceOf(part);
  if (source === null) return null;
  if (part.kind === 'image') return { type: 'image', source };
  const title = part.title ?? part.fileName;
  return {
    type: 'document',
    source,
    ...(title !== undefined && title !== '' && { title: title.slice(0, 500) }),
    ...(part.context !== undefined && { context: part.context }),
    ...(part.citationsEnabled !== undefined && { citations: { enabled: part.citationsEnabled } }),
  };
}

const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

function sourceOf({ kind, source }: MediaPart): JsonObject | null {
  switch (source.type) {
    case 'base64':
      return base64Source(kind, source.mediaType, source.data);
    case 'url':
      return /^https?:/.test(source.url) ? { type: 'url', url: source.url } : null;
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'file-id':
      return source.origin === 'anthropic-messages' ? { type: 'file', file_id: source.id } : null;
  }
}

function base64Source(kind: MediaPart['kind'], mediaType: string, data: string): JsonObject | null {
  if (kind === 'image') {
    const media_type = imageTypes.has(mediaType) ? mediaType : imageTypeOf(data);
    return media_type === undefined ? null : { type: 'base64', media_type, data };
  }
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data };
  if (!isReadableText(mediaType)) return null;
  return {
    type: 'text',
    media_type: 'text/plain',
    data: new TextDecoder().decode(Buffer.from(data, 'base64')),
  };
}

const imageBeginnings: readonly [string, string][] = [
  ['/9j/', 'image/jpeg'],
  ['iVBORw0KGgo', 'image/png'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

/** The type by the first bytes, for a picture that came under another name (`image/*`). */
function imageTypeOf(data: string): string | undefined {
  return imageBeginnings.find(([start]) => data.startsWith(start))?.[1];
}

function isReadableText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || /^application\/(json|xml|yaml|x-yaml|javascript)$/.test(mediaType);
}

/** Only what Claude signed itself: it refuses any other. */
function writeReasoning({ text, signature }: ReasoningPart): JsonObject | null {
  if (signature?.origin !== 'anthropic-messages') return null;
  if (signature.kind === 'encrypted') return { type: 'redacted_thinking', data: signature.value };
  return { type: 'thinking', thinking: text, signature: signature.value };
}

function writeToolUse(part: ToolCallPart): JsonObject {
  return {
    type: 'tool_use',
    id: fitId(part.id, anthropicIds),
    name: part.name,
    input: argumentsObject(part.arguments),
  };
}

function writeToolResult(part: ToolResultPart, drop: (part: NeutralPart) => void): JsonObject {
  const content = part.content.flatMap((inner) => {
    const blocks = writePart(inner, drop);
    if (blocks === null) drop(inner);
    return blocks ?? [];
  });
  return {
    type: 'tool_result',
    tool_use_id: fitId(part.callId, anthropicIds),
    ...(content.length > 0 && { content }),
    ...(part.isError && { is_error: true }),
  };
}

/** A search of another provider has no signature (encrypted_content) that Claude would take. */
function writeSearch(part: WebSearchPart): JsonObject[] | null {
  return part.opaque?.origin === 'anthropic-messages' ? part.opaque.wire : null;
}
