// The chunks of streamGenerateContent to neutral events: every chunk is a whole response object, whose texts
// continue those before. https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent

import type { JsonObject } from '../../lib/json.ts';
import type { Citation, NeutralEvent, ReasoningSignature, Stop, WebSearchPart } from '../neutral.ts';
import { madeCallId } from '../tool-ids.ts';
import type { Usage } from '../usage.ts';
import type { EventReader } from '../wire-format.ts';
import { readGrounding } from './citations.ts';
import { readLogprobs } from './logprobs.ts';
import { numberOf, objectOf, objectsOf, textOf } from './members.ts';
import { PartialCall } from './partial-call.ts';
import { readPart } from './read-parts.ts';
import { readError, readPromptBlock } from './read-response.ts';
import { readStop } from './stop-reason.ts';
import { readGenerateUsage } from './usage.ts';

export function eventReader(): EventReader {
  const reader = new ChunkReader();
  return { read: (chunk) => reader.read(chunk), end: () => reader.end() };
}

/** What has been emitted of one candidate. */
class CandidateState {
  readonly candidate: number;
  parts = 0;
  calls = 0;
  /** The part that the next text may continue. */
  open: { kind: 'text' | 'reasoning'; part: number; signature: ReasoningSignature | undefined } | null = null;
  /** All text, and the part where it began: what citations count in. */
  text = '';
  firstText: number | null = null;
  /** A call whose arguments are still coming. */
  partial: { part: number; call: PartialCall } | null = null;
  stop: Stop | null = null;
  citations: Citation[] = [];
  search: WebSearchPart | null = null;

  constructor(candidate: number) {
    this.candidate = candidate;
  }

  at() {
    return { candidate: this.candidate, part: this.open?.part ?? this.parts };
  }
}

class ChunkReader {
  private readonly candidates = new Map<number, CandidateState>();
  private begun = false;
  private answerId = 'gemini';
  private usage: Usage | null = null;
  private serviceTier: string | null = null;
  private blocked = false;
  private failed = false;

  read(chunk: JsonObject): NeutralEvent[] {
    if (chunk.error !== undefined && chunk.error !== null) {
      this.failed = true;
      return [{ type: 'error', error: readError(chunk) }];
    }
    const metadata = objectOf(chunk, 'usageMetadata');
    // In every chunk and cumulative: the last one is the figure.
    this.usage = readGenerateUsage(metadata) ?? this.usage;
    this.serviceTier = textOf(metadata, 'serviceTier') ?? this.serviceTier;
    const events = this.begin(chunk);
    for (const candidate of objectsOf(chunk, 'candidates')) {
      // A stream of tens of thousands of parts: pushed, not spread.
      for (const event of this.readCandidate(candidate)) events.push(event);
    }
    const block = readPromptBlock(chunk);
    if (block !== null) {
      this.blocked = true;
      events.push({ type: 'prompt-block', ...block });
    }
    return events;
  }

  /** A stream is whole when every candidate has ended, or the prompt was refused. */
  end(): NeutralEvent[] {
    const states = [...this.candidates.values()];
    const isWhole =
      !this.failed && (this.blocked || (states.length > 0 && states.every(({ stop }) => stop !== null)));
    return [
      ...states.flatMap(endOf),
      ...(this.usage === null
        ? []
        : [{ type: 'usage-set' as const, usage: this.usage, serviceTier: this.serviceTier }]),
      ...(isWhole ? [{ type: 'message-end' as const }] : []),
    ];
  }

  private begin(chunk: JsonObject): NeutralEvent[] {
    if (this.begun) return [];
    this.begun = true;
    const id = textOf(chunk, 'responseId') ?? null;
    this.answerId = id ?? this.answerId;
    const model = textOf(chunk, 'modelVersion') ?? null;
    return [{ type: 'message-start', id, model, createdAtSeconds: null, usage: this.usage }];
  }

  private readCandidate(wire: JsonObject): NeutralEvent[] {
    const index = numberOf(wire, 'index') ?? 0;
    const state = this.candidates.get(index) ?? new CandidateState(index);
    this.candidates.set(index, state);
    const logprobs = readLogprobs(wire);
    const events: NeutralEvent[] = [];
    for (const part of objectsOf(objectOf(wire, 'content'), 'parts'))
      events.push(...this.readPart(state, part));
    if (logprobs.length > 0 && state.open?.kind === 'text') {
      events.push({ type: 'text-delta', ...state.at(), text: '', logprobs });
    }
    const grounding = readGrounding(wire, state.text, `search_${this.answerId}`);
    if (grounding.citations.length > 0) state.citations = grounding.citations;
    state.search = grounding.search ?? state.search;
    state.stop = readStop(wire, state.calls > 0) ?? state.stop;
    return events;
  }

