// What a meter takes from generateContent: every chunk of a stream is a whole response object.
// https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
import type { JsonObject } from '../../lib/json.ts';
import { inlineDataOf } from '../answer-media.ts';
import { textLength } from '../elision.ts';
import { errorName, isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import { type Observation, observeAudio, type WireObserver } from '../observation.ts';
import { readGrounding } from './grounding.ts';
import { readGenerateUsage } from './usage.ts';

/** generateContent and streamGenerateContent, as SSE, as an array and as one object; Vertex too. */
export const observer: WireObserver = { event: read, body: read };

function read(observation: Observation, chunk: JsonObject): void {
  const metadata = objectAt(chunk, 'usageMetadata');
  // In every chunk and cumulative: the last one is the figure.
  observation.usage = readGenerateUsage(metadata) ?? observation.usage;
  readGrounding(observation, chunk);
  observation.serviceTier = textAt(metadata, 'serviceTier') ?? observation.serviceTier;
  observation.model = textAt(chunk, 'modelVersion') ?? observation.model;
  observation.error ??= nameOfError(chunk);
  const candidates = objectsAt(chunk, 'candidates');
  for (const candidate of candidates)
    for (const part of objectsAt(objectAt(candidate, 'content'), 'parts')) readPart(observation, part);
  // A chunk with a finish reason ends its candidate (a number with enum-encoding=int). A refused prompt has no
  // candidates but a reason.
  if (candidates.some((candidate) => Boolean(candidate.finishReason))) observation.complete = true;
  if (objectAt(chunk, 'promptFeedback')?.blockReason !== undefined) observation.complete = true;
}

function nameOfError(chunk: JsonObject): string | null {
  return textAt(objectAt(chunk, 'error'), 'status') ?? errorName(chunk) ?? null;
}

function readPart(observation: Observation, part: JsonObject): void {
  observation.started = true;
  readInlineData(observation, part);
  const call = objectAt(part, 'functionCall');
  observation.outputCharacters +=
    textLength(part.text) +
    textLength(call?.name) +
    (isObject(call?.args) ? JSON.stringify(call.args).length : 0) +
    textLength(objectAt(part, 'executableCode')?.code);
}

/** Pictures and sound that the model made. */
function readInlineData(observation: Observation, part: JsonObject): void {
  const inline = inlineDataOf(part);
  if (inline === undefined) return;
  if (inline.type.startsWith('image/')) observation.media.images += 1;
  if (inline.type.startsWith('audio/')) observeAudio(observation, inline.data);
}
