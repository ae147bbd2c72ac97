// What the demo upstream says, and what it would cost: about one token for four characters.
import type { Json } from './exchange.ts';

export interface Answer {
  readonly text: string;
  /** The text as a stream delivers it. */
  readonly pieces: readonly string[];
  /** Whether the caller's bound cut it. */
  readonly cut: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const charactersPerToken = 4;
const longestEcho = 160;
/** Members that hold what a person or a model said, in every format. */
const spoken = ['content', 'text', 'parts', 'input', 'output', 'arguments', 'system', 'messages'];

/** A friendly answer that names the model and echoes what was said last. */
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

/** At least one token, then one for each four characters begun. */
export function countTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / charactersPerToken));
}

/** All that was said in a prompt of any format. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  return spoken
    .map((name) => textOf(value[name]))
    .filter(Boolean)
    .join('\n');
}

/** A conversation's last turn. */
export function lastTurn(turns: Json | undefined): Json | undefined {
  return Array.isArray(turns) ? turns.at(-1) : turns;
}

/** An id as the providers make them: a prefix and 24 letters and digits. */
export function newId(prefix: string): string {
  return `${prefix}${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

/** Seconds since 1970. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