  private readPart(state: CandidateState, wire: JsonObject): NeutralEvent[] {
    const pieces = objectOf(wire, 'functionCall');
    if (pieces !== undefined && state.partial !== null) return continueCall(state, state.partial, pieces);
    const { part } = readPart(wire, () => madeCallId(this.answerId, state.calls));
    switch (part.type) {
      case 'text':
        return textEvents(state, part.text, part.signature);
      case 'reasoning':
        return [...continued(state, 'reasoning', part.signature), ...reasoningDelta(state, part.text)];
      case 'tool-call': {
        const before = closeOpen(state);
        const at = { candidate: state.candidate, part: state.parts++ };
        state.calls += 1;
        const signature = part.signature === undefined ? {} : { signature: part.signature };
        const start: NeutralEvent = {
          type: 'tool-call-start',
          ...at,
          id: part.id,
          name: part.name,
          ...signature,
        };
        const partial = { part: at.part, call: new PartialCall() };
        return [...before, start, ...continueCall(state, partial, pieces ?? {})];
      }
      case 'media':
      case 'opaque':
        return [
          ...closeOpen(state),
          { type: 'part-add', candidate: state.candidate, part: state.parts++, content: part },
        ];
      default:
        return [];
    }
  }
}

/** Emits the arguments once they are whole: a later piece may continue anywhere in them. */
function continueCall(
  state: CandidateState,
  partial: NonNullable<CandidateState['partial']>,
  pieces: JsonObject,
): NeutralEvent[] {
  state.partial = partial.call.take(pieces) ? partial : null;
  return state.partial === null ? endCall(state, partial) : [];
}

function endCall(
  { candidate }: CandidateState,
  { part, call }: NonNullable<CandidateState['partial']>,
): NeutralEvent[] {
  return [
    { type: 'tool-call-delta', candidate, part, arguments: call.arguments },
    { type: 'tool-call-end', candidate, part },
  ];
}

/** An empty text opens nothing, unless it brings a signature and there is no text that it belongs to. */
function textEvents(
  state: CandidateState,
  text: string,
  signature: ReasoningSignature | undefined,
): NeutralEvent[] {
  if (text === '' && signature === undefined) return [];
  if (text === '' && state.open !== null) {
    state.open.signature = signature;
    return [];
  }
  const started = continued(state, 'text', signature);
  state.firstText ??= state.open?.part ?? null;
  state.text += text;
  return text === '' ? started : [...started, { type: 'text-delta', ...state.at(), text }];
}

function reasoningDelta(state: CandidateState, text: string): NeutralEvent[] {
  return text === '' ? [] : [{ type: 'reasoning-delta', ...state.at(), text, paragraph: 0 }];
}

/** Continues the open part of that kind, or starts one. */
function continued(
  state: CandidateState,
  kind: 'text' | 'reasoning',
  signature: ReasoningSignature | undefined,
): NeutralEvent[] {
  const events = state.open?.kind === kind ? [] : closeOpen(state);
  if (state.open === null) {
    state.open = { kind, part: state.parts++, signature };
    events.push({ type: kind === 'text' ? 'text-start' : 'reasoning-start', ...state.at() });
  }
  if (signature !== undefined) state.open.signature = signature;
  return events;
}

function closeOpen(state: CandidateState): NeutralEvent[] {
  const { open } = state;
  if (open === null) return [];
  const at = state.at();
  state.open = null;
  const type = open.kind === 'text' ? 'text-end' : 'reasoning-end';
  return [{ type, ...at, ...(open.signature !== undefined && { signature: open.signature }) }];
}

/** Citations and the search come at the end and belong to the text emitted before. */
function endOf(state: CandidateState): NeutralEvent[] {
  const { candidate, firstText } = state;
  const cited =
    firstText === null
      ? []
      : state.citations.map((citation) => ({
          type: 'citation-add' as const,
          candidate,
          part: firstText,
          citation,
        }));
  const ends = [...closeOpen(state), ...(state.partial === null ? [] : endCall(state, state.partial))];
  const search =
    state.search === null
      ? []
      : [{ type: 'part-add' as const, candidate, part: state.parts++, content: state.search }];
  const stop = state.stop ?? { reason: 'unknown' as const };
  return [...cited, ...ends, ...search, { type: 'candidate-end', candidate, stop }];
}
