// The tool calls of one streamed choice. Their deltas are matched by `index`, or by the id if it is missing (Mistral)
// or the same for all (some imitators).
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, textAt } from '../json-reader.ts';
import type { NeutralEvent } from '../neutral.ts';
import { madeCallId } from '../tool-ids.ts';

interface CallState {
  index: unknown;
  id: string | undefined;
  /** Undefined until the name is known: the call starts with it. */
  part: number | undefined;
  custom: boolean;
  /** All arguments so far. Before the name comes they wait. */
  text: string;
  ended: boolean;
}

/** All calls of a choice, in order of appearance. A call stays open until it is whole and something else begins. */
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
    return this.#calls.some(isMade);
  }

  /** One element of a delta's `tool_calls`. */
  read(delta: JsonObject, events: NeutralEvent[]): void {
    const called = calledTool(delta);
    const known = this.#find(delta, called.name);
    if (known === undefined && isEmpty(called) && textAt(delta, 'id') === undefined) return;
    const call = known ?? this.#add(delta, called);
    call.id ??= textAt(delta, 'id');
    if (call.part === undefined && called.name !== undefined) this.#start(call, called.name, events);
    if (called.text !== '') this.#grow(call, called.text, events);
  }

  /** Ends the calls whose arguments are whole, because another part begins. The others may still grow. */
  endWhole(events: NeutralEvent[]): void {
    for (const call of this.#calls)
      if (!call.ended && call.part !== undefined && isWhole(call)) this.#end(call, events);
  }

  /** Ends all calls. */
  close(events: NeutralEvent[]): void {
    for (const call of this.#calls) if (!call.ended && isMade(call)) this.#end(call, events);
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

  #add({ index }: JsonObject, { custom }: CalledTool): CallState {
    const call: CallState = { index, id: undefined, part: undefined, custom, text: '', ended: false };
    this.#calls.push(call);
    return call;
  }

  #start(call: CallState, name: string, events: NeutralEvent[]): void {
    this.endWhole(events);
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
    if (call.text !== '') events.push({ type: 'tool-call-delta', ...place, arguments: call.text });
  }

  /** What comes after a whole call was ended repeats it, and is passed over. */
  #grow(call: CallState, text: string, events: NeutralEvent[]): void {
    if (call.ended || this.#closed) return;
    call.text += text;
    if (call.part === undefined) return;
    events.push({ type: 'tool-call-delta', candidate: this.#candidate, part: call.part, arguments: text });
  }

  #end(call: CallState, events: NeutralEvent[]): void {
    if (call.part === undefined) this.#start(call, '', events);
    call.ended = true;
    const place = { candidate: this.#candidate, part: call.part ?? 0 };
    if (call.text === '' && !call.custom) events.push({ type: 'tool-call-delta', ...place, arguments: '{}' });
    events.push({ type: 'tool-call-end', ...place });
  }
}

/** An element that never got a name, an id, or input is a server's zero value. */
function isMade({ part, text, id }: CallState): boolean {
  return part !== undefined || text !== '' || id !== undefined;
}

/** Arguments that are a JSON object are whole. An empty one may be a placeholder that the real arguments replace. */
function isWhole({ custom, text }: CallState): boolean {
  if (custom) return text !== '';
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && Object.keys(value).length > 0;
  } catch {
    return false;
  }
}

/** A tool that is called. `text` is what came of its input: JSON for a function, free text for a custom tool. */
interface CalledTool {
  custom: boolean;
  name: string | undefined;
  text: string;
}

/**
 * Reads the call. Servers written in Go send every member with its zero value, `custom: {input: "", name: ""}` beside
 * the real `function` (Snowflake Cortex, 2026-11): `type` decides, else what is not empty.
 */
export function calledTool(call: JsonObject): CalledTool {
  const custom = called(objectAt(call, 'custom'), 'input', true);
  const plain = called(objectAt(call, 'function'), 'arguments', false);
  const isCustom = call.type === 'custom' || (call.custom !== undefined && call.function === undefined);
  const [first, second] = isCustom ? [custom, plain] : [plain, custom];
  return isEmpty(first) && !isEmpty(second) ? second : first;
}

/** Whether the call has neither a name nor input. */
export function isEmpty({ name, text }: CalledTool): boolean {
  return name === undefined && text === '';
}

function called(wire: JsonObject | undefined, member: string, custom: boolean): CalledTool {
  return { custom, name: textAt(wire, 'name'), text: textOf(wire?.[member]) };
}

/** A few imitators send the arguments as an object. */
function textOf(value: unknown): string {
  if (isObject(value)) return JSON.stringify(value);
  return typeof value === 'string' ? value : '';
}
