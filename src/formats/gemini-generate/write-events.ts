// Neutral events as the chunks of streamGenerateContent, as SSE or as the elements of an array. Calls go out whole,
// as Gemini's do.
import type { JsonObject } from '../../lib/json.ts';
import type { NeutralEvent, Stop, TokenLogprob, WebSearchPart } from '../neutral.ts';
import { type PortableState, PortableStateCollector } from '../portable-state.ts';
import { argumentsObject } from '../tool-arguments.ts';
import type { Usage } from '../usage.ts';
import type { AnswerContext, EventWriter } from '../wire-format.ts';
import { type PlacedCitation, writeGrounding } from './citations.ts';
import { writeErrorBody } from './errors.ts';
import { writeLogprobs } from './logprobs.ts';
import { writeBlockReason, writeStop } from './stop-reason.ts';
import { writeGenerateUsage } from './usage.ts';
import { callPart, mediaPart, signatureMember } from './write-answer-parts.ts';
import { answerTail, showsThoughts } from './write-response.ts';

export function eventWriter(context: AnswerContext): EventWriter {
  return new ChunkWriter(context);
}

/** What is known of one candidate until its end. */
interface CandidateState {
  state: PortableStateCollector;
  calls: Map<number, { id: string; name: string; json: string[]; state: PortableState | null }>;
  texts: Map<number, string>;
  thoughts: Map<number, string[]>;
  citations: { part: number; citation: PlacedCitation['citation'] }[];
  searches: WebSearchPart[];
  stop: Stop;
}

class ChunkWriter implements EventWriter {
  readonly nextSequenceNumber = 0;
  private readonly context: AnswerContext;
  private readonly shown: boolean;
  private readonly candidates = new Map<number, CandidateState>();
  private readonly lost = new Set<string>();
  private usage: Usage | null = null;
  private blockReason: string | null = null;
  private complete = false;
  private elements = 0;

  constructor(context: AnswerContext) {
    this.context = context;
    this.shown = showsThoughts(context);
  }

  get dropped(): readonly string[] {
    return [...this.lost];
  }

  write(event: NeutralEvent): string {
    if ('candidate' in event) this.stateOf(event.candidate).state.observe(event);
    switch (event.type) {
      case 'text-delta':
        return this.text(event.candidate, event.part, event.text, event.logprobs);
      case 'refusal-delta':
        return this.text(event.candidate, event.part, event.text, undefined);
      case 'citation-add':
        this.stateOf(event.candidate).citations.push({ part: event.part, citation: event.citation });
        return '';
      case 'reasoning-delta':
        return this.thought(event);
      case 'reasoning-end':
        return this.endThought(event);
      case 'tool-call-start':
        return this.startCall(event);
      case 'tool-call-delta':
        this.stateOf(event.candidate).calls.get(event.part)?.json.push(event.arguments);
        return '';
      case 'tool-call-end':
        return this.endCall(event.candidate, event.part);
      case 'audio-delta':
        return event.data === ''
          ? ''
          : this.part(event.candidate, { inlineData: { mimeType: event.mediaType, data: event.data } });
      case 'part-add':
        return this.whole(event);
      case 'usage-set':
        this.usage = event.usage;
        return '';
      case 'candidate-end':
        this.stateOf(event.candidate).stop = event.stop;
        return '';
      case 'prompt-block':
        this.blockReason = event.reason;
        return '';
      case 'error':
        return this.chunk(writeErrorBody(event.error)) + this.close();
      case 'message-end':
        this.complete = true;
        return '';
      default:
        return '';
    }
  }

  end(): string {
    return this.complete ? this.lastChunk() + this.close() : '';
  }

  private close(): string {
    return this.context.framing === 'json-array' ? ']' : '';
  }

  private lastChunk(): string {
    const usage = writeGenerateUsage(this.usage);
    const ended = [...this.candidates].map(([index, state]) => this.lastOf(index, state));
    const candidates =
      this.blockReason === null && ended.length === 0 ? [this.lastOf(0, emptyState())] : ended;
    return this.chunk({
      ...(candidates.length > 0 && { candidates }),
      ...(this.blockReason !== null && {
        promptFeedback: { blockReason: writeBlockReason(this.blockReason) },
      }),
      ...(usage !== undefined && { usageMetadata: usage }),
      ...answerTail(this.context),
    });
  }

