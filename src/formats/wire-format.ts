// One wire format as the rest of the relay knows it: an object that the format's folder exports from its index.ts and
// that registry.ts lists. All functions are pure, or hold the small state of one answer.
import type { JsonObject } from '../lib/json.ts';
import type { EmbeddingCaller, EmbeddingUpstream } from './embedding.ts';
import type { ApiFormat, FormatId, OperationId } from './format-id.ts';
import type { WrappedSchema } from './json-schema-root.ts';
import type { NeutralEvent, NeutralRequest, NeutralResponse } from './neutral.ts';
import type { WireObserver } from './observation.ts';
import type { ChatUpstreamFacts } from './openai-chat/upstream-facts.ts';
import type { ReadResult } from './request-fields.ts';
import type { NameRule } from './tool-names.ts';

/** What a format is for. */
export type Task =
  | 'conversation'
  | 'embeddings'
  | 'moderation'
  | 'speech'
  | 'transcription'
  | 'images'
  | 'rerank'
  | 'other';

/** One format. Members that are absent mean that the format has no such thing. */
export interface WireFormat extends Partial<CallerFormat>, Partial<UpstreamFormat> {
  readonly id: FormatId;
  /** The family that it belongs to. */
  readonly api: ApiFormat;
  readonly task: Task;
  /** The endpoints of its callers. */
  readonly routes: readonly ApiRoute[];
  /** Reads usage and progress from answers. */
  readonly observer: WireObserver;
  /** The fields that a request cannot do without, by the provider's reference. */
  requiredFields?(body: JsonObject, isCounting: boolean): RequiredField[];
  /** The fields that ask for several answers, with the provider's own bound of each. */
  countFields?(body: JsonObject): CountField[];
  /** The fields by which a request bounds its output. */
  outputFields?(body: JsonObject): OutputFields;
  /** Fields that name a conversation or a prompt which the upstream stores. */
  readonly historyFields?: readonly string[];
  /** A later request can name an answer (`previous_response_id`) instead of repeating the conversation. */
  readonly storesAnswers?: boolean;
  /** A model searches many times, and reads all the pages again each time. */
  readonly repeatsSearches?: boolean;
  /** Upstreams bill the query once for each document (rerankers). */
  readonly countsQueryPerDocument?: boolean;
  /** The id of the format that a misdirected body is really in. Null: its own. */
  formatOfBody?(body: JsonObject): FormatId | null;
  /** Streams end with an event for it, or have a finish reason. Without either they were cut. */
  readonly signalsEnd?: boolean;
  /** Streams have usage only if `stream_options.include_usage` asks for it. */
  readonly needsUsageOption?: boolean;
  /** Text that keeps a silent event stream open. Null: the format has none. Absent: a comment, as OpenAI sends it. */
  readonly ping?: string | null;
  /** An error body as an event of a stream. Absent: an event of nothing but data. */
  writeErrorEvent?(body: JsonObject, sequenceNumber: number): string;
  /** Whether a conversation holds reasoning that the format's own provider refuses for that model. */
  holdsForeignReasoning?(body: JsonObject, text: string, upstreamModel: string): boolean;
  /** Embeddings: the caller's side and the upstream's. */
  readonly embeddingCaller?: EmbeddingCaller;
  readonly embeddingUpstream?: EmbeddingUpstream & { operation: OperationId };
}

/** One endpoint of a format. */
export interface ApiRoute {
  operation: OperationId;
  /** As in the log: the canonical path, with `{…}` for what varies. */
  path: string;
  /** `answer`: may be translated. `count`: counts tokens. `stored`: reads or ends a stored response. */
  purpose: 'answer' | 'count' | 'stored' | 'native';
  body: 'json' | 'form';
  /** Never billed, whatever usage the answer has. */
  free: boolean;
  /** The model that the provider takes if the body names none. */
  defaultModel: string | null;
}

/** Returns a route of a JSON endpoint that answers, with the members in `rest` replaced. */
export function apiRoute(operation: OperationId, path: string, rest: Partial<ApiRoute> = {}): ApiRoute {
  return { operation, path, purpose: 'answer', body: 'json', free: false, defaultModel: null, ...rest };
}

/** A field of a request that must have a type, and must be given unless it is optional. */
export interface RequiredField {
  field: string;
  type: 'string' | 'array' | 'object' | 'number' | 'boolean' | 'string or array' | 'any';
  optional?: boolean;
}

/** A field that asks for so many of something, at most `bound`. The path's last step is the member's name. */
export type CountField = readonly [holder: JsonObject, path: string, bound: number];

