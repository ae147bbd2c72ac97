// The state of a streamed chat completion while it is written, and its chunks: each costs one short `stringify`.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { Citation, Stop } from '../neutral.ts';
import { PortableStateCollector } from '../portable-state.ts';
import type { Usage } from '../usage.ts';
import type { AnswerContext } from '../wire-format.ts';

/** One choice while it is written. */
export interface Choice {
  carries: PortableStateCollector;
  /** Number of the next tool call. */
  calls: number;
  /** Calls by their part. `buffered`: a function that replaces a custom tool, written once it is whole. */
  callsByPart: Map<number, { index: number; custom: boolean; buffered: string[] | null }>;
  /** UTF-16 units of text before the part that grows, and in it: annotations count from the answer's start. */
  textBefore: number;
  textLength: number;
  textOpen: boolean;
  /** Citations of the whole text, written once it is whole. */
  citations: Citation[];
  /** The current reasoning paragraph, to separate it from the next by an empty line. */
  thought: { part: number; paragraph: number } | null;
  refused: boolean;
  spoke: boolean;
  images: number;
}

export interface OutputState {
  context: AnswerContext;
  dropped: DroppedPaths;
  choices: Map<number, Choice>;
  /** What every chunk begins with, but for the choices. */
  head: string;
  /** What every chunk but the last ends with. */
  tail: string;
  usage: Usage | null;
  /** Whether the client requested a last chunk with the usage. */
  includesUsage: boolean;
  ended: boolean;
  /** Candidates whose end the upstream did not report. */
  unfinished: Set<number>;
  /** The first end that is a failure: the stream then ends with an error, so that the SDKs raise. */
  failure: Stop | null;
}

/** What every chunk begins with, up to its choices. */
export function headOf({ answerId, model }: AnswerContext, createdAtSeconds: number): string {
  const common = {
    id: `chatcmpl-${answerId}`,
    object: 'chat.completion.chunk',
    created: createdAtSeconds,
    model,
  };
  return `data: ${JSON.stringify(common).slice(0, -1)},"choices":[`;
}

/** Returns the choice, which is started without text if it is new. */
export function choiceOf(state: OutputState, candidate: number): Choice {
  return openChoice(state, candidate).choice;
}

/** Returns the choice, and the chunk that starts it if it is new: the role has a delta of its own. */
export function openChoice(state: OutputState, candidate: number): { choice: Choice; text: string } {
  const known = state.choices.get(candidate);
  if (known !== undefined) return { choice: known, text: '' };
  const choice: Choice = {
    carries: new PortableStateCollector(),
    calls: 0,
    callsByPart: new Map(),
    textBefore: 0,
    textLength: 0,
    textOpen: false,
    citations: [],
    thought: null,
    refused: false,
    spoke: false,
    images: 0,
  };
  state.choices.set(candidate, choice);
  return {
    choice,
    text: rawChunk(state, candidate, '{"role":"assistant","content":"","refusal":null}', 'null', 'null'),
  };
}

/** A chunk with one delta, and the one that begins the choice before it if it is new. */
export function chunk(
  state: OutputState,
  candidate: number,
  delta: JsonObject,
  logprobs?: JsonObject,
): string {
  const { text } = openChoice(state, candidate);
  return (
    text +
    rawChunk(state, candidate, JSON.stringify(delta), logprobs ? JSON.stringify(logprobs) : 'null', 'null')
  );
}

/** From JSON texts: a chunk costs one short `stringify`. */
export function rawChunk(
  { head, tail }: OutputState,
  candidate: number,
  delta: string,
  logprobs: string,
  finishReason: string,
): string {
  return `${head}{"index":${candidate},"delta":${delta},"logprobs":${logprobs},"finish_reason":${finishReason}}]${tail}`;
}