  private lastOf(index: number, state: CandidateState): JsonObject {
    const grounding = writeGrounding(placedCitations(state), state.searches);
    return {
      content: { parts: [{ text: '' }], role: 'model' },
      ...writeStop(state.stop),
      index,
      ...(grounding !== undefined && { groundingMetadata: grounding }),
    };
  }

  private stateOf(candidate: number): CandidateState {
    const known = this.candidates.get(candidate);
    if (known !== undefined) return known;
    const state = emptyState();
    this.candidates.set(candidate, state);
    return state;
  }

  private text(candidate: number, part: number, text: string, tokens: TokenLogprob[] | undefined): string {
    const logprobs = writeLogprobs(tokens ?? []);
    if (text === '' && logprobs === undefined) return '';
    const { texts } = this.stateOf(candidate);
    texts.set(part, (texts.get(part) ?? '') + text);
    return this.part(candidate, { text }, logprobs === undefined ? {} : { logprobsResult: logprobs });
  }

  private thought({
    candidate,
    part,
    text,
    paragraph,
  }: Extract<NeutralEvent, { type: 'reasoning-delta' }>): string {
    const { thoughts } = this.stateOf(candidate);
    const texts = thoughts.get(part) ?? [];
    thoughts.set(part, texts);
    const breakBefore = texts.length > 0 && texts[paragraph] === undefined ? '\n\n' : '';
    texts[paragraph] = (texts[paragraph] ?? '') + text;
    return this.shown ? this.part(candidate, { text: breakBefore + text, thought: true }) : '';
  }

  /** The signature comes with an empty piece of the thought. */
  private endThought({
    candidate,
    part,
    signature,
  }: Extract<NeutralEvent, { type: 'reasoning-end' }>): string {
    if (!this.shown || signature === undefined) return '';
    const texts = this.stateOf(candidate).thoughts.get(part) ?? [];
    const member = signatureMember(signature, texts.length > 1 ? texts : undefined);
    return this.part(candidate, { text: '', thought: true, ...member });
  }

  private startCall(event: Extract<NeutralEvent, { type: 'tool-call-start' }>): string {
    const { calls, state } = this.stateOf(event.candidate);
    calls.set(event.part, { id: event.id, name: event.name, json: [], state: state.take(event.signature) });
    return '';
  }

  private endCall(candidate: number, part: number): string {
    const { calls } = this.stateOf(candidate);
    const call = calls.get(part);
    calls.delete(part);
    if (call === undefined) return '';
    return this.part(
      candidate,
      callPart(call.id, call.name, argumentsObject(call.json.join('')), call.state),
    );
  }

  private whole({ candidate, content }: Extract<NeutralEvent, { type: 'part-add' }>): string {
    const media = content.type === 'media' ? mediaPart(content) : null;
    if (media !== null) return this.part(candidate, media);
    if (content.type === 'web-search') this.stateOf(candidate).searches.push(content);
    else this.lost.add(content.type);
    return '';
  }

  private part(index: number, part: JsonObject, more: JsonObject = {}): string {
    const candidate = { content: { parts: [part], role: 'model' }, index, ...more };
    return this.chunk({ candidates: [candidate], ...answerTail(this.context) });
  }

  private chunk(value: JsonObject): string {
    const json = JSON.stringify(value);
    if (this.context.framing === 'sse') return `data: ${json}\r\n\r\n`;
    this.elements += 1;
    return this.elements === 1 ? `[${json}` : `,\r\n${json}`;
  }
}

function emptyState(): CandidateState {
  return {
    state: new PortableStateCollector(),
    calls: new Map(),
    texts: new Map(),
    thoughts: new Map(),
    citations: [],
    searches: [],
    stop: { reason: 'unknown' },
  };
}

function placedCitations({ texts, citations }: CandidateState): PlacedCitation[] {
  const before = new Map<number, string>();
  let all = '';
  for (const [part, text] of texts) {
    before.set(part, all);
    all += text;
  }
  return citations.map(({ part, citation }) => ({
    citation,
    partText: texts.get(part) ?? '',
    before: before.get(part) ?? '',
  }));
}
