// What messages are made of in the neutral form (neutral.ts), in questions and in answers.
import type { JsonObject } from '../lib/json.ts';
import type { FormatId } from './format-id.ts';

/** A marker: everything up to here should be cached. `ttl` as Anthropic spells it. */
export interface CacheMarker {
  ttl: '5m' | '1h' | undefined;
}

interface PartBase {
  /**
   * The caller's own path to the part, for `x-relay-dropped`: `messages[2].content[0]`. '' in answers, and where nothing
   * is lost without the part.
   */
  at?: string;
  cache?: CacheMarker;
  /** The caller's block or item, which its own format gets back instead; null on further parts of the same block. */
  native?: { origin: FormatId; wire: JsonObject | null };
}

export interface TextPart extends PartBase {
  type: 'text';
  text: string;
  citations?: Citation[];
  /** Gemini signs text parts too. */
  signature?: ReasoningSignature;
  logprobs?: TokenLogprob[];
}

/** The model declined, in its own words (OpenAI distinguishes this from text). */
interface RefusalPart extends PartBase {
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
  /** The transcript of a spoken answer. */
  transcript?: string;
  /** The id that the provider gave to sound it made (chat), by which a later turn names it. */
  providerId?: string;
  /** Gemini signs images that it made. */
  signature?: ReasoningSignature;
}

export type MediaSource =
  /** Standard base64, no line breaks. `mediaType` as in `image/png`. */
  | { type: 'base64'; mediaType: string; data: string }
  | { type: 'url'; url: string; mediaType: string | undefined }
  /** A plain text document (Anthropic). */
  | { type: 'text'; text: string }
  /** An uploaded file of one provider. */
  | { type: 'file-id'; origin: FormatId; id: string; mediaType: string | undefined };

/**
 * The model's reasoning. `text` is the readable part (all of it, or a summary; may be empty); `signature` is what the
 * provider requires back unchanged. A part without a signature is only for people.
 */
export interface ReasoningPart extends PartBase {
  type: 'reasoning';
  text: string;
  /** The paragraphs that `text` is made of, where the format has several: joined with an empty line (reasoning.ts). */
  paragraphs?: string[];
  signature?: ReasoningSignature;
}

/**
 * What a provider signs or encrypts of its model's reasoning. The provider accepts its own back unchanged, and no other
 * provider's. Travels through clients of other formats in a portable state (portable-state.ts).
 */
export interface ReasoningSignature {
  /** Whose it is. `openai-chat`: reasoning_details of OpenRouter and others, or plain reasoning_content that must come back. */
  origin: FormatId;
  /**
   * The value: a signature, or encrypted reasoning. For `openai-chat`: JSON of reasoning_details. If only the text must
   * come back, the member that it was in (`reasoning`, `thinking`), '' for reasoning_content.
   */
  value: string;
  /** `signature` signs readable text; `encrypted` (redacted thinking, encrypted_content) is the thought itself. */
  kind: 'signature' | 'encrypted';
  /** The item's id at the provider (Responses' `rs_…`). */
  id?: string;
}

export interface ToolCallPart extends PartBase {
  type: 'tool-call';
  /** As the client knows it: may hold a portable state. Writers to an upstream make theirs from it (tool-ids.ts). */
  id: string;
  name: string;
  /** JSON text of an object, or a custom tool's free text. Always the model's own bytes; '{}' for no arguments. */
  arguments: string;
  /** A custom (free-form) tool of OpenAI's. */
  custom?: boolean;
  /** The namespace of the tool and its bare name there (Responses); `name` is the flat one. */
  namespace?: ToolNamespace;
  /** Gemini signs calls. */
  signature?: ReasoningSignature;
  /** The item's id (Responses' `fc_…`), apart from the call's. */
  itemId?: string;
}

/** A tool's namespace among Responses' tools, and its name there. */
export interface ToolNamespace {
  name: string;
  tool: string;
}

export interface ToolResultPart extends PartBase {
  type: 'tool-result';
  callId: string;
  /** The tool's name, if the format has it (Gemini). Otherwise the call has it. */
  name?: string;
  content: (TextPart | MediaPart | OpaquePart)[];
  /** Gemini's result is an object, which goes back as one. */
  value?: JsonObject;
  isError: boolean;
  custom?: boolean;
}

/** A search that the provider ran on its own, and what it found. */
export interface WebSearchPart extends PartBase {
  type: 'web-search';
  id: string;
  query: string | undefined;
  /** Undefined while unknown. */
  results: WebSearchResult[] | undefined;
  errorCode?: string;
  /** The blocks as they came, for the same format. */
  opaque?: { origin: FormatId; wire: JsonObject[] };
}

interface WebSearchResult {
  url: string;
  title: string;
  /** Anthropic's, required back in later turns. */
  encryptedContent?: string;
  pageAge?: string;
}

/** What only its own format understands. */
export interface OpaquePart extends PartBase {
  type: 'opaque';
  origin: FormatId;
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
  opaque?: { origin: FormatId; wire: JsonObject };
}

/** One token of the answer with its natural-log probability. */
export interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: number[] | null;
  top: { token: string; logprob: number; bytes: number[] | null }[];
}
