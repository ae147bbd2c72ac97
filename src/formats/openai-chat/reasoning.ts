// Where chat completions have the model's reasoning. OpenAI's have none. Others use different members, and some require
// it back: `reasoning_content` (DeepSeek, Moonshot, xAI, Z.ai, Alibaba), `reasoning` with or without
// `reasoning_details` (OpenRouter, Groq, Together, Ollama), parts of the content (Mistral).
// https://api-docs.deepseek.com/guides/thinking_mode, https://openrouter.ai/docs/use-cases/reasoning-tokens
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectsAt, textAt } from '../json-reader.ts';
import type { ReasoningPart, ReasoningSignature } from '../neutral.ts';
import { paragraphBreak } from '../reasoning.ts';

/** The member that a reasoning text was in. `thinking`: a part of the content. */
export type ReasoningMember = 'reasoning_content' | 'reasoning' | 'thinking';

/** Reads the reasoning in a message's or delta's own members, or null if there is none. */
export function readReasoning(
  message: JsonObject,
): { text: string; place: ReasoningMember; details: JsonObject[] } | null {
  const details = objectsAt(message, 'reasoning_details');
  const content = textAt(message, 'reasoning_content');
  const plain = textAt(message, 'reasoning');
  // Some (Baseten) send both, equal.
  const text = content ?? plain ?? details.map(detailText).join('');
  if (text === '' && details.length === 0) return null;
  return { text, place: content === undefined ? 'reasoning' : 'reasoning_content', details };
}

/** The readable text of one entry of reasoning_details. */
function detailText(detail: JsonObject): string {
  return textAt(detail, 'text') ?? textAt(detail, 'summary') ?? '';
}

/** What has to come back with the text. */
export function reasoningSignature(
  place: ReasoningMember,
  details: readonly JsonObject[],
): ReasoningSignature {
  const value = details.length > 0 ? JSON.stringify(details) : place === 'reasoning_content' ? '' : place;
  const encrypted = details.some(({ type }) => type === 'reasoning.encrypted');
  return { origin: 'openai-chat', kind: encrypted ? 'encrypted' : 'signature', value };
}

/** The text of a `thinking` content part (Mistral): a string, or text parts again. */
export function thinkingText({ thinking }: JsonObject): string {
  if (typeof thinking === 'string') return thinking;
  if (!Array.isArray(thinking)) return '';
  return thinking
    .filter(isObject)
    .map((part) => textAt(part, 'text') ?? '')
    .join('');
}

/**
 * Adds streamed entries of reasoning_details to those before: pieces of one entry have the same index and type,
 * texts grow, and what comes last (a signature, a format) stays.
 */
export function mergeDetails(into: JsonObject[], pieces: readonly JsonObject[]): void {
  for (const piece of pieces) {
    const at = into.findIndex(({ index, type }) => index === piece.index && type === piece.type);
    const before = at < 0 || piece.type === 'reasoning.encrypted' ? undefined : into[at];
    if (before === undefined) into.push(piece);
    else into[at] = grown(before, piece);
  }
}

function grown(before: JsonObject, piece: JsonObject): JsonObject {
  const both = (key: 'text' | 'summary') =>
    typeof before[key] === 'string' || typeof piece[key] === 'string'
      ? { [key]: `${before[key] ?? ''}${piece[key] ?? ''}` }
      : {};
  const given = Object.fromEntries(Object.entries(piece).filter(([, value]) => value !== null));
  return { ...before, ...given, ...both('text'), ...both('summary') };
}

/** The members of an assistant message that give its own thoughts back, and texts for its content (Mistral). */
export function writeReasoning(parts: readonly ReasoningPart[]): { members: JsonObject; thinking: string[] } {
  const own = parts.filter(({ signature }) => signature?.origin === 'openai-chat');
  const textsIn = (value: string) =>
    own.filter(({ signature }) => signature?.value === value).map(({ text }) => text);
  const content = textsIn('');
  const plain = textsIn('reasoning');
  const details = own.flatMap(({ signature }) => detailsOf(signature?.value ?? ''));
  return {
    members: {
      ...(content.length > 0 && { reasoning_content: content.join(paragraphBreak) }),
      ...(plain.length > 0 && { reasoning: plain.join(paragraphBreak) }),
      ...(details.length > 0 && { reasoning_details: details }),
    },
    thinking: textsIn('thinking'),
  };
}

function detailsOf(value: string): JsonObject[] {
  if (!value.startsWith('[')) return [];
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed.filter(isObject) : [];
  } catch {
    return [];
  }
}
