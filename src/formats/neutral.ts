// The one form between all wire formats: rich enough for the union of what they can say. Each format reads
// into it and writes out of it; none knows another. Owns no wire shape and no behaviour.
//
// Two rules hold everywhere. What a format cannot say is named, never dropped in silence: everything that can
// be lost carries `at`, the caller's own path to it. And what only one format understands travels as `opaque`
// with its origin, so that the same format gets it back unchanged and every other one names it as dropped.
import type { JsonObject } from './observation.ts';
import type { Usage } from './usage.ts';

/** The formats that talk: those that translation goes between. */
export type FormatName = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini-generate';

// ---- Requests -------------------------------------------------------------------------------------------

/** One request for a model's answer. Fields that are undefined were not given: the target's default holds. */
export interface NeutralRequest {
  /** As the caller names it, without a reasoning suffix. */
  model: string;
  stream: boolean;
  /** Leading system and developer prompts, in order. Text parts only. */
  system: TextPart[];
  /** The conversation, oldest first. Neighbours may have the same role; writers merge where they must. */
  messages: NeutralMessage[];
  tools: NeutralTool[];
  toolChoice: ToolChoice | undefined;
  /** false forbids several calls in one answer. */
  parallelToolCalls: boolean | undefined;
  /** Bound of the answer's tokens, reasoning included. */
  maxOutputTokens: number | undefined;
  temperature: number | undefined;
  topP: number | undefined;
  topK: number | undefined;
  seed: number | undefined;
  frequencyPenalty: number | undefined;
  presencePenalty: number | undefined;
  stopSequences: string[];
  /** How many answers are wanted. */
  candidateCount: number | undefined;
  /** Log probabilities of the answer's tokens; `top` alternatives each (0: the chosen ones only). */
  logprobs: { top: number } | undefined;
  responseFormat: ResponseFormat | undefined;
  reasoning: ReasoningWish | undefined;
  /** What the answer may be made of, besides text. */
  outputModalities: ('text' | 'audio' | 'image')[] | undefined;
  /** Chat's `audio` member: voice and format of spoken answers. */
  audioOutput: { voice: unknown; format: string } | undefined;
  verbosity: 'low' | 'medium' | 'high' | undefined;
  /** An end user's id, for abuse detection (`user`, `safety_identifier`, `metadata.user_id`). */
  userId: string | undefined;
  /** Free key-value pairs (OpenAI's `metadata`; Anthropic's less its user_id). */
  metadata: Readonly<Record<string, string>> | undefined;
  serviceTier: ServiceTier | undefined;
  /** OpenAI's routing hint for its prompt cache. */
  promptCacheKey: string | undefined;
  /** Whether the answer may be stored by the provider; undefined: its default. */
  store: boolean | undefined;
  /** The response that this one continues (Responses). */
  previousResponseId: string | undefined;
  /** Legacy completions: the prompt comes back in front of the answer. Never set by another format. */
  echo: boolean | undefined;
  /** Top-level members that this form has no field for, by their name on the wire. */
  opaque: { origin: FormatName | 'openai-completions'; fields: Readonly<Record<string, unknown>> };
  /** The caller's own name of each field above that it gave: `topK` → `generationConfig.topK`. */
  paths: Partial<Record<keyof NeutralRequest, string>>;
}

export type ServiceTier = 'auto' | 'default' | 'flex' | 'priority' | 'standard_only' | (string & {});

/** One turn, or part of one. Tool results stand in `user` messages, as parts. */
export interface NeutralMessage {
  role: 'system' | 'user' | 'assistant';
  /** OpenAI's newer name for a system message. Only for role `system`. */
  developer?: boolean;
  /** A participant's name (chat). */
  name?: string;
  parts: NeutralPart[];
  at: string;
}

/** A marker: what stands up to here shall be cached. `ttl` as Anthropic spells it. */
export interface CacheMarker {
  ttl: '5m' | '1h' | undefined;
}

