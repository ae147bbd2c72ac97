// Neutral events as the stream of a message. Blocks are numbered as they open, and one is open at a time. https://docs.anthropic.com/en/docs/build-with-claude/streaming
import type { JsonObject } from '../../lib/json.ts';
import { errorOfEnd, isFailedEnd } from '../answer-end.ts';
import type { Citation, NeutralEvent, ReasoningSignature, Stop } from '../neutral.ts';
import { PartOrder } from '../part-order.ts';
import { callIdWithState, PortableStateCollector } from '../portable-state.ts';
import { argumentsObject } from '../tool-arguments.ts';
import type { Usage } from '../usage.ts';
import type { AnswerContext, EventWriter } from '../wire-format.ts';
import { writeErrorBody } from './errors.ts';
import { writeStop } from './stop-reason.ts';
import { writeUsage } from './usage.ts';
import { blockedStop, directCaller, messageHead, showsThinking, signatureOf } from './write-response.ts';
import { searchBlocks, writeCitation } from './write-search.ts';

export function eventWriter(context: AnswerContext): EventWriter {
  return new MessageWriter(context);
}

/** Between the paragraphs of a thought, where the format has them apart. */
const paragraphBreak = '\n\n';

/** What the end of the stream reports. */
interface Known {
  usage: Usage | null;
  serviceTier: string | null;
  stop: Stop;
  /** The upstream's terminator was seen. */
  complete: boolean;
  hasCalls: boolean;
}

class MessageWriter implements EventWriter {
  readonly nextSequenceNumber = 0;
  private readonly lost = new Set<string>();
  private readonly state = new PortableStateCollector();
  private readonly order = new PartOrder();
  /** Calls whose arguments are not known to be an object yet. */
  private readonly unknownArguments = new Map<number, string>();
  private readonly shown: boolean;
  private readonly context: AnswerContext;
  /** Index of each part's open block. */
  private readonly blocks = new Map<number, number>();
  private readonly paragraphs = new Map<number, string[]>();
  private nextIndex = 0;
  private begun = false;
  private readonly known: Known = {
    usage: null,
    serviceTier: null,
    stop: { reason: 'unknown' },
    complete: false,
    hasCalls: false,
  };

  constructor(context: AnswerContext) {
    this.context = context;
    this.shown = showsThinking(context.request);
  }

  get dropped(): readonly string[] {
    return [...this.lost];
  }

  write(event: NeutralEvent): string {
    if ('candidate' in event && event.candidate > 0) return this.lose(`candidates[${event.candidate}]`);
    let text = '';
    for (const ordered of this.order.push(event)) text += this.writeOrdered(ordered);
    return text;
  }

  private writeOrdered(event: NeutralEvent): string {
    if (!this.shown) this.state.observe(event);
    return this.start(event) + this.writeEvent(event);
  }

  end(): string {
    const { usage, serviceTier, stop, complete, hasCalls } = this.known;
    if (!complete) return '';
    const closed = this.closeAll();
    if (isFailedEnd(stop)) return closed + sse(writeErrorBody(errorOfEnd(stop)), 'error');
    const delta = {
      type: 'message_delta',
      delta: writeStop(stop, hasCalls),
      usage: writeUsage(usage, serviceTier),
    };
    return closed + sse(delta) + sse({ type: 'message_stop' });
  }

  private writeEvent(event: NeutralEvent): string {
    switch (event.type) {
      case 'message-start':
        return '';
      // The first text opens the block: an empty one is left out.
      case 'text-start':
      case 'refusal-start':
        return '';
      case 'text-delta':
      case 'refusal-delta':
        return event.text === '' ? '' : this.text(event.part, event.text);
      case 'text-end':
      case 'refusal-end':
        return this.close(event.part);
      case 'tool-call-end':
        return this.endCall(event.part);
      case 'citation-add':
        return this.cite(event.part, event.citation);
      case 'reasoning-start':
        return '';
      case 'reasoning-delta':
        return this.shown ? this.thinking(event.part, event.text, event.paragraph) : '';
      case 'reasoning-end':
        return this.shown ? this.endThinking(event.part, event.signature) : '';
      case 'tool-call-start':
        return this.startCall(event);
      case 'tool-call-delta':
        return this.growCall(event.part, event.arguments);
      case 'audio-delta':
        this.lose('audio');
        return event.transcript === '' ? '' : this.text(event.part, event.transcript);
      case 'part-add':
        return this.whole(event);
      case 'usage-set':
        return this.remember({ usage: event.usage, serviceTier: event.serviceTier });
      case 'candidate-end':
        return this.remember({ stop: event.stop });
      case 'prompt-block':
        return this.remember({
          stop: blockedStop({ promptBlock: { reason: event.reason, message: event.message } }),
        });
      case 'error':
        return sse(writeErrorBody(event.error), 'error');
      case 'message-end':
        return this.remember({ complete: true });
    }
  }

