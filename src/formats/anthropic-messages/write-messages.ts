// The conversation, for a Messages request: turns of one role are one message, results of tools come first in
// theirs, and the first message is the user's. https://docs.anthropic.com/en/api/messages
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralMessage, NeutralRequest } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import { needsOpening, openingText } from '../opening.ts';
import { writePart } from './write-blocks.ts';

/** Leading system prompts, and what has to be said in words. */
export function writeSystem(
  request: NeutralRequest,
  instruction: string | null,
  drops: DroppedPaths,
): JsonObject[] {
  const parts = request.system.flatMap((part) => writePart(part, (one) => drops.part(one)) ?? []);
  return instruction === null ? parts : [...parts, { type: 'text', text: instruction }];
}

interface Turn {
  role: 'user' | 'assistant';
  content: JsonObject[];
}

/** Thoughts that Claude signed go back whether or not it is to think again: it ignores them then. */
export function writeMessages(request: NeutralRequest, drops: DroppedPaths): JsonObject[] {
  const turns: Turn[] = [];
  for (const message of request.messages) {
    // There is no system role in the middle of a conversation: the user says it.
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    if (message.name !== undefined) drops.add(`${message.at}.name`);
    const content = contentOf(message, drops);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  if (needsOpening(turns[0]?.role))
    turns.unshift({ role: 'user', content: [{ type: 'text', text: openingText }] });
  return turns.map((turn, index) => finished(turn, index === turns.length - 1));
}

function contentOf({ parts }: NeutralMessage, drops: DroppedPaths): JsonObject[] {
  return parts.flatMap((part) => {
    const blocks = writePart(part, (inner) => drops.part(inner));
    if (blocks === null) drops.part(part);
    return blocks ?? [];
  });
}

function finished({ role, content }: Turn, isLast: boolean): JsonObject {
  if (role === 'user') {
    const results = content.filter(({ type }) => type === 'tool_result');
    return { role, content: [...results, ...content.filter(({ type }) => type !== 'tool_result')] };
  }
  const end = content.at(-1);
  // Anthropic refuses a last word of the assistant's that ends in white space.
  if (!isLast || end?.type !== 'text' || typeof end.text !== 'string') return { role, content };
  return { role, content: [...content.slice(0, -1), { ...end, text: end.text.trimEnd() }] };
}
