// The neutral form between all wire formats, which can express the union of what they can. Each format reads into it and
// writes out of it; none imports another. It has no wire format and no behavior. Requests are in this file, what messages are
// made of is in neutral-parts.ts, answers are in neutral-answer.ts.
//
// Two rules hold everywhere. What a format cannot express is reported, never dropped silently: everything that can be lost has
// `at`, the caller's own path to it. And what only one format understands travels as `opaque` with its origin: the same format
// gets it back unchanged, and every other one reports it as dropped.
import type { JsonObject } from '../lib/json.ts';
import type { FormatId } from './format-id.ts';
import type { CacheMarker, NeutralPart, TextPart, ToolNamespace } from './neutral-parts.ts';

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
  /** How many answers are requested. */
  candidateCount: number | undefined;
  /** Log probabilities of the answer's tokens; `top` alternatives each (0: the chosen ones only). */
  logprobs: { top: number } | undefined;
  responseFormat: ResponseFormat | undefined;
  reasoning: ReasoningRequest | undefined;
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
  opaque: { origin: FormatId | 'openai-completions'; fields: Readonly<Record<string, unknown>> };
  /** The caller's own name of each field above that it gave: `topK` → `generationConfig.topK`. */
  paths: Partial<Record<keyof NeutralRequest, string>>;
}

type ServiceTier = 'auto' | 'default' | 'flex' | 'priority' | 'standard_only' | (string & {});

/** One turn, or part of one. Tool results are parts of `user` messages. */
export interface NeutralMessage {
  role: 'system' | 'user' | 'assistant';
  /** OpenAI's newer name for a system message. Only for role `system`. */
  developer?: boolean;
  /** A participant's name (chat). */
  name?: string;
  parts: NeutralPart[];
  at: string;
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
      wrapper?: ToolWrapper;
      at: string;
    }
  /** OpenAI's free-form tools. `format`: text or a grammar. */
  | {
      type: 'custom';
      name: string;
      description: string | undefined;
      format: unknown;
      wrapper?: ToolWrapper;
      at: string;
    }
  | {
      type: 'web-search';
      allowedDomains: string[] | undefined;
      blockedDomains: string[] | undefined;
      maxUses: number | undefined;
      /** `{city, region, country, timezone}`, each optional. */
      userLocation: JsonObject | undefined;
      contextSize: 'low' | 'medium' | 'high' | undefined;
      /** The unchanged tool, for the same format. */
      opaque: { origin: FormatId; wire: JsonObject };
      at: string;
    }
  | { type: 'opaque'; origin: FormatId; wire: JsonObject; at: string };

/** Where a tool was in the caller's request, if not directly in `tools`. */
export interface ToolWrapper {
  origin: FormatId;
  /** Responses: the namespace that it is of; `name` is the flat name. */
  namespace?: ToolNamespace;
  /** Responses: the client's own search for tools. Its calls are items of another type. */
  isSearch?: boolean;
  /** The tool that held it (or itself), for the same format; null: an item of the conversation holds it. */
  wire: JsonObject | null;
}

export type ToolChoice =
  | { type: 'auto' }
  | { type: 'none' }
  /** Some tool must be called. */
  | { type: 'required' }
  | { type: 'tool'; name: string }
  /** Only these (Gemini's allowedFunctionNames, OpenAI's allowed_tools); `required`: one of them must be. */
  | { type: 'allowed'; names: string[]; required: boolean }
  | { type: 'opaque'; origin: FormatId; wire: unknown };

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
      /** The answer is the bare text of the string that the schema allows, without quotes (Gemini's `text/x.enum`). */
      isBareText?: boolean;
    };

export const reasoningEfforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

/** The requested reasoning, as the caller expressed it. reasoning.ts converts between the ways. */
export interface ReasoningRequest {
  effort: ReasoningEffort | undefined;
  /** Tokens; 0 means none; `dynamic` is Gemini's -1 and Anthropic's `adaptive`: the model decides. */
  budgetTokens: number | 'dynamic' | undefined;
  /** Whether the answer should have readable reasoning. Undefined: the format's default. */
  includeThoughts: boolean | undefined;
  /** OpenAI's `auto`, `concise`, `detailed`. */
  summary: string | undefined;
}

export type * from './neutral-answer.ts';
export type * from './neutral-parts.ts';
