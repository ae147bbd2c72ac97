// One part of a candidate at a time: parts that grow side by side come out one after another.
import type { NeutralEvent } from './neutral.ts';

type PartEvent = Extract<NeutralEvent, { part: number }>;

/**
 * Orders the events of one candidate so that a part ends before the next one starts. Clients append to the last opened
 * block (anthropic-sdk-go, Message.Accumulate, 2026-11). Events of other parts wait meanwhile, so nothing is lost and
 * every part keeps the order of its own events.
 */
export class PartOrder {
  #open: number | null = null;
  readonly #waiting = new Map<number, PartEvent[]>();

  /** Returns the events that may go out now. */
  push(event: NeutralEvent): readonly NeutralEvent[] {
    if ('part' in event) {
      if (this.#open === null || this.#open === event.part) return this.#passed(event);
      this.#wait(event);
      return [];
    }
    return this.#waiting.size > 0 && endsParts(event) ? [...this.#rest(), event] : [event];
  }

  #passed(event: PartEvent): readonly NeutralEvent[] {
    if (isStart(event)) this.#open = event.part;
    if (!isEnd(event)) return [event];
    this.#open = null;
    return this.#waiting.size === 0 ? [event] : [event, ...this.#released()];
  }

  #wait(event: PartEvent): void {
    const waiting = this.#waiting.get(event.part) ?? [];
    waiting.push(event);
    this.#waiting.set(event.part, waiting);
  }

  /** Returns the parts that waited, up to and with the first one that still grows. */
  #released(): NeutralEvent[] {
    const released: NeutralEvent[] = [];
    for (const [part, events] of this.#waiting) {
      this.#waiting.delete(part);
      for (const event of events) released.push(event);
      const last = events.at(-1);
      if (events.some(isStart) && last !== undefined && !isEnd(last)) {
        this.#open = part;
        break;
      }
    }
    return released;
  }

  #rest(): NeutralEvent[] {
    const rest = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#open = null;
    return rest;
  }
}

function isStart({ type }: PartEvent): boolean {
  return type.endsWith('-start');
}

function isEnd({ type }: PartEvent): boolean {
  return type.endsWith('-end');
}

/** Whether no part grows after the event. */
function endsParts({ type }: NeutralEvent): boolean {
  return type === 'candidate-end' || type === 'message-end' || type === 'error' || type === 'prompt-block';
}

/**
 * The user's turn that is added in front for targets that refuse a conversation without one, or one that begins with the
 * assistant. Anthropic: "messages: at least one message is required"; Gemini: "contents is not specified" (seen 2026-11).
 * The text never changes, so that prompt caches hold.
 */
export const userTurnText = 'Continue.';

/** Whether the turns need the user to begin. */
export function needsUserTurn(firstRole: string | undefined): boolean {
  return firstRole !== 'user';
}
