// What a meter takes from the Messages API: stream events, and whole messages.
// https://docs.anthropic.com/en/docs/build-with-claude/streaming
import type { JsonObject } from '../../lib/json.ts';
import { textLength } from '../elision.ts';
import { errorName, isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { mergeUsage, readAdvisorUsage, readDeclinedUsage, readServedModel, readUsage } from './usage.ts';

/** The Messages API, and its token counting (whose bare `{input_tokens}` is no usage: it is never billed). */
export const observer: WireObserver = {
  event(observation, event, eventName) {
    switch (textAt(event, 'type') ?? eventName) {
      case 'message_start':
        return readStart(observation, objectAt(event, 'message'));
      case 'content_block_start':
        return readBlock(observation, objectAt(event, 'content_block'));
      case 'content_block_delta':
        return readDelta(observation, objectAt(event, 'delta'));
      case 'message_delta':
        return readMessageDelta(observation, event);
      case 'message_stop':
        observation.complete = true;
        return;
      case 'error':
        observation.error ??= nameOfError(event);
    }
  },
  body(observation, message) {
    if (textAt(message, 'type') === 'error') observation.error ??= nameOfError(message);
    else observation.error ??= errorName(message) ?? null;
    readMessage(observation, message);
    const usage = objectAt(message, 'usage');
    if (usage !== undefined) takeUsage(observation, usage);
    for (const block of objectsAt(message, 'content')) readBlock(observation, block);
  },
};

function nameOfError(event: JsonObject): string {
  return textAt(objectAt(event, 'error'), 'type') ?? 'error';
}

/** A proxy was seen to splice two streams, with a message_start each: the last one counts. */
function readStart(observation: Observation, message: JsonObject | undefined): void {
  if (message === undefined) return;
  readMessage(observation, message);
  observation.wireUsage = mergeUsage(observation.wireUsage, objectAt(message, 'usage') ?? {});
  observation.partialUsage = readUsage(observation.wireUsage);
}

function readMessageDelta(observation: Observation, event: JsonObject): void {
  readContainer(observation, objectAt(event, 'delta'));
  if (textAt(objectAt(event, 'delta'), 'stop_reason') !== undefined) observation.hasFinishReason = true;
  const usage = objectAt(event, 'usage');
  if (usage !== undefined) takeUsage(observation, mergeUsage(observation.wireUsage, usage));
}

function takeUsage(observation: Observation, usage: JsonObject): void {
  observation.wireUsage = usage;
  observation.usage = readUsage(usage);
  observation.otherModelUsage = [...readAdvisorUsage(usage), ...readDeclinedUsage(usage)];
  observation.servedModel = readServedModel(usage) ?? observation.servedModel;
  readTerms(observation, usage);
}

/** On what terms it was served. Fast mode has a price as a tier has: the speed counts before the tier. */
function readTerms(observation: Observation, usage: JsonObject | undefined): void {
  const isFast = textAt(usage, 'speed') === 'fast';
  observation.serviceTier = isFast ? 'fast' : (textAt(usage, 'service_tier') ?? observation.serviceTier);
  observation.servedIn = textAt(usage, 'inference_geo') ?? observation.servedIn;
}

function readMessage(observation: Observation, message: JsonObject): void {
  observation.model = textAt(message, 'model') ?? observation.model;
  readTerms(observation, objectAt(message, 'usage'));
  readContainer(observation, message);
}

function readContainer(observation: Observation, holder: JsonObject | undefined): void {
  const id = textAt(objectAt(holder, 'container'), 'id');
  if (id !== undefined) observation.madeIds.add(id);
}

/** A block, whole (unary) or as it begins. What a server tool found is input, not output. */
function readBlock(observation: Observation, block: JsonObject | undefined): void {
  if (block === undefined) return;
  observation.started = true;
  readFiles(observation, block);
  let length = textLength(block.text) + textLength(block.thinking) + textLength(block.name);
  if (isObject(block.input) && Object.keys(block.input).length > 0)
    length += JSON.stringify(block.input).length;
  observation.outputCharacters += length;
}

/** Files that code execution wrote: `{type: '…_output', file_id}` somewhere within a result block. */
function readFiles(observation: Observation, block: JsonObject): void {
  const content = block.content;
  for (const inner of Array.isArray(content) ? content : [content]) {
    if (!isObject(inner)) continue;
    const id = textAt(inner, 'file_id');
    if (id !== undefined) observation.madeIds.add(id);
    readFiles(observation, inner);
  }
}

function readDelta(observation: Observation, delta: JsonObject | undefined): void {
  if (delta === undefined) return;
  observation.started = true;
  observation.outputCharacters +=
    textLength(delta.text) + textLength(delta.thinking) + textLength(delta.partial_json);
}
