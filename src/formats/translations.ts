// The table of formats that translate, by name; which of them an operation's callers speak, and what is called at an
// upstream that speaks another.
import type { JsonObject } from '../lib/json.ts';
import { messagesFormat } from './anthropic-messages/index.ts';
import type { EmbeddingDialect } from './embedding.ts';
import type { Operation } from './format.ts';
import type { FormatName } from './format-name.ts';
import { generateFormat } from './gemini-generate/index.ts';
import { chatFormat } from './openai-chat/index.ts';
import { completionsFormat } from './openai-completions/index.ts';
import { responsesFormat } from './openai-responses/index.ts';
import type { TranslatedFormat } from './translation.ts';
import type { WireKind } from './wire-kind.ts';

const formats: Readonly<Record<FormatName, TranslatedFormat>> = {
  'openai-chat': chatFormat,
  'openai-responses': responsesFormat,
  'anthropic-messages': messagesFormat,
  'gemini-generate': generateFormat,
};

export function formatNamed(name: FormatName): TranslatedFormat {
  return formats[name];
}

/** What a caller of an operation says and wants to hear. */
export interface CallerFormat {
  readRequest: TranslatedFormat['readRequest'];
  writeResponse: TranslatedFormat['writeResponse'];
  eventWriter: TranslatedFormat['eventWriter'];
}

/** Null for what is no conversation. */
export function callerFormat(operation: Operation, body: JsonObject): CallerFormat | null {
  switch (operation) {
    case 'chat-completions':
      return isMisdirected(body) ? { ...chatFormat, readRequest: responsesFormat.readRequest } : chatFormat;
    case 'completions':
      return completionsFormat;
    case 'responses':
      return responsesFormat;
    case 'messages':
      return messagesFormat;
    case 'generate-content':
    case 'stream-generate-content':
      return generateFormat;
    default:
      return null;
  }
}

/** A Responses body sent to chat completions, as Cursor does: it is read as what it is and answered as chat. */
export function isMisdirected(body: JsonObject): boolean {
  return body.messages === undefined && (typeof body.input === 'string' || Array.isArray(body.input));
}

/** What a request is translated to. */
export type TranslationTarget =
  | { type: 'conversation'; format: FormatName }
  | { type: 'embeddings'; dialect: EmbeddingDialect };

/** The format that an operation's callers and its own upstreams speak; null where it is none of those that translate. */
export function formatOf(operation: Operation): FormatName | null {
  switch (operation) {
    case 'chat-completions':
      return 'openai-chat';
    case 'responses':
      return 'openai-responses';
    case 'messages':
      return 'anthropic-messages';
    case 'generate-content':
    case 'stream-generate-content':
      return 'gemini-generate';
    default:
      return null;
  }
}

/** The operation of an upstream that speaks the format. */
export function operationOf(format: FormatName, stream: boolean): Operation {
  switch (format) {
    case 'openai-chat':
      return 'chat-completions';
    case 'openai-responses':
      return 'responses';
    case 'anthropic-messages':
      return 'messages';
    case 'gemini-generate':
      return stream ? 'stream-generate-content' : 'generate-content';
  }
}

/** Operations that count tokens: where no channel can, the relay answers with its own estimate. */
export const countOperations: ReadonlySet<Operation> = new Set<Operation>([
  'messages-count-tokens',
  'count-tokens',
  'responses-input-tokens',
]);

/** Operations whose requests can be translated. */
export const talkOperations: ReadonlySet<Operation> = new Set<Operation>([
  'chat-completions',
  'completions',
  'responses',
  'messages',
  'generate-content',
  'stream-generate-content',
]);

/** How answers of the format are metered. */
export function wireKindOf(format: FormatName): WireKind {
  switch (format) {
    case 'openai-chat':
      return 'chat';
    case 'openai-responses':
      return 'responses';
    case 'anthropic-messages':
      return 'messages';
    case 'gemini-generate':
      return 'generate';
  }
}

/** Operations whose answers are vectors. */
export const embeddingOperations: ReadonlySet<Operation> = new Set<Operation>([
  'embeddings',
  'embed-content',
  'batch-embed-contents',
]);
