// The formats by name, for tests that take theirs from a table.
import { formats, unreadFormat } from '../../src/formats/registry.ts';
import type { ReadResult } from '../../src/formats/request-fields.ts';
import type { ConversationFormat, WireFormat } from '../../src/formats/wire-format.ts';

/** The formats of conversations that ship with the relay. */
export type ConversationId = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini-generate';

/** The format of that id; `unread` is the one in which nothing is read. */
export function formatOf(id: string): WireFormat {
  return id === 'unread' ? unreadFormat : formats.format(id);
}

export function conversationOf(id: string): ConversationFormat {
  return formats.conversation(id);
}

/** The request that was read. Throws if the body has a fault. */
export function requestOf<Request>(read: ReadResult<Request>): Request {
  if (!read.ok) throw new Error(`${read.param}: ${read.message}`);
  return read.request;
}
