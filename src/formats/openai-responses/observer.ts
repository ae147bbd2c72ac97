// What a meter takes from the Responses API: stream events, and response objects.
// https://platform.openai.com/docs/api-reference/responses-streaming
import type { JsonObject } from '../../lib/json.ts';
import { readToolImage } from '../answer-media.ts';
import { textLength } from '../elision.ts';
import { errorName, isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { usageOf } from '../usage.ts';
import { countTools, imageToolUsage } from './tools.ts';
import { readResponsesUsage } from './usage.ts';

/** The Responses API, of any provider. */
export const observer: WireObserver = {
  event(observation, event) {
    const type = textAt(event, 'type') ?? '';
    if (typeof event.sequence_number === 'number') observation.sequenceNumber = event.sequence_number;
    const response = objectAt(event, 'response');
    if (response !== undefined) readResponse(observation, response);
    const item = objectAt(event, 'item');
    if (item !== undefined) readItem(observation, item);
    readDelta(observation, type, event);
    if (type.startsWith('response.image_generation_call.')) {
      observation.started = true;
      readToolImage(observation.media, textAt(event, 'item_id'), event, type.endsWith('.partial_image'));
    }
    readAnnotation(observation, objectAt(event, 'annotation'));
    if (isTerminal(type)) observation.complete = true;
    if (type === 'error') observation.error ??= textAt(event, 'code') ?? errorName(event) ?? 'error';
    else if (type === '') observation.error ??= errorName(event) ?? null;
  },
  body(observation, value) {
    // The same shape is answered by retrieve, cancel and (with other members) compact.
    readResponse(observation, value);
    const before = observation.outputCharacters;
    for (const item of objectsAt(value, 'output')) observation.outputCharacters += itemLength(item);
    if (observation.outputCharacters > before) observation.started = true;
  },
};

function isTerminal(type: string): boolean {
  return type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed';
}

function readResponse(observation: Observation, response: JsonObject): void {
  const tool = objectsAt(response, 'tools').find(({ type }) => type === 'image_generation');
  observation.media.imageTool = tool ?? observation.media.imageTool;
  const usage = readResponsesUsage(objectAt(response, 'usage'));
  if (usage !== null) {
    observation.usage = usageOf({ ...usage, ...countTools(response) });
    observation.otherModelUsage = imageToolUsage(response);
  }
  observation.model = textAt(response, 'model') ?? observation.model;
  observation.responseStatus = textAt(response, 'status') ?? observation.responseStatus;
  observation.serviceTier = textAt(response, 'service_tier') ?? observation.serviceTier;
  observation.error ??= errorName(response) ?? null;
  const id = textAt(response, 'id');
  if (id !== undefined) observation.madeIds.add(id);
  for (const item of objectsAt(response, 'output')) readItem(observation, item);
}

/** Reads ids only: the text of items was in deltas before, or is counted by the reader of the whole body. */
function readItem(observation: Observation, item: JsonObject): void {
  if (item.type === 'image_generation_call')
    readToolImage(observation.media, textAt(item, 'id'), item, false);
  for (const key of ['id', 'container_id'] as const) {
    const id = textAt(item, key);
    if (id !== undefined) observation.madeIds.add(id);
  }
  for (const part of objectsAt(item, 'content'))
    for (const annotation of objectsAt(part, 'annotations')) readAnnotation(observation, annotation);
  // The shell tool names its container so.
  const container = textAt(objectAt(item, 'environment'), 'container_id');
  if (container !== undefined) observation.madeIds.add(container);
}

/**
 * A file that the model wrote in its container. A citation of a file that the caller uploaded itself is no
 * id made here, but it is one that the caller could name anyway.
 */
function readAnnotation(observation: Observation, annotation: JsonObject | undefined): void {
  for (const key of ['file_id', 'container_id'] as const) {
    const id = textAt(annotation, key);
    if (id !== undefined) observation.madeIds.add(id);
  }
}

/** Every `*.delta` is output as it comes: text, refusals, reasoning, arguments, code, transcripts. */
function readDelta(observation: Observation, type: string, event: JsonObject): void {
  if (!type.endsWith('.delta')) return;
  observation.started = true;
  if (type === 'response.audio.delta') return;
  observation.outputCharacters += textLength(event.delta);
}

const itemTexts = ['text', 'refusal', 'arguments', 'input', 'code', 'transcript'] as const;

function itemLength(item: JsonObject): number {
  let length = 0;
  for (const key of itemTexts) length += textLength(item[key]);
  for (const list of ['content', 'summary'] as const)
    for (const part of objectsAt(item, list)) length += itemLength(part);
  if (isObject(item.action)) length += JSON.stringify(item.action).length;
  return length;
}
