// The conversation, for a Messages request: turns of one role are one message, results of tools come first in
// theirs, and the first message is the user's. https://docs.anthropic.com/en/api/messages
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralMessage, NeutralPart, NeutralRequest } from '../neutral.ts';
import { needsUserTurn, userTurnText } from '../part-order.ts';
import { writePart } from './write-blocks.ts';

/** Writes leading system prompts, and instructions that have no member of their own. */
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

/** Writes messages. Reasoning that Claude signed goes back even if this turn has none: Claude then ignores it. */
export function writeMessages(request: NeutralRequest, drops: DroppedPaths): JsonObject[] {
  const turns: Turn[] = [];
  for (const message of request.messages) {
    // There is no system role in the middle of a conversation, so it becomes a user's message.
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    if (message.name !== undefined) drops.add(`${message.at}.name`);
    const content = contentOf(message, drops);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  if (needsUserTurn(turns[0]?.role))
    turns.unshift({ role: 'user', content: [{ type: 'text', text: userTurnText }] });
  return turns.map((turn, index) => finished(turn, index === turns.length - 1));
}

function contentOf({ parts }: NeutralMessage, drops: DroppedPaths): JsonObject[] {
  return parts.flatMap((part) => {
    const blocks = writePart(part, (inner) => drops.part(inner));
    if (blocks === null && isLoss(part)) drops.part(part);
    return blocks ?? [];
  });
}

/** Whether leaving the part out is a loss. Reasoning without a signature is for people only. */
function isLoss(part: NeutralPart): boolean {
  return part.type !== 'reasoning' || part.signature !== undefined;
}

function finished({ role, content }: Turn, isLast: boolean): JsonObject {
  if (role === 'user') {
    const results = content.filter(({ type }) => type === 'tool_result');
    return { role, content: [...results, ...content.filter(({ type }) => type !== 'tool_result')] };
  }
  const blocks = thoughtFirst(content);
  const end = blocks.at(-1);
  // Anthropic refuses a last message of the assistant's that ends in white space.
  if (!isLast || end?.type !== 'text' || typeof end.text !== 'string') return { role, content: blocks };
  return { role, content: [...blocks.slice(0, -1), { ...end, text: end.text.trimEnd() }] };
}

/**
 * Moves reasoning to the front if a client merged turns or lost some of it. "If an assistant message contains any
 * thinking blocks, the first block must be thinking". https://github.com/anthropics/claude-code/issues/20705,
 * https://github.com/n8n-io/n8n/issues/22550 (2026-01).
 */
function thoughtFirst(content: JsonObject[]): JsonObject[] {
  const first = content.findIndex(isThought);
  if (first <= 0) return content;
  const next = content.findIndex((block, index) => index > first && !isThought(block));
  const end = next < 0 ? content.length : next;
  return [...content.slice(first, end), ...content.slice(0, first), ...content.slice(end)];
}

function isThought({ type }: JsonObject): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}
