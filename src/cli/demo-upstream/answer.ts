// The demo upstream's answers, and their usage: about one token per four characters.
import type { Json } from './exchange.ts';

export interface Answer {
  readonly text: string;
  /** The text in the pieces of a stream. */
  readonly pieces: readonly string[];
  /** Whether the caller's limit cut it. */
  readonly cut: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const charactersPerToken = 4;
const longestEcho = 160;
/** Members that hold the text of a person or a model, in every format. */
const spoken = ['content', 'text', 'parts', 'input', 'output', 'arguments', 'system', 'messages'];

/** Returns a friendly answer that names the model and echoes the last message. */
export function composeAnswer(
  model: string,
  prompt: Json | undefined,
  last: Json | undefined,
  bound: Json | undefined,
): Answer {
  const echo = textOf(last).trim().slice(0, longestEcho);
  const whole = `Hello from the demo upstream, answering as ${model}. You said: "${echo}". Add a channel of your own and a real model answers here.`;
  const limit =
    typeof bound === 'number' && bound > 0 ? bound * charactersPerToken : Number.POSITIVE_INFINITY;
  const text = whole.slice(0, limit);
  return {
    text,
    pieces: text.match(/\S+\s*/g) ?? [],
    cut: text.length < whole.length,
    inputTokens: countTokens(textOf(prompt)),
    outputTokens: countTokens(text),
  };
}

/** Returns at least one token, and one per four characters begun. */
export function countTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / charactersPerToken));
}

/** Returns all text of a prompt in any format. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  return spoken
    .map((name) => textOf(value[name]))
    .filter(Boolean)
    .join('\n');
}

/** Returns a conversation's last turn. */
export function lastTurn(turns: Json | undefined): Json | undefined {
  return Array.isArray(turns) ? turns.at(-1) : turns;
}

/** Returns an id like the providers': a prefix and 24 letters and digits. */
export function newId(prefix: string): string {
  return `${prefix}${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

/** Seconds since 1970. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
