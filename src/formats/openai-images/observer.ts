// What a meter takes from image generation: whole answers, and streams of partial images.
// https://platform.openai.com/docs/api-reference/images-streaming

import type { JsonObject } from '../../lib/json.ts';
import { readImageTraits } from '../answer-media.ts';
import { countAt, errorName, firstCount, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { WireObserver } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Generations, edits and variations. */
export const imagesObserver: WireObserver = {
  event(observation, event) {
    const type = textAt(event, 'type') ?? '';
    observation.usage = readImagesUsage(objectAt(event, 'usage')) ?? observation.usage;
    observation.error ??= errorName(event) ?? (type === 'error' ? (textAt(event, 'code') ?? 'error') : null);
    if (/^image_(generation|edit)\./.test(type)) {
      observation.started = true;
      readImageTraits(observation.media, event);
    }
    if (type.endsWith('.partial_image')) observation.media.partials += 1;
    if (type.endsWith('.completed')) observation.media.images += 1;
    if (/^image_(generation|edit)\.completed$/.test(type)) observation.complete = true;
  },
  body(observation, answer) {
    observation.usage = readImagesUsage(objectAt(answer, 'usage')) ?? countImages(answer);
    observation.model = textAt(answer, 'model') ?? observation.model;
    observation.error ??= errorName(answer) ?? null;
    observation.media.images = objectsAt(answer, 'data').length;
    readImageTraits(observation.media, answer);
    if (observation.media.images > 0) observation.started = true;
  },
};

/** Null when the object has no count. */
function readImagesUsage(usage: JsonObject | undefined): Usage | null {
  const input = countAt(usage, 'input_tokens');
  const output = countAt(usage, 'output_tokens');
  if (input === undefined && output === undefined) return null;
  const inputDetails = objectAt(usage, 'input_tokens_details');
  const outputDetails = objectAt(usage, 'output_tokens_details');
  const text = firstCount(countAt(outputDetails, 'text_tokens'));
  return usageOf({
    inputTokens: input ?? 0,
    cachedTokens: firstCount(countAt(inputDetails, 'cached_tokens')),
    inputImageTokens: firstCount(countAt(inputDetails, 'image_tokens')),
    outputTokens: output ?? 0,
    // gpt-image-1 names no parts of its output: all of it is image.
    outputImageTokens: countAt(outputDetails, 'image_tokens') ?? (output ?? 0) - text,
  });
}

/** Returns the images of an answer without usage, or null if there are none. */
function countImages(answer: JsonObject): Usage | null {
  const images = objectsAt(answer, 'data').length;
  return images === 0 ? null : usageOf({ images });
}
