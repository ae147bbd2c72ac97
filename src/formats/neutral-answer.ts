// Answers in the neutral form (neutral.ts): whole ones, and the events of streamed ones.
import type {
  Citation,
  MediaPart,
  NeutralPart,
  OpaquePart,
  ReasoningSignature,
  TokenLogprob,
  ToolNamespace,
  WebSearchPart,
} from './neutral-parts.ts';
import type { Usage } from './usage.ts';

/** A whole answer. */
export interface NeutralResponse {
  /** The upstream's id. Null if there is none. */
  id: string | null;
  model: string | null;
  createdAtSeconds: number | null;
  candidates: NeutralCandidate[];
  /** Null if the upstream gave none. Counted as in usage.ts, whatever the format's own conventions. */
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
  /** The model wrote an invalid call (Gemini's MALFORMED_FUNCTION_CALL). */
  | 'malformed-tool-call'
  /** The upstream aborted its answer. */
  | 'error'
  /** The upstream gave no reason, for example because the stream was cut. */
  | 'unknown';

export interface Stop {
  reason: StopReason;
  /** The stop sequence that matched, if the format has it. */
  sequence?: string;
  /** The upstream's own reason, if it is not listed above. */
  raw?: string;
  message?: string;
}

/** An upstream's error, whatever its shape was. */
export interface NeutralError {
  /** The equivalent HTTP status. Null if unknown. */
  status: number | null;
  /** `overloaded_error`, `rate_limit_exceeded`, …: the upstream's own name. */
  type: string | null;
  code: string | null;
  message: string;
  param: string | null;
  /** A kind of error that every format has a message of its own for. Absent for others. */
  kind?: 'context-overflow';
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
  | { type: 'text-end'; candidate: number; part: number; signature?: ReasoningSignature }
  | { type: 'citation-add'; candidate: number; part: number; citation: Citation }
  | { type: 'refusal-start'; candidate: number; part: number }
  | { type: 'refusal-delta'; candidate: number; part: number; text: string }
  | { type: 'refusal-end'; candidate: number; part: number }
  | { type: 'reasoning-start'; candidate: number; part: number }
  /** `paragraph` counts from 0 where the format has several. */
  | { type: 'reasoning-delta'; candidate: number; part: number; text: string; paragraph: number }
  | { type: 'reasoning-end'; candidate: number; part: number; signature?: ReasoningSignature }
  | {
      type: 'tool-call-start';
      candidate: number;
      part: number;
      id: string;
      name: string;
      custom?: boolean;
      /** See ToolCallPart. */
      namespace?: ToolNamespace;
      signature?: ReasoningSignature;
      itemId?: string;
    }
  | { type: 'tool-call-delta'; candidate: number; part: number; arguments: string }
  | { type: 'tool-call-end'; candidate: number; part: number }
  /** A piece of sound (base64 of the format's own encoding) with its transcript. */
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