interface PartBase {
  /** The caller's own path to the part, for `x-relay-dropped`: `messages[2].content[0]`. '' in answers. */
  at?: string;
  cache?: CacheMarker;
}

export interface TextPart extends PartBase {
  type: 'text';
  text: string;
  citations?: Citation[];
  /** Gemini signs text parts too. */
  proof?: Proof;
  logprobs?: TokenLogprob[];
}

/** The model declined, in its own words (OpenAI tells this apart from text). */
export interface RefusalPart extends PartBase {
  type: 'refusal';
  text: string;
}

/** Images, sound, video, PDFs and other files, in questions, tool results and answers. */
export interface MediaPart extends PartBase {
  type: 'media';
  /** `document`: PDFs, text files, anything that is read. */
  kind: 'image' | 'audio' | 'video' | 'document';
  source: MediaSource;
  fileName?: string;
  /** OpenAI's `low`, `high`, `auto`; Gemini's media resolution is mapped to it. */
  detail?: string;
  /** Anthropic's documents. */
  title?: string;
  context?: string;
  citationsEnabled?: boolean;
  /** What is said in a spoken answer. */
  transcript?: string;
  /** The id that the provider gave to sound it made (chat), by which a later turn names it. */
  providerId?: string;
  /** Gemini signs images that it made. */
  proof?: Proof;
}

export type MediaSource =
  /** Standard base64, no line breaks. `mediaType` as in `image/png`. */
  | { type: 'base64'; mediaType: string; data: string }
  | { type: 'url'; url: string; mediaType: string | undefined }
  /** A plain text document (Anthropic). */
  | { type: 'text'; text: string }
  /** An uploaded file of one provider. */
  | { type: 'file-id'; origin: FormatName; id: string; mediaType: string | undefined };

/**
 * What the model thought. `text` is the readable part (whole thinking, or a summary; may be empty); `proof`
 * is what the provider wants back unchanged. A part with neither is only for people.
 */
export interface ReasoningPart extends PartBase {
  type: 'reasoning';
  text: string;
  /** The paragraphs that `text` is made of, where the format has several: joined with an empty line (reasoning.ts). */
  paragraphs?: string[];
  proof?: Proof;
}

/**
 * A provider's opaque seal on what it said: it accepts its own back and refuses a changed one, and nobody
 * else's. Travels through other formats in a carry (carry.ts).
 */
export interface Proof {
  /** Whose it is. `openai-chat`: reasoning_details of OpenRouter and others, or plain reasoning_content that must come back. */
  origin: FormatName;
  /**
   * The value: a signature, or encrypted reasoning. Of `openai-chat`: JSON of reasoning_details; where only the
   * text must come back, the member in which it stood (`reasoning`, `thinking`), '' for reasoning_content.
   */
  value: string;
  /** `signature` seals readable text; `encrypted` (redacted thinking, encrypted_content) is the thought itself. */
  kind: 'signature' | 'encrypted';
  /** The item's id at the provider (Responses' `rs_…`). */
  id?: string;
}

export interface ToolCallPart extends PartBase {
  type: 'tool-call';
  /** As the client knows it: may hold a carry. Writers to an upstream make theirs from it (tool-ids.ts). */
  id: string;
  name: string;
  /** JSON text of an object, or a custom tool's free text. Always the model's own bytes; '{}' for no arguments. */
  arguments: string;
  /** A custom (free-form) tool of OpenAI's. */
  custom?: boolean;
  /** Gemini signs calls. */
  proof?: Proof;
  /** The item's id (Responses' `fc_…`), apart from the call's. */
  itemId?: string;
}

export interface ToolResultPart extends PartBase {
  type: 'tool-result';
  callId: string;
  /** The tool's name, where the format says it (Gemini); else to be found by the call. */
  name?: string;
  content: (TextPart | MediaPart | OpaquePart)[];
  /** Gemini's result is an object: kept so that it goes back as one. */
  value?: JsonObject;
  isError: boolean;
  custom?: boolean;
}

