// What a format supplies to be translated from and to: pure functions over a small state. relay/translation
// is the only one that knows bytes and streams. One implementation a format: {format}/index.ts.

import type { JsonObject } from '../lib/json.ts';
import type { WrappedSchema } from './json-schema-root.ts';
import type { NeutralEvent, NeutralRequest, NeutralResponse } from './neutral.ts';
import type { ChatUpstreamFacts } from './openai-chat/upstream-facts.ts';
import type { RequestFault } from './request-fault.ts';

/** What of a request is not in its body: Gemini has the model and streaming in the path. */
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

/** A request on the wire, and what could not be said: the caller's own paths, in order, without repetition. */
export interface WrittenRequest {
  body: JsonObject;
  dropped: string[];
  /** The name of a tool whose arguments are the structured answer: its call is to be read as text. */
  answerTool?: string;
  /** Betas of Anthropic's that the body needs: `anthropic-beta`. */
  betas?: readonly string[];
  /** The object that the structured answer comes in: it is to be taken out of it. */
  wrapped?: Pick<WrappedSchema, 'member' | 'anyMember'>;
}

/** What an answer's writer needs to know besides the answer. */
export interface AnswerContext {
  /** The caller's request, for what an answer repeats of it (Responses) and asks for (usage in chat streams). */
  request: NeutralRequest;
  /** The caller's body, for the same. */
  body: JsonObject;
  /** The model as the caller named it: what the answer says. */
  model: string;
  /** An id for the answer, unique, without the format's prefix. */
  answerId: string;
  nowSeconds: number;
  /** Whether the answer is kept, to be named by a later request (Responses). */
  isKept: boolean;
  /** Gemini only: SSE, or the elements of a JSON array. */
  framing: 'sse' | 'json-array';
}

/** An answer on the wire; `dropped` names what it could not say, as neutral paths (`candidates[1]`). */
export interface WrittenResponse {
  body: JsonObject;
  dropped: string[];
}

/** Reads one streamed answer. Bears any JSON: wrong shapes are ignored, never thrown at. */
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
  /** The text for the wire, framing included: '' where an event says nothing in this format. */
  write(event: NeutralEvent): string;
  /**
   * The stream ended. Whatever the format needs at its end if `message-end` was seen; '' if it was not: the relay then
   * says so by an error event.
   */
  end(): string;
  /** What could not be said so far, as neutral names, without repetition. */
  readonly dropped: readonly string[];
  /** Number of the next event (Responses); 0 elsewhere. */
  readonly nextSequenceNumber: number;
  /** The whole answer as the last event told it, for formats that do (Responses); null before, and for others. */
  readonly finished?: JsonObject | null;
}

/** A format that can be translated. */
export interface TranslatedFormat {
  readRequest(body: JsonObject, context: RequestContext): NeutralRequest | RequestFault;
  writeRequest(request: NeutralRequest, target: RequestTarget): WrittenRequest;
  readResponse(body: JsonObject): NeutralResponse;
  writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse;
  eventReader(): EventReader;
  eventWriter(context: AnswerContext): EventWriter;
}
