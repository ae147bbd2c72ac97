// One output item of a streamed response: what has been emitted of it, and which part it is. Owns neither the stream's
// beginning and end nor the numbering of parts, which all items share.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralEvent, NeutralPart } from '../neutral.ts';
import { readLogprobs } from '../openai-parts.ts';
import { ContentState, type ItemStreams } from './content-state.ts';
import { readItem, reasoningParagraphs } from './read-items.ts';

type Events = NeutralEvent[];

/** The state of one item. Methods add to the events that they are given. */
export class ItemState {
  readonly #streams: ItemStreams;
  /** A message's contents by content_index. */
  readonly #contents = new Map<number, ContentState>();
  /** Reasoning or a call that was started. */
  #part: { kind: 'reasoning' | 'tool-call'; part: number; hasText: boolean } | null = null;
  /** Whether reasoning comes as a summary or whole. The first kind counts, because the other repeats it. */
  #thoughts: 'summary' | 'content' | null = null;
  #custom = false;
  #done = false;

  constructor(streams: ItemStreams) {
    this.#streams = streams;
  }

  read(type: string, event: JsonObject, events: Events): void {
    if (this.#done) return;
    switch (type) {
      case 'response.output_item.added':
        this.#add(objectAt(event, 'item') ?? {}, events);
        break;
      case 'response.output_item.done':
        this.#finish(objectAt(event, 'item') ?? {}, events);
        break;
      case 'response.reasoning_summary_text.delta':
        this.#think(event, 'summary', events);
        break;
      case 'response.reasoning_text.delta':
        this.#think(event, 'content', events);
        break;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.#growCall(textAt(event, 'delta') ?? '', events);
        break;
      default:
        this.#readContent(type, event, events);
    }
  }

  /** Ends what is open; nothing more is read. */
  close(events: Events): void {
    if (this.#done) return;
    this.#done = true;
    for (const content of this.#contents.values()) content.close(events);
    if (this.#part?.kind === 'reasoning')
      this.#end({ type: 'reasoning-end', candidate: 0, part: this.#part.part }, events);
    else if (this.#part?.kind === 'tool-call') this.#endCall(events);
  }

  // ---- The item -----------------------------------------------------------------------------------------

  #add(item: JsonObject, events: Events): void {
    if (item.type === 'reasoning') this.#startReasoning(events);
    if (item.type === 'function_call' || item.type === 'custom_tool_call') this.#startCall(item, events);
  }

  /** Ends the item. Emits what its deltas did not contain. */
  #finish(item: JsonObject, events: Events): void {
    switch (item.type) {
      case 'message':
        this.#finishMessage(item, events);
        break;
      case 'reasoning':
        this.#finishReasoning(item, events);
        break;
      case 'function_call':
      case 'custom_tool_call':
        this.#startCall(item, events);
        if (this.#part?.hasText === false)
          this.#growCall(textAt(item, this.#custom ? 'input' : 'arguments') ?? '', events);
        this.#endCall(events);
        break;
      default:
        for (const content of readItem(item)) this.#addWhole(content, events);
    }
    this.#done = true;
  }

  #addWhole(content: NeutralPart, events: Events): void {
    if (content.type !== 'media' && content.type !== 'web-search' && content.type !== 'opaque') return;
    events.push({ type: 'part-add', candidate: 0, part: this.#streams.nextPart++, content });
  }

  #end(event: NeutralEvent, events: Events): void {
    this.#part = null;
    events.push(event);
  }

  // ---- Messages -----------------------------------------------------------------------------------------

  #finishMessage(item: JsonObject, events: Events): void {
    const indexes = this.#indexesOf(objectsAt(item, 'content').length);
    for (const [at, part] of objectsAt(item, 'content').entries())
      this.#contentAt(indexes[at] ?? at).finish(part, events);
    for (const content of this.#contents.values()) content.close(events);
  }

  /**
   * The content_index of each content of the whole item. Bedrock's Mantle counts in its deltas contents that the item
   * does not have (2026-11): where the numbers differ, the order decides.
   */
  #indexesOf(length: number): number[] {
    const streamed = [...this.#contents.keys()].sort((one, other) => one - other);
    const agree = streamed.every((index) => index < length);
    return agree ? [] : streamed;
  }

  #contentAt(index: number): ContentState {
    const known = this.#contents.get(index);
    if (known !== undefined) return known;
    const content = new ContentState(this.#streams);
    this.#contents.set(index, content);
    return content;
  }

  #readContent(type: string, event: JsonObject, events: Events): void {
    const index = event.content_index;
    const content = () => this.#contentAt(typeof index === 'number' ? index : 0);
    switch (type) {
      case 'response.output_text.delta':
        content().addText('text', textAt(event, 'delta') ?? '', readLogprobs(event.logprobs), events);
        break;
      case 'response.refusal.delta':
        content().addText('refusal', textAt(event, 'delta') ?? '', [], events);
        break;
      case 'response.output_text.annotation.added':
        if (isObject(event.annotation)) content().cite(event.annotation, events);
        break;
      case 'response.content_part.done':
        // Of reasoning too, by some.
        if (this.#part === null && isObject(event.part)) content().finish(event.part, events);
    }
  }

  // ---- Reasoning ----------------------------------------------------------------------------------------

  #startReasoning(events: Events): number {
    if (this.#part !== null) return this.#part.part;
    const part = this.#streams.nextPart++;
    this.#part = { kind: 'reasoning', part, hasText: false };
    events.push({ type: 'reasoning-start', candidate: 0, part });
    return part;
  }

  #think(event: JsonObject, kind: 'summary' | 'content', events: Events): void {
    this.#thoughts ??= kind;
    if (this.#thoughts !== kind) return;
    const index = event[`${kind}_index`];
    this.#thinkText(textAt(event, 'delta') ?? '', typeof index === 'number' ? index : 0, events);
  }

  #thinkText(text: string, paragraph: number, events: Events): void {
    const part = this.#startReasoning(events);
    if (text === '') return;
    if (this.#part) this.#part.hasText = true;
    events.push({ type: 'reasoning-delta', candidate: 0, part, text, paragraph });
  }

  #finishReasoning(item: JsonObject, events: Events): void {
    const part = this.#startReasoning(events);
    if (this.#part?.hasText === false)
      for (const [paragraph, text] of reasoningParagraphs(item).entries())
        this.#thinkText(text, paragraph, events);
    const [whole] = readItem(item);
    const signature = whole?.type === 'reasoning' ? whole.signature : undefined;
    this.#end({ type: 'reasoning-end', candidate: 0, part, ...(signature && { signature }) }, events);
  }

  // ---- Calls --------------------------------------------------------------------------------------------

  #startCall(item: JsonObject, events: Events): void {
    if (this.#part !== null) return;
    const [call] = readItem({ ...item, arguments: '' }).filter((one) => one.type === 'tool-call');
    if (call === undefined) return;
    const part = this.#streams.nextPart++;
    this.#streams.calls = true;
    this.#custom = call.custom === true;
    this.#part = { kind: 'tool-call', part, hasText: false };
    const { id, name, itemId, namespace } = call;
    const details = {
      ...(call.custom && { custom: true }),
      ...(itemId !== undefined && { itemId }),
      ...(namespace && { namespace }),
    };
    events.push({ type: 'tool-call-start', candidate: 0, part, id, name, ...details });
  }

  #growCall(text: string, events: Events): void {
    if (this.#part?.kind !== 'tool-call' || text === '') return;
    this.#part.hasText = true;
    events.push({ type: 'tool-call-delta', candidate: 0, part: this.#part.part, arguments: text });
  }

  #endCall(events: Events): void {
    if (this.#part?.kind !== 'tool-call') return;
    if (!this.#part.hasText && !this.#custom) this.#growCall('{}', events);
    this.#end({ type: 'tool-call-end', candidate: 0, part: this.#part.part }, events);
  }
}
