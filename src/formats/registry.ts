// The wire formats that the relay knows, and what can be looked up about them by id.
import type { JsonObject } from '../lib/json.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import { cohereEmbeddings } from './cohere-embeddings/index.ts';
import type { FormatId, OperationId } from './format-id.ts';
import { geminiEmbeddings } from './gemini-embeddings/index.ts';
import { geminiGenerate } from './gemini-generate/index.ts';
import { openaiSpeech, openaiTranscription } from './openai-audio/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiCompletions } from './openai-completions/index.ts';
import { jinaEmbeddings, openaiEmbeddings, voyageEmbeddings } from './openai-embeddings/index.ts';
import { openaiImages } from './openai-images/index.ts';
import { openaiModerations } from './openai-moderations/index.ts';
import { openaiResponses } from './openai-responses/index.ts';
import { cohereRerank, jinaRerank, voyageRerank } from './rerank/index.ts';
import {
  type ApiRoute,
  type CallerFormat,
  type ConversationFormat,
  isConversation,
  type WireFormat,
} from './wire-format.ts';

/** A route with the format that its callers speak. */
export interface Endpoint extends ApiRoute {
  format: WireFormat;
}

/** What a request is translated to: another format of conversations, or another of embeddings. */
export interface TranslationTarget {
  type: 'conversation' | 'embeddings';
  format: FormatId;
}

/** A set of formats. Ids, operations and paths are unique in it. */
export class FormatRegistry {
  /** Every route of every format. */
  readonly endpoints: readonly Endpoint[];
  /** The methods of a model, which follow a colon in the path, by name (Gemini). */
  readonly modelMethods: ReadonlyMap<string, Endpoint>;
  private readonly byId: ReadonlyMap<FormatId, WireFormat>;
  private readonly byOperation: ReadonlyMap<OperationId, Endpoint>;

  /** Throws if an id or an operation is there twice. */
  constructor(formats: readonly WireFormat[]) {
    this.endpoints = formats.flatMap((format) => format.routes.map((route) => ({ ...route, format })));
    this.byId = uniqueMap(formats, ({ id }) => id);
    this.byOperation = uniqueMap(this.endpoints, ({ operation }) => operation);
    this.modelMethods = new Map(
      this.endpoints.flatMap((endpoint) => {
        const method = /\{model\}:(\w+)$/.exec(endpoint.path)?.[1];
        return method === undefined ? [] : [[method, endpoint] as const];
      }),
    );
  }

  /** The endpoints whose path is fixed. All take POST. */
  get fixedEndpoints(): Endpoint[] {
    return this.endpoints.filter(({ path }) => !path.includes('{'));
  }

  /** Throws if there is no such format. */
  format(id: FormatId): WireFormat {
    return found(this.byId, id);
  }

  /** Throws if there is no such operation, or if it is not one that HTTP callers have. */
  endpoint(operation: OperationId): Endpoint {
    return found(this.byOperation, operation);
  }

  /** Throws if there is no such format, or if conversations cannot be translated to it. */
  conversation(id: FormatId): ConversationFormat {
    const format = this.format(id);
    if (!isConversation(format)) throw new Error(`nothing is translated to the format ${id}`);
    return format;
  }

  /** The format that a body at an endpoint is in: the endpoint's own, unless the body is misdirected. */
  formatOfBody({ format }: Endpoint, body: JsonObject): WireFormat {
    const id = format.formatOfBody?.(body) ?? null;
    return id === null ? format : this.format(id);
  }

  /** How to read a caller's request and to write the answer. Null if the endpoint is not for conversations. */
  caller(endpoint: Endpoint, body: JsonObject): CallerFormat | null {
    const { format, purpose } = endpoint;
    const { readRequest } = this.formatOfBody(endpoint, body);
    const { writeResponse, eventWriter } = format;
    if (purpose !== 'answer' || !readRequest || !writeResponse || !eventWriter) return null;
    return { readRequest, writeResponse, eventWriter };
  }
}

/** The endpoint's own format as what a conversation is rewritten to. Null if nothing is translated to it. */
export function ownTarget({ format, purpose }: Endpoint): TranslationTarget | null {
  return purpose === 'answer' && isConversation(format) ? { type: 'conversation', format: format.id } : null;
}

function uniqueMap<K, V>(values: readonly V[], keyOf: (value: V) => K): Map<K, V> {
  const map = new Map(values.map((value) => [keyOf(value), value]));
  if (map.size < values.length) throw new Error('a format or an operation is registered twice');
  return map;
}

function found<V>(map: ReadonlyMap<string, V>, id: string): V {
  const value = map.get(id);
  if (value === undefined) throw new Error(`there is no format or operation ${id}`);
  return value;
}

/** What ships with the relay. */
export const builtInFormats: readonly WireFormat[] = [
  openaiChat,
  openaiCompletions,
  openaiResponses,
  openaiEmbeddings,
  voyageEmbeddings,
  jinaEmbeddings,
  // Cohere's usage is read from the same places as that of OpenAI's imitators.
  { ...cohereEmbeddings, observer: openaiEmbeddings.observer },
  openaiModerations,
  openaiSpeech,
  openaiTranscription,
  openaiImages,
  cohereRerank,
  jinaRerank,
  voyageRerank,
  anthropicMessages,
  geminiGenerate,
  geminiEmbeddings,
];

/** The registry of the formats that ship with the relay. */
export const formats = new FormatRegistry(builtInFormats);

/** The format of answers in which nothing is read. */
export const unreadFormat: WireFormat = {
  id: 'unread',
  api: 'openai',
  task: 'other',
  routes: [],
  observer: { event: () => undefined, body: () => undefined },
};
