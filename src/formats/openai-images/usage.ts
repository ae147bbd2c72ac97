// The usage of image generation and edits to neutral counts. dall-e and most compatible providers give none:
// then the images are counted.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt, objectsAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the object has no count. */
export function readImagesUsage(usage: JsonObject | undefined): Usage | null {
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

/** The images of an answer without usage; null when there are none. */
export function countImages(answer: JsonObject): Usage | null {
  const images = objectsAt(answer, 'data').length;
  return images === 0 ? null : usageOf({ images });
}
