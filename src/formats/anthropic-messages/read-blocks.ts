// Content blocks, of requests and of answers, to neutral parts. What only Anthropic understands stays as it is.
import type { JsonObject } from '../../lib/json.ts';
import { canonicalMediaType } from '../data-url.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type {
  CacheMarker,
  Citation,
  MediaPart,
  MediaSource,
  NeutralPart,
  OpaquePart,
  ReasoningPart,
  ReasoningSignature,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  WebSearchPart,
} from '../neutral.ts';
import {
  type PartWithReasoning,
  readCallId,
  readPortableState,
  restoreReasoning,
} from '../portable-state.ts';
import { readReadable } from './readable-blocks.ts';

/** The parts of one message. A string is one text part. `at` is the content's path; '' where paths mean nothing. */
export function readContent(
  content: unknown,
  at: string,
  from: 'request' | 'answer' = 'request',
): NeutralPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content, at }];
  if (!Array.isArray(content)) return [];
  const blocks = content.map((block, index) => ({ block, at: at === '' ? '' : `${at}[${index}]` }));
  return restoreReasoning(joinSearches(blocks.flatMap(({ block, at: path }) => readPart(block, path, from))));
}

function readPart(block: unknown, at: string, from: 'request' | 'answer'): PartWithReasoning[] {
  if (!isObject(block)) return [];
  const marker = cacheMarkerOf(block);
  if (block.type === 'tool_use') return [readToolUse(block, at, marker)];
  // What an answer holds of this kind is not the model's text.
  const readable = from === 'answer' ? null : readReadable(block, (inner) => readBlock(inner, ''));
  if (readable !== null) {
    const last = readable.length - 1;
    return readable.map((part, index) => ({
      part: { ...part, at, ...(marker && index === last && { cache: marker }) },
      reasoning: [],
    }));
  }
  const part = { ...readBlock(block, at), ...(at !== '' && { at }), ...(marker && { cache: marker }) };
  return [{ part, reasoning: [] }];
}

/** One block that is no tool_use. Never throws: what is not understood is opaque. */
export function readBlock(block: JsonObject, at: string): NeutralPart {
  switch (block.type) {
    case 'text':
      return readText(block);
    case 'image':
      return readMedia(block, 'image') ?? opaque(block);
    case 'document':
      return readMedia(block, 'document') ?? opaque(block);
    case 'thinking':
      return readThinking(block);
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', ...readSignature(textAt(block, 'data') ?? '', 'encrypted') };
    case 'tool_result':
      return readToolResult(block, at);
    case 'server_tool_use':
    case 'web_search_tool_result':
      return readSearch(block) ?? opaque(block);
    default:
      return opaque(block);
  }
}

function opaque(wire: JsonObject): OpaquePart {
  return { type: 'opaque', origin: 'anthropic-messages', wire };
}

function readText(block: JsonObject): TextPart {
  const citations = objectsAt(block, 'citations').map(readCitation);
  const text = typeof block.text === 'string' ? block.text : '';
  return { type: 'text', text, ...(citations.length > 0 && { citations }) };
}

/** Reads a citation of any of Anthropic's kinds. It covers its whole block. */
export function readCitation(wire: JsonObject): Citation {
  const url =
    textAt(wire, 'url') ?? (wire.type === 'search_result_location' ? textAt(wire, 'source') : undefined);
  const title = textAt(wire, 'title') ?? textAt(wire, 'document_title');
  const citedText = textAt(wire, 'cited_text');
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(citedText !== undefined && { citedText }),
    opaque: { origin: 'anthropic-messages', wire },
  };
}

function readThinking(block: JsonObject): ReasoningPart {
  const text = typeof block.thinking === 'string' ? block.thinking : '';
  return { type: 'reasoning', text, ...readSignature(textAt(block, 'signature') ?? '', 'signature') };
}

/** A signature or redacted data: another provider's in a state, else Anthropic's own. */
export function readSignature(
  value: string,
  kind: ReasoningSignature['kind'],
): { signature?: ReasoningSignature; paragraphs?: string[] } {
  if (value === '') return {};
  const state = readPortableState(value);
  if (state === null) return { signature: { origin: 'anthropic-messages', kind, value } };
  const [first] = state.reasoning;
  return {
    ...(first?.signature && { signature: first.signature }),
    ...(first?.paragraphs && { paragraphs: first.paragraphs }),
  };
}

/** Whether a Messages body has a thought without a signature, which Claude did not think and would refuse. */
export function holdsUnsignedThought(body: JsonObject): boolean {
  const blocks = objectsAt(body, 'messages').flatMap((message) => objectsAt(message, 'content'));
  return blocks.some(({ type, signature }) => type === 'thinking' && !signature);
}

