// The formats by name, for tests that take theirs from a table.
import { formats, unreadFormat } from '../../src/formats/registry.ts';
import type { ReadResult } from '../../src/formats/request-fields.ts';
import type { ConversationFormat, WireFormat } from '../../src/formats/wire-format.ts';

/** The conversation formats that ship with the relay. */
export type ConversationId = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini-generate';

/** Returns the format of that id; `unread` is the one whose bodies are not read. */
export function formatOf(id: string): WireFormat {
  return id === 'unread' ? unreadFormat : formats.format(id);
}

export function conversationOf(id: string): ConversationFormat {
  return formats.conversation(id);
}

/** Returns the parsed request. Throws if the body is invalid. */
export function requestOf<Request>(read: ReadResult<Request>): Request {
  if (!read.ok) throw new Error(`${read.param}: ${read.message}`);
  return read.request;
}
