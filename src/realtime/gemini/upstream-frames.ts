// Reads a Live upstream's messages as they pass. Never changes one, never holds one back.
import { searchesOf } from '../../formats/gemini-generate/grounding.ts';
import { memberOf, objectOf, objectsOf, textOf } from '../../formats/gemini-generate/members.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Frame } from '../frames.ts';
import { readFrame } from './frames.ts';
import type { LiveTurns } from './turns.ts';
import { usageOfTurn } from './usage.ts';

/** Call it before the frame is passed on: what it charges is durable before the client sees it. */
export function observeFrame(frame: Frame, turns: LiveTurns): void {
  const facts = readFrame(frame);
  if (facts.outcome === 'opaque') return;
  if (facts.outcome === 'bulk') turns.received(0, facts);
  else note(facts.message, turns);
}

function note(message: JsonObject, turns: LiveTurns): void {
  const content = objectOf(message, 'serverContent');
  noteContent(content, turns);
  const call = objectOf(message, 'toolCall');
  if (call !== undefined) turns.received(JSON.stringify(call).length, null);
  const usage = usageOfTurn(objectOf(message, 'usageMetadata') ?? {});
  if (usage !== null) turns.counted(usage);
  if (memberOf(content, 'turnComplete') === true) turns.completed();
}

/**
 * Transcriptions are no sign of a turn: they come in no order with the rest, and the model's is of what is charged as
 * sound. https://ai.google.dev/api/live#BidiGenerateContentServerContent (2026-11)
 */
function noteContent(content: JsonObject | undefined, turns: LiveTurns): void {
  if (content === undefined) return;
  for (const part of objectsOf(objectOf(content, 'modelTurn'), 'parts')) {
    const blob = objectOf(part, 'inlineData');
    const data = textOf(blob, 'data');
    if (data === undefined) turns.received(textOf(part, 'text')?.length ?? 0, null);
    else turns.received(0, { characters: data.length, mimeType: textOf(blob, 'mimeType') ?? '' });
  }
  turns.searched(searchesOf(content));
}
