// Adds cache markers to translated requests: Claude caches only what is marked, and other formats cannot mark.
// https://platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11)
import type { JsonObject } from '../../lib/json.ts';
import { objectsAt } from '../json-reader.ts';
import type { NeutralRequest } from '../neutral.ts';
import type { RequestTarget } from '../wire-format.ts';
import { claudeTraits, isClaude } from './model-traits.ts';
import { writeCacheMarker } from './write-blocks.ts';

const marker = writeCacheMarker({ ttl: undefined });

/**
 * Marks a conversation that will continue: one with tools or with a turn of the assistant's. Anthropic's own API takes
 * one marker that moves along automatically; Bedrock and Vertex only know markers on blocks. Nothing is added if the
 * caller sets markers, or if the channel has caching switched off.
 */
export function withCacheMarkers(
  body: JsonObject,
  request: NeutralRequest,
  target: RequestTarget,
): JsonObject {
  if (!goesOn(request) || !takesMarkers(target) || isMarked(request)) return body;
  switch (target.provider) {
    case 'anthropic':
      return { ...body, ...marker };
    case 'bedrock':
    case 'vertex':
      return withMarkedBlocks(body);
    default:
      return body;
  }
}

/** A Messages request that is only rewritten has its own markers. */
function goesOn({ tools, messages, opaque }: NeutralRequest): boolean {
  if (opaque.origin === 'anthropic-messages') return false;
  return tools.length > 0 || messages.some(({ role }) => role === 'assistant');
}

/**
 * Other models behind an API like Anthropic's may not know markers, nor do Claude's oldest on Bedrock. On the clouds,
 * names of Claude need not contain it (ARNs).
 */
function takesMarkers({ provider, model, promptCache }: RequestTarget): boolean {
  const mayKnow = provider !== 'anthropic' || isClaude(model);
  return promptCache !== false && mayKnow && claudeTraits(model).thinking !== 'none';
}

function isMarked({ system, messages, tools }: NeutralRequest): boolean {
  const parts = [...system, ...messages.flatMap((message) => message.parts)];
  return (
    parts.some(({ cache }) => cache !== undefined) || tools.some((tool) => 'cache' in tool && tool.cache)
  );
}

/**
 * Three of the four markers that are allowed: behind the system prompt (or the tools), behind the turn before (what it wrote
 * is read now), and at the end.
 */
function withMarkedBlocks(body: JsonObject): JsonObject {
  const head = ['system', 'tools'].find((key) => objectsAt(body, key).length > 0);
  const messages = objectsAt(body, 'messages');
  const before = messages.findLastIndex(({ role }, index) => role === 'user' && index < messages.length - 1);
  return {
    ...body,
    ...(head !== undefined && { [head]: withMarkedEnd(objectsAt(body, head)) }),
    messages: messages.map((message, index) =>
      index === before || index === messages.length - 1
        ? { ...message, content: withMarkedEnd(objectsAt(message, 'content')) }
        : message,
    ),
  };
}

/** The last block that can be marked: thoughts cannot. */
function withMarkedEnd(blocks: JsonObject[]): JsonObject[] {
  const last = blocks.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking');
  return blocks.map((block, index) => (index === last ? { ...block, ...marker } : block));
}
