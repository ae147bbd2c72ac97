// The conversation, for a generateContent request: turns of one role are one content, the results of a turn's
// calls come first and in the order of the calls.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralMessage, NeutralPart, NeutralRequest } from '../neutral.ts';
import { needsUserTurn, userTurnText } from '../part-order.ts';
import type { GeminiTraits } from './model-traits.ts';
import { mediaBeside, type PartContext, writePart } from './write-parts.ts';

interface Turn {
  role: 'user' | 'model';
  parts: JsonObject[];
}

/**
 * What Google documents for calls that another model made: it switches the check of that signature off.
 * https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
const foreignSignature = 'skip_thought_signature_validator';

export function writeContents(
  request: NeutralRequest,
  traits: GeminiTraits,
  drops: DroppedPaths,
): JsonObject[] {
  const context = contextOf(request, traits, drops);
  const turns: Turn[] = [];
  for (const message of request.messages) {
    if (message.name !== undefined) drops.add(`${message.at}.name`);
    const role = message.role === 'assistant' ? 'model' : 'user';
    const parts = partsOf(message, context, traits, drops);
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) turns.push({ role, parts });
  }
  if (needsUserTurn(turns[0]?.role)) turns.unshift({ role: 'user', parts: [{ text: userTurnText }] });
  return turns.map(({ role, parts }) => ({ role, parts: resultsFirst(parts) }));
}

function contextOf({ messages }: NeutralRequest, traits: GeminiTraits, drops: DroppedPaths): PartContext {
  const names = new Map<string, string>();
  for (const { parts } of messages)
    for (const part of parts) if (part.type === 'tool-call') names.set(part.id, part.name);
  return {
    nameOf: (callId) => names.get(callId) ?? callId,
    mediaInResults: traits.mediaInResults,
    drop: (path) => drops.add(path),
  };
}

function partsOf(
  message: NeutralMessage,
  context: PartContext,
  traits: GeminiTraits,
  drops: DroppedPaths,
): JsonObject[] {
  const parts = message.parts.flatMap((part) => {
    const written = isNothing(part) ? undefined : writePart(part, context);
    if (written === null && isLoss(part)) drops.part(part);
    return [written ?? [], part.type === 'tool-result' ? mediaBeside(part, context) : []].flat();
  });
  return traits.checksSignatures ? signed(parts) : parts;
}

/** Whether a part is empty. An empty text with a signature is not. */
function isNothing(part: NeutralPart): boolean {
  return part.type === 'text' && part.text === '' && part.signature === undefined;
}

/** Whether leaving the part out is a loss. Reasoning without a signature is for people only. */
function isLoss(part: NeutralPart): boolean {
  return part.type !== 'reasoning' || part.signature !== undefined;
}

/** Signs the first call of a turn, which Gemini requires. */
function signed(parts: JsonObject[]): JsonObject[] {
  const first = parts.findIndex((part) => part.functionCall !== undefined);
  const call = parts[first];
  if (call === undefined || call.thoughtSignature !== undefined) return parts;
  return parts.with(first, { ...call, thoughtSignature: foreignSignature });
}

function resultsFirst(parts: JsonObject[]): JsonObject[] {
  const isResult = (part: JsonObject) => part.functionResponse !== undefined;
  return [...parts.filter(isResult), ...parts.filter((part) => !isResult(part))];
}
