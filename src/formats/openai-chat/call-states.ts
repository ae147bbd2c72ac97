// The tool calls of one streamed choice. Their deltas are told apart by `index`; where that lacks (Mistral) or is
// the same for all (some imitators), by the id.
import { objectAt, textAt } from '../json-reader.ts';
import type { NeutralEvent } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import { madeCallId } from '../tool-ids.ts';
import { argumentsText } from './read-response.ts';

interface CallState {
  index: unknown;
  id: string | undefined;
  /** Undefined until the name is known: the call starts with it. */
  part: number | undefined;
  custom: boolean;
  /** What came before the name, and whether anything came. */
  early: string;
  any: boolean;
}

/** All calls of a choice, in order of appearance. They stay open until the choice ends. */
export class CallStates {
  readonly #candidate: number;
  readonly #answerId: string;
  readonly #takePart: () => number;
  readonly #calls: CallState[] = [];
  #closed = false;

  constructor(candidate: number, answerId: string, takePart: () => number) {
    this.#candidate = candidate;
    this.#answerId = answerId;
    this.#takePart = takePart;
  }

  /** At least one call was made. */
  get any(): boolean {
    return this.#calls.length > 0;
  }

  /** One element of a delta's `tool_calls`. */
  read(delta: JsonObject, events: NeutralEvent[]): void {
    const custom = objectAt(delta, 'custom');
    const called = custom ?? objectAt(delta, 'function');
    const name = textAt(called, 'name');
    const call = this.#find(delta, name) ?? this.#add(delta, custom !== undefined);
    call.id ??= textAt(delta, 'id');
    if (call.part === undefined && name !== undefined) this.#start(call, name, events);
    const raw = custom ? custom.input : called?.arguments;
    const text =
      typeof raw === 'object' && raw !== null ? argumentsText(raw) : typeof raw === 'string' ? raw : '';
    if (text !== '') this.#grow(call, text, events);
  }

  /** Ends all calls. */
  close(events: NeutralEvent[]): void {
    if (!this.#closed) for (const call of this.#calls) this.#end(call, events);
    this.#closed = true;
  }

  #find(delta: JsonObject, name: string | undefined): CallState | undefined {
    const id = textAt(delta, 'id');
    // Continuations may have the id too, or an empty one (Alibaba).
    const byId = id === undefined ? undefined : this.#calls.find((call) => call.id === id);
    if (byId !== undefined) return byId;
    const { index } = delta;
    if (typeof index !== 'number') return id === undefined ? this.#calls.at(-1) : undefined;
    const byIndex = this.#calls.findLast((call) => call.index === index);
    const another = id !== undefined && byIndex?.id !== undefined && name !== undefined;
    return another ? undefined : byIndex;
  }

  #add({ index }: JsonObject, custom: boolean): CallState {
    const call: CallState = { index, id: undefined, part: undefined, custom, early: '', any: false };
    this.#calls.push(call);
    return call;
  }

  #start(call: CallState, name: string, events: NeutralEvent[]): void {
    call.part = this.#takePart();
    call.id ??= madeCallId(this.#answerId, this.#calls.indexOf(call));
    const place = { candidate: this.#candidate, part: call.part };
    events.push({
      type: 'tool-call-start',
      ...place,
      id: call.id,
      name,
      ...(call.custom && { custom: true }),
    });
    if (call.early !== '') this.#grow(call, call.early, events);
  }

  #grow(call: CallState, text: string, events: NeutralEvent[]): void {
    call.any = true;
    if (call.part === undefined) call.early += text;
    else
      events.push({ type: 'tool-call-delta', candidate: this.#candidate, part: call.part, arguments: text });
  }

  #end(call: CallState, events: NeutralEvent[]): void {
    if (call.part === undefined) this.#start(call, '', events);
    const place = { candidate: this.#candidate, part: call.part ?? 0 };
    if (!call.any && !call.custom) events.push({ type: 'tool-call-delta', ...place, arguments: '{}' });
    events.push({ type: 'tool-call-end', ...place });
  }
}
