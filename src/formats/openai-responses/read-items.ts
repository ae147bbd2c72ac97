// Single items that requests and answers of Responses have in common, to neutral parts: calls, reasoning,
// searches, pictures. https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
import type { JsonObject } from '../../lib/json.ts';
import { mediaKind } from '../data-url.ts';
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type {
  MediaPart,
  NeutralPart,
  OpaquePart,
  ReasoningPart,
  ToolCallPart,
  WebSearchPart,
} from '../neutral.ts';
import { readCallId, readPortableState } from '../portable-state.ts';
import { paragraphBreak } from '../reasoning.ts';
import { flatName } from './namespaces.ts';

/** An item that is no message: one part, or several where it holds a state; `at` is put on each. */
export function readItem(item: JsonObject): NeutralPart[] {
  switch (item.type) {
    case 'function_call':
    case 'custom_tool_call':
      return readCall(item);
    case 'reasoning':
      return readReasoning(item);
    case 'web_search_call':
      return [readSearch(item)];
    case 'image_generation_call':
      return [readImageCall(item) ?? opaque(item)];
    default:
      return [opaque(item)];
  }
}

function opaque(wire: JsonObject): OpaquePart {
  return { type: 'opaque', origin: 'openai-responses', wire };
}

function readCall(item: JsonObject): NeutralPart[] {
  const custom = item.type === 'custom_tool_call';
  const { id, state } = readCallId(textAt(item, 'call_id') ?? '');
  const itemId = textAt(item, 'id');
  const tool = textAt(item, 'name') ?? '';
  const namespaceName = textAt(item, 'namespace');
  const namespace = namespaceName === undefined ? undefined : { name: namespaceName, tool };
  const call: ToolCallPart = {
    type: 'tool-call',
    id,
    // A function that OpenAI's own search loaded is answered in a namespace of its own name (recorded 2026-11).
    name: namespace === undefined || namespace.name === tool ? tool : flatName(namespace),
    ...(namespace && { namespace }),
    arguments: textAt(item, custom ? 'input' : 'arguments') ?? (custom ? '' : '{}'),
    ...(custom && { custom }),
    ...(itemId !== undefined && { itemId }),
    ...(state?.signature && { signature: state.signature }),
  };
  return [...(state?.reasoning ?? []).map((part) => ({ type: 'reasoning' as const, ...part })), call];
}

/**
 * Reads reasoning: all of it (`content`) if the model shows it, else its summary. A portable state in
 * `encrypted_content` is another provider's signature, whose text is the summary unless the state has its own.
 */
function readReasoning(item: JsonObject): ReasoningPart[] {
  const paragraphs = reasoningParagraphs(item);
  const encrypted = textAt(item, 'encrypted_content');
  const state = encrypted === undefined ? null : readPortableState(encrypted);
  if (state !== null) {
    return state.reasoning.map((part) => ({
      type: 'reasoning',
      ...part,
      text: part.text === '' ? paragraphs.join(paragraphBreak) : part.text,
    }));
  }
  const id = textAt(item, 'id');
  return [
    {
      type: 'reasoning',
      text: paragraphs.join(paragraphBreak),
      ...(paragraphs.length > 1 && { paragraphs }),
      ...(encrypted !== undefined && {
        signature: {
          origin: 'openai-responses',
          kind: 'encrypted',
          value: encrypted,
          ...(id !== undefined && { id }),
        },
      }),
    },
  ];
}

/** The readable paragraphs of a reasoning item. */
export function reasoningParagraphs(item: JsonObject): string[] {
  const summary = objectsAt(item, 'summary').map((part) => textAt(part, 'text') ?? '');
  return summary.length > 0 ? summary : objectsAt(item, 'content').map((part) => textAt(part, 'text') ?? '');
}

function readSearch(item: JsonObject): WebSearchPart {
  const action = objectAt(item, 'action');
  const queries = Array.isArray(action?.queries)
    ? action.queries.filter((query) => typeof query === 'string')
    : [];
  const sources = objectsAt(action, 'sources').flatMap((source) => {
    const url = textAt(source, 'url');
    return url === undefined ? [] : [{ url, title: textAt(source, 'title') ?? '' }];
  });
  return {
    type: 'web-search',
    id: textAt(item, 'id') ?? '',
    query: textAt(action, 'query') ?? queries[0],
    results: action?.sources === undefined ? undefined : sources,
    ...(item.status === 'failed' && { errorCode: 'failed' }),
    opaque: { origin: 'openai-responses', wire: [item] },
  };
}

/** Reads a generated picture, or undefined while (or if) there is none. */
function readImageCall(item: JsonObject): MediaPart | undefined {
  const data = textAt(item, 'result');
  if (data === undefined) return undefined;
  const mediaType = `image/${textAt(item, 'output_format') ?? 'png'}`;
  const providerId = textAt(item, 'id');
  return {
    type: 'media',
    kind: mediaKind(mediaType),
    source: { type: 'base64', mediaType, data },
    ...(providerId !== undefined && { providerId }),
  };
}