function readMedia(block: JsonObject, kind: MediaPart['kind']): MediaPart | null {
  const source = readSource(objectAt(block, 'source'));
  if (source === null) return null;
  const title = textAt(block, 'title');
  const context = textAt(block, 'context');
  const citations = objectAt(block, 'citations');
  return {
    type: 'media',
    kind,
    source,
    ...(title !== undefined && { title, fileName: title }),
    ...(context !== undefined && { context }),
    ...(citations !== undefined && { citationsEnabled: citations.enabled === true }),
  };
}

/** Null for a source that other formats do not know (a document made of blocks). */
function readSource(source: JsonObject | undefined): MediaSource | null {
  switch (source?.type) {
    case 'base64':
      return {
        type: 'base64',
        mediaType: canonicalMediaType(textAt(source, 'media_type') ?? 'application/octet-stream'),
        data: textAt(source, 'data') ?? '',
      };
    case 'url':
      return { type: 'url', url: textAt(source, 'url') ?? '', mediaType: undefined };
    case 'text':
      return { type: 'text', text: textAt(source, 'data') ?? '' };
    case 'file':
      return {
        type: 'file-id',
        origin: 'anthropic-messages',
        id: textAt(source, 'file_id') ?? '',
        mediaType: undefined,
      };
    default:
      return null;
  }
}

function readToolUse(block: JsonObject, at: string, cache: CacheMarker | undefined): PartWithReasoning {
  const { id, state } = readCallId(textAt(block, 'id') ?? '');
  const part: ToolCallPart = {
    type: 'tool-call',
    id,
    name: textAt(block, 'name') ?? '',
    arguments: JSON.stringify(isObject(block.input) ? block.input : {}),
    ...(state?.signature && { signature: state.signature }),
    ...(at !== '' && { at }),
    ...(cache && { cache }),
  };
  return { part, reasoning: state?.reasoning ?? [], ...(at !== '' && { from: `${at}.id` }) };
}

function readToolResult(block: JsonObject, at: string): ToolResultPart {
  const content = readContent(block.content, at === '' ? '' : `${at}.content`);
  return {
    type: 'tool-result',
    callId: readCallId(textAt(block, 'tool_use_id') ?? '').id,
    content: content.filter(
      (part) => part.type === 'text' || part.type === 'media' || part.type === 'opaque',
    ),
    isError: block.is_error === true,
  };
}

/** Half of a search: the call, or what it found. {@link joinSearches} puts them together. */
export function readSearch(block: JsonObject): WebSearchPart | null {
  const wire = { opaque: { origin: 'anthropic-messages' as const, wire: [block] } };
  if (block.type === 'server_tool_use') {
    if (block.name !== 'web_search') return null;
    const query = textAt(objectAt(block, 'input'), 'query');
    return { type: 'web-search', id: textAt(block, 'id') ?? '', query, results: undefined, ...wire };
  }
  const error = textAt(objectAt(block, 'content'), 'error_code');
  const results = objectsAt(block, 'content').map((result) => ({
    url: textAt(result, 'url') ?? '',
    title: textAt(result, 'title') ?? '',
    ...(textAt(result, 'encrypted_content') && {
      encryptedContent: textAt(result, 'encrypted_content') as string,
    }),
    ...(textAt(result, 'page_age') && { pageAge: textAt(result, 'page_age') as string }),
  }));
  return {
    type: 'web-search',
    id: textAt(block, 'tool_use_id') ?? '',
    query: undefined,
    results,
    ...(error !== undefined && { errorCode: error }),
    ...wire,
  };
}

/** Joins the call of a search and its result into one part, at the position of the call. */
function joinSearches(reads: PartWithReasoning[]): PartWithReasoning[] {
  const joined: PartWithReasoning[] = [];
  for (const read of reads) {
    const { part } = read;
    const before =
      part.type === 'web-search' && part.results !== undefined ? searchWithId(joined, part.id) : null;
    if (part.type === 'web-search' && before !== null) mergeSearch(before, part);
    else joined.push(read);
  }
  return joined;
}

function searchWithId(reads: readonly PartWithReasoning[], id: string): WebSearchPart | null {
  for (const { part } of reads) if (part.type === 'web-search' && part.id === id) return part;
  return null;
}

/** Lays what a search found into its call. */
export function mergeSearch(call: WebSearchPart, found: WebSearchPart): void {
  call.results = found.results;
  if (found.errorCode !== undefined) call.errorCode = found.errorCode;
  call.opaque?.wire.push(...(found.opaque?.wire ?? []));
}

/** Anthropic's marker: everything up to this block should be cached. */
export function cacheMarkerOf(block: JsonObject): CacheMarker | undefined {
  const control = objectAt(block, 'cache_control');
  if (control === undefined) return undefined;
  return { ttl: control.ttl === '1h' ? '1h' : control.ttl === '5m' ? '5m' : undefined };
}
