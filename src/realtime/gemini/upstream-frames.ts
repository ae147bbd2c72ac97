// Reads a Live upstream's messages as they pass. Never changes one, never holds one back.
import { searchesOf } from '../../formats/gemini-generate/grounding.ts';
import { memberOf, objectOf, objectsOf, textOf } from '../../formats/gemini-generate/members.ts';
import { readGenerateUsage } from '../../formats/gemini-generate/usage.ts';
import type { Usage } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Frame } from '../frames.ts';
import { readFrame } from './frames.ts';
import type { LiveTurns } from './turns.ts';

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

/**
 * Returns the usageMetadata of the Live API as neutral counts, or null if it has no count
 * (https://ai.google.dev/api/live#UsageMetadata, 2026-11). It covers one turn, not the session, and each turn is billed:
 * its prompt is the whole context, read again every time. Google's staff says so
 * (https://discuss.ai.google.dev/t/pricing-of-speech-to-speech-live-model/140340, 2026-04), a reader of bills found the
 * sum of all snapshots right to 3 % (…/t/173248), and a probe of three turns on two models saw responseTokenCount stay
 * level (https://github.com/pydantic/pydantic-ai/pull/7269, 2026-08). Thoughts are outside `responseTokenCount` and the total (recorded: 1,197 + 37 = 1,234, and 28
 * thoughts), and are output; the prompts of tools are input.
 */
export function usageOfTurn(metadata: JsonObject): Usage | null {
  const {
    responseTokenCount = metadata.candidatesTokenCount,
    responseTokensDetails = metadata.candidatesTokensDetails,
  } = metadata;
  return readGenerateUsage({
    ...metadata,
    candidatesTokenCount: responseTokenCount,
    candidatesTokensDetails: responseTokensDetails,
  });
}