/** A search that the provider ran on its own, and what it found. */
export interface WebSearchPart extends PartBase {
  type: 'web-search';
  id: string;
  query: string | undefined;
  /** undefined while not known (or not told). */
  results: WebSearchResult[] | undefined;
  errorCode?: string;
  /** The blocks as they came, for the same format. */
  opaque?: { origin: FormatName; wire: JsonObject[] };
}

export interface WebSearchResult {
  url: string;
  title: string;
  /** Anthropic's, wanted back in later turns. */
  encryptedContent?: string;
  pageAge?: string;
}

/** What only its own format understands. */
export interface OpaquePart extends PartBase {
  type: 'opaque';
  origin: FormatName;
  wire: JsonObject;
}

export type NeutralPart =
  | TextPart
  | RefusalPart
  | MediaPart
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | WebSearchPart
  | OpaquePart;

/** Where a piece of the answer's text comes from. Offsets are UTF-16 units in the part's text, end exclusive. */
export interface Citation {
  url?: string;
  title?: string;
  citedText?: string;
  startIndex?: number;
  endIndex?: number;
  /** The citation as it came, for the same format. */
  opaque?: { origin: FormatName; wire: JsonObject };
}

/** One token of the answer with its natural-log probability. */
export interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: number[] | null;
  top: { token: string; logprob: number; bytes: number[] | null }[];
}

export type NeutralTool =
  | {
      type: 'function';
      name: string;
      description: string | undefined;
      /** JSON Schema as the caller wrote it; null: the tool takes no arguments. */
      parameters: JsonObject | null;
      strict: boolean | undefined;
      cache?: CacheMarker;
      at: string;
    }
  /** OpenAI's free-form tools. `format`: text or a grammar. */
  | { type: 'custom'; name: string; description: string | undefined; format: unknown; at: string }
  | {
      type: 'web-search';
      allowedDomains: string[] | undefined;
      blockedDomains: string[] | undefined;
      maxUses: number | undefined;
      /** `{city, region, country, timezone}`, each optional. */
      userLocation: JsonObject | undefined;
      contextSize: 'low' | 'medium' | 'high' | undefined;
      /** The tool as it stood, for the same format. */
      opaque: { origin: FormatName; wire: JsonObject };
      at: string;
    }
  | { type: 'opaque'; origin: FormatName; wire: JsonObject; at: string };

export type ToolChoice =
  | { type: 'auto' }
  | { type: 'none' }
  /** Some tool must be called. */
  | { type: 'required' }
  | { type: 'tool'; name: string }
  /** Only these (Gemini's allowedFunctionNames, OpenAI's allowed_tools); `required`: one of them must be. */
  | { type: 'allowed'; names: string[]; required: boolean }
  | { type: 'opaque'; origin: FormatName; wire: unknown };

export type ResponseFormat =
  | { type: 'text' }
  /** Any JSON. */
  | { type: 'json' }
  | {
      type: 'json-schema';
      name: string;
      description: string | undefined;
      schema: JsonObject;
      strict: boolean | undefined;
    };

export const reasoningEfforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

/** How much to think, as the caller said it; reasoning.ts turns one way of saying it into another. */
export interface ReasoningWish {
  effort: ReasoningEffort | undefined;
  /** Tokens; 0 is none; `dynamic` is Gemini's -1 and Anthropic's `adaptive`: the model decides. */
  budgetTokens: number | 'dynamic' | undefined;
  /** Whether readable thoughts are wanted in the answer; undefined: the format's default. */
  includeThoughts: boolean | undefined;
  /** OpenAI's `auto`, `concise`, `detailed`. */
  summary: string | undefined;
}

// ---- Answers --------------------------------------------------------------------------------------------