  /** Writes the message's head before the first event. */
  private start(event: NeutralEvent): string {
    if (this.begun || event.type === 'error') return '';
    this.begun = true;
    const usage = writeUsage(event.type === 'message-start' ? event.usage : null);
    return sse({ type: 'message_start', message: { ...messageHead(this.context, []), usage } });
  }

  private remember(known: Partial<Known>): string {
    Object.assign(this.known, known);
    return '';
  }

  private lose(what: string): string {
    this.lost.add(what);
    return '';
  }

  private open(part: number, block: JsonObject): string {
    // Sound has no end of its own.
    const closed = this.closeAll();
    const index = this.nextIndex++;
    this.blocks.set(part, index);
    return closed + sse({ type: 'content_block_start', index, content_block: block });
  }

  private closeAll(): string {
    let text = '';
    for (const part of [...this.blocks.keys()]) text += this.close(part);
    return text;
  }

  private delta(part: number, delta: JsonObject): string {
    const index = this.blocks.get(part);
    return index === undefined ? '' : sse({ type: 'content_block_delta', index, delta });
  }

  private close(part: number): string {
    const index = this.blocks.get(part);
    this.blocks.delete(part);
    return index === undefined ? '' : sse({ type: 'content_block_stop', index });
  }

  private text(part: number, text: string): string {
    const opened = this.blocks.has(part) ? '' : this.open(part, { type: 'text', text: '' });
    return opened + this.delta(part, { type: 'text_delta', text });
  }

  private cite(part: number, citation: Citation): string {
    const written = writeCitation(citation);
    if (written === null) return this.lose('citations');
    const opened = this.blocks.has(part) ? '' : this.open(part, { type: 'text', text: '' });
    return opened + this.delta(part, { type: 'citations_delta', citation: written });
  }

  private thinking(part: number, text: string, paragraph: number): string {
    const texts = this.paragraphs.get(part) ?? [];
    this.paragraphs.set(part, texts);
    const breakBefore = texts.length > 0 && texts[paragraph] === undefined ? paragraphBreak : '';
    texts[paragraph] = (texts[paragraph] ?? '') + text;
    const opened = this.blocks.has(part)
      ? ''
      : this.open(part, { type: 'thinking', thinking: '', signature: '' });
    return opened + this.delta(part, { type: 'thinking_delta', thinking: breakBefore + text });
  }

  /** Without readable text it is redacted reasoning, which is written whole. */
  private endThinking(part: number, signature: ReasoningSignature | undefined): string {
    const texts = this.paragraphs.get(part) ?? [];
    const value = signatureOf(texts.length > 1 ? texts : undefined, signature);
    if (!this.blocks.has(part)) {
      if (signature === undefined) return '';
      const block =
        signature.kind === 'encrypted'
          ? { type: 'redacted_thinking', data: value }
          : { type: 'thinking', thinking: '', signature: value };
      return this.open(part, block) + this.close(part);
    }
    return this.delta(part, { type: 'signature_delta', signature: value }) + this.close(part);
  }

  private startCall(event: Extract<NeutralEvent, { type: 'tool-call-start' }>): string {
    this.known.hasCalls = true;
    const id = callIdWithState(event.id, this.state.take(event.signature));
    this.unknownArguments.set(event.part, '');
    return this.open(event.part, { type: 'tool_use', id, name: event.name, input: {}, caller: directCaller });
  }

  /** Arguments must be an object: what begins otherwise (`null`, a custom tool's text) waits for its end. */
  private growCall(part: number, json: string): string {
    const held = this.unknownArguments.get(part);
    if (held === undefined) return this.inputDelta(part, json);
    const text = held + json;
    if (!text.trimStart().startsWith('{')) {
      this.unknownArguments.set(part, text);
      return '';
    }
    this.unknownArguments.delete(part);
    return this.inputDelta(part, text);
  }

  private endCall(part: number): string {
    const held = this.unknownArguments.get(part);
    this.unknownArguments.delete(part);
    const delta = held === undefined ? '' : this.inputDelta(part, JSON.stringify(argumentsObject(held)));
    return delta + this.close(part);
  }

  private inputDelta(part: number, json: string): string {
    return this.delta(part, { type: 'input_json_delta', partial_json: json });
  }

  private whole({ part, content }: Extract<NeutralEvent, { type: 'part-add' }>): string {
    if (content.type !== 'web-search') {
      const transcript = content.type === 'media' ? (content.transcript ?? '') : '';
      return (
        this.lose(content.type) + (transcript === '' ? '' : this.text(part, transcript) + this.close(part))
      );
    }
    return searchBlocks(content)
      .map((block) => this.open(part, block) + this.close(part))
      .join('');
  }
}

function sse(event: JsonObject, name = String(event.type)): string {
  return `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`;
}