/** How a request bounds its output. The values are as the caller sent them: they may have any type. */
export interface OutputFields {
  /** Tokens of one answer, under each name that an upstream may read. */
  maxTokens: readonly unknown[];
  /** Tokens of reasoning, which count within the bound. */
  reasoningTokens?: readonly unknown[];
  /** Tokens of reasoning that come on top of the bound. */
  extraTokens?: unknown;
  /** How many answers are asked for. */
  answers?: readonly unknown[];
  /** How many prompts are answered. */
  prompts?: number;
  /** Each round of the provider's own tools has the bound anew. */
  repeatsForServerTools?: boolean;
}

/** What is not in a request's body: Gemini has the model and streaming in the path. */
export interface RequestContext {
  model: string;
  stream: boolean;
}

/** The upstream that a request is written for. */
export interface RequestTarget {
  /** The upstream's own name of the model. */
  model: string;
  /** The channel's provider, for what the formats' imitators cannot take. */
  provider: string;
  /** Whether cache markers may be added (Claude); absent: yes. */
  promptCache?: boolean;
  /** What is known of an imitator of OpenAI's; absent: nothing. */
  facts?: ChatUpstreamFacts;
}

/** A request on the wire, and the caller's own paths of what it does not express, in order and without repetition. */
export interface WrittenRequest {
  body: JsonObject;
  dropped: string[];
  /** The name of a tool whose arguments are the structured answer. Its call is read as text. */
  answerTool?: string;
  /** Betas of Anthropic's that the body needs: `anthropic-beta`. */
  betas?: readonly string[];
  /** The object that contains the structured answer, which is taken out of it. */
  wrapped?: Pick<WrappedSchema, 'member' | 'anyMember'>;
}

/** What an answer's writer needs to know besides the answer. */
export interface AnswerContext {
  /** The caller's request, for what an answer repeats (Responses) and which options it has (usage in chat streams). */
  request: NeutralRequest;
  /** The caller's body, for the same. */
  body: JsonObject;
  /** The model as the caller named it, for the answer. */
  model: string;
  /** An id for the answer, unique, without the format's prefix. */
  answerId: string;
  nowSeconds: number;
  /** Whether the answer is stored, so that a later request can name it (Responses). */
  isKept: boolean;
  /** Gemini only: SSE, or the elements of a JSON array. */
  framing: 'sse' | 'json-array';
}

/** An answer on the wire. `dropped` names what it does not express, as neutral paths (`candidates[1]`). */
export interface WrittenResponse {
  body: JsonObject;
  dropped: string[];
}

/** Reads one streamed answer. Accepts any JSON: wrong shapes are ignored and never throw. */
export interface EventReader {
  /** One SSE event's parsed data, or one element of Gemini's array. */
  read(event: JsonObject, eventName: string | undefined): NeutralEvent[];
  /**
   * The body ended, however: closes what is open. `message-end` only if the terminator was seen or is due here.
   * `isWhole`: the framing's own terminator came (`[DONE]`), so that a missing reason to end is no sign of a cut.
   */
  end(isWhole?: boolean): NeutralEvent[];
}

/** Writes one streamed answer. */
export interface EventWriter {
  /** Returns the text for the wire, framing included, or '' if the format has nothing for the event. */
  write(event: NeutralEvent): string;
  /**
   * Ends the stream. Returns the format's last text if `message-end` was seen, or ''. The relay then reports the cut by
   * an error event.
   */
  end(): string;
  /** What could not be expressed so far, as neutral names, without repetition. */
  readonly dropped: readonly string[];
  /** Number of the next event (Responses); 0 elsewhere. */
  readonly nextSequenceNumber: number;
  /** The whole answer in the last event, for formats that repeat it there (Responses). Null before, and for others. */
  readonly finished?: JsonObject | null;
}

/** What callers of a conversation's format need. */
export interface CallerFormat {
  readRequest(body: JsonObject, context: RequestContext): ReadResult<NeutralRequest>;
  writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse;
  eventWriter(context: AnswerContext): EventWriter;
}

/** What upstreams of a conversation's format need. */
interface UpstreamFormat {
  writeRequest(request: NeutralRequest, target: RequestTarget): WrittenRequest;
  readResponse(body: JsonObject): NeutralResponse;
  eventReader(): EventReader;
  /** What is allowed in names of tools. */
  readonly toolNames: NameRule;
  /** Whether that provider takes OpenAI's free-form tools. */
  takesCustomTools(provider: string): boolean;
  /** The operation at an upstream that answers a translated request. */
  operationFor(isStreaming: boolean): OperationId;
}

/** A format of conversations that others are translated from and to. */
export type ConversationFormat = WireFormat & CallerFormat & UpstreamFormat;

/** Whether conversations of other formats can be translated to the format. */
export function isConversation(format: WireFormat): format is ConversationFormat {
  return format.readRequest !== undefined && format.writeRequest !== undefined;
}