/** A whole answer. */
export interface NeutralResponse {
  /** The upstream's id of it; null when it gave none. */
  id: string | null;
  model: string | null;
  createdAtSeconds: number | null;
  candidates: NeutralCandidate[];
  /** Null when the upstream gave none. In metering's conventions (usage.ts), whatever the format's own. */
  usage: Usage | null;
  serviceTier: string | null;
  /** An error inside a body with status 200 (OpenRouter; a failed response). */
  error: NeutralError | null;
  /** The prompt itself was refused: no candidate was made (Gemini). */
  promptBlock: { reason: string; message: string | undefined } | null;
}

export interface NeutralCandidate {
  parts: NeutralPart[];
  stop: Stop;
}

/** Why an answer ended. */
export type StopReason =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'refusal'
  /** A long-running turn of server tools was paused (Anthropic). */
  | 'pause'
  /** The model's context window was full. */
  | 'context-length'
  /** The model wrote a call that is none (Gemini's MALFORMED_FUNCTION_CALL). */
  | 'malformed-tool-call'
  /** The upstream broke its answer off by itself. */
  | 'error'
  /** It did not say: a stream that is cut, say. */
  | 'unknown';

export interface Stop {
  reason: StopReason;
  /** Which stop sequence it was, where the format says. */
  sequence?: string;
  /** The upstream's own word, for what has no place above. */
  raw?: string;
  message?: string;
}

/** An upstream's error, whatever its shape was. */
export interface NeutralError {
  /** HTTP status it is equal to; null when it did not say. */
  status: number | null;
  /** `overloaded_error`, `rate_limit_exceeded`, …: its own word. */
  type: string | null;
  code: string | null;
  message: string;
  param: string | null;
}

/**
 * One step of a streamed answer. `part` numbers the parts of a candidate from 0 in order of appearance; a part
 * is started, gets deltas and is ended, and tool calls may be open at the same time as one another. Readers
 * always balance starts and ends, also when the stream breaks off.
 */
export type NeutralEvent =
  | {
      type: 'message-start';
      id: string | null;
      model: string | null;
      createdAtSeconds: number | null;
      /** What is known so far (Anthropic's input). */
      usage: Usage | null;
    }
  | { type: 'text-start'; candidate: number; part: number }
  | { type: 'text-delta'; candidate: number; part: number; text: string; logprobs?: TokenLogprob[] }
  | { type: 'text-end'; candidate: number; part: number; proof?: Proof }
  | { type: 'citation-add'; candidate: number; part: number; citation: Citation }
  | { type: 'refusal-start'; candidate: number; part: number }
  | { type: 'refusal-delta'; candidate: number; part: number; text: string }
  | { type: 'refusal-end'; candidate: number; part: number }
  | { type: 'reasoning-start'; candidate: number; part: number }
  /** `paragraph` counts from 0 where the format has several. */
  | { type: 'reasoning-delta'; candidate: number; part: number; text: string; paragraph: number }
  | { type: 'reasoning-end'; candidate: number; part: number; proof?: Proof }
  | {
      type: 'tool-call-start';
      candidate: number;
      part: number;
      id: string;
      name: string;
      custom?: boolean;
      proof?: Proof;
      itemId?: string;
    }
  | { type: 'tool-call-delta'; candidate: number; part: number; arguments: string }
  | { type: 'tool-call-end'; candidate: number; part: number }
  /** Sound as it is made (base64 of the format's own encoding) with what is said in it. */
  | {
      type: 'audio-delta';
      candidate: number;
      part: number;
      data: string;
      transcript: string;
      mediaType: string;
      /** See MediaPart. */
      providerId?: string;
    }
  /** A part that comes whole: pictures, searches, what only its own format understands. */
  | { type: 'part-add'; candidate: number; part: number; content: MediaPart | WebSearchPart | OpaquePart }
  /** The upstream's figure so far; the last one counts. */
  | { type: 'usage-set'; usage: Usage; serviceTier: string | null }
  | { type: 'candidate-end'; candidate: number; stop: Stop }
  | { type: 'prompt-block'; reason: string; message: string | undefined }
  | { type: 'error'; error: NeutralError }
  /** The format's terminator was seen. A stream without one was cut. */
  | { type: 'message-end' };
