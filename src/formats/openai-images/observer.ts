// What a meter takes from image generation: whole answers, and streams of partial images.
// https://platform.openai.com/docs/api-reference/images-streaming
import { errorName, objectAt, objectsAt, textAt } from '../json-reader.ts';
import { readImageTraits } from '../made-media.ts';
import type { WireObserver } from '../observation.ts';
import { countImages, readImagesUsage } from './usage.ts';

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
