// A neutral answer as a whole response of generateContent.
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralCandidate, NeutralPart, NeutralResponse, TextPart } from '../neutral.ts';
import { PortableStateCollector } from '../portable-state.ts';
import { wantsReasoning } from '../reasoning.ts';
import { argumentsObject } from '../tool-arguments.ts';
import type { AnswerContext, WrittenResponse } from '../wire-format.ts';
import { type PlacedCitation, writeGrounding } from './citations.ts';
import { writeErrorBody } from './errors.ts';
import { writeLogprobs } from './logprobs.ts';
import { writeBlockReason, writeStop } from './stop-reason.ts';
import { writeGenerateUsage } from './usage.ts';
import { callPart, mediaPart, thoughtPart } from './write-answer-parts.ts';

export function writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse {
  if (response.error !== null) return { body: writeErrorBody(response.error), dropped: [] };
  const drops = new DroppedPaths();
  const usage = writeGenerateUsage(response.usage);
  const block = response.promptBlock;
  const body = {
    ...(response.candidates.length > 0 && {
      candidates: response.candidates.map((candidate, index) =>
        writeCandidate(candidate, index, context, drops),
      ),
    }),
    ...(block !== null && { promptFeedback: { blockReason: writeBlockReason(block.reason) } }),
    ...(usage !== undefined && { usageMetadata: usage }),
    ...answerTail(context),
  };
  return { body, dropped: drops.list };
}

/** What every chunk ends with. */
export function answerTail({ model, answerId }: AnswerContext): JsonObject {
  return { modelVersion: model, responseId: answerId };
}

/** Whether the caller requested reasoning. */
export function showsThoughts({ request }: AnswerContext): boolean {
  return wantsReasoning(request.reasoning) && request.reasoning?.includeThoughts !== false;
}

function writeCandidate(
  { parts, stop }: NeutralCandidate,
  index: number,
  context: AnswerContext,
  drops: DroppedPaths,
): JsonObject {
  const texts = parts.filter((part) => part.type === 'text');
  const grounding = writeGrounding(
    placedCitations(texts),
    parts.filter((part) => part.type === 'web-search'),
  );
  const logprobs = writeLogprobs(texts.flatMap((part) => part.logprobs ?? []));
  return {
    content: { parts: writeParts(parts, context, drops), role: 'model' },
    ...writeStop(stop),
    index,
    ...(grounding !== undefined && { groundingMetadata: grounding }),
    ...(logprobs !== undefined && { logprobsResult: logprobs }),
  };
}

function placedCitations(texts: readonly TextPart[]): PlacedCitation[] {
  let before = '';
  return texts.flatMap(({ text, citations = [] }) => {
    const placed = citations.map((citation) => ({ citation, partText: text, before }));
    before += text;
    return placed;
  });
}

function writeParts(
  parts: readonly NeutralPart[],
  context: AnswerContext,
  drops: DroppedPaths,
): JsonObject[] {
  const state = new PortableStateCollector();
  const shown = showsThoughts(context);
  return parts.flatMap((part, index): JsonObject[] => {
    state.add(part);
    switch (part.type) {
      case 'text':
      case 'refusal':
        return part.text === '' ? [] : [{ text: part.text }];
      case 'reasoning':
        return shown ? [thoughtPart(part)] : [];
      case 'tool-call':
        return [callPart(part.id, part.name, argumentsObject(part.arguments), state.take(part.signature))];
      case 'media': {
        const written = mediaPart(part);
        if (written === null) drops.add(part.at || `parts[${index}]`);
        return written === null ? [] : [written];
      }
      case 'web-search':
        return [];
      default:
        drops.add(part.at || `parts[${index}]`);
        return [];
    }
  });
}
