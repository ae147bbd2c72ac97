// The upstream-private ids that a request body names: they work only for the account that made them, and
// only at the channel that made them (SPEC section 4). Each format's own list is in its folder.
import { messagesReferences } from './anthropic-messages/references.ts';
import { generateReferences } from './gemini-generate/references.ts';
import { isObject } from './json-reader.ts';
import type { WireKind } from './meter.ts';
import { chatReferences } from './openai-chat/references.ts';
import { responsesReferences } from './openai-responses/references.ts';

/** Every such id once, in the order of the body; empty for bodies of an unexpected shape. Never throws. */
export function referencedIds(kind: WireKind, body: unknown): string[] {
  if (!isObject(body)) return [];
  switch (kind) {
    case 'chat':
      return unique(chatReferences(body));
    case 'responses':
      return unique(responsesReferences(body));
    case 'messages':
      return unique(messagesReferences(body));
    case 'generate':
      return unique(generateReferences(body));
    default:
      return [];
  }
}

function unique(ids: string[]): string[] {
  return [...new Set(ids)];
}
