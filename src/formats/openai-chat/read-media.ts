// Pictures and sound that chat completions answer with.
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { MediaPart } from '../neutral.ts';
import { mediaOfUrl } from '../openai-media.ts';

/** OpenRouter's `images` of a message or delta. https://openrouter.ai/docs/features/multimodal/image-generation */
export function readImages(message: JsonObject): MediaPart[] {
  return objectsAt(message, 'images').flatMap((image) => {
    const url = textAt(objectAt(image, 'image_url'), 'url') ?? textAt(image, 'image_url');
    return url === undefined ? [] : [mediaOfUrl('image', url)];
  });
}

/** Reads a whole spoken answer, or null if there is none. */
export function readAudio(message: JsonObject): MediaPart | null {
  const audio = objectAt(message, 'audio');
  const data = textAt(audio, 'data');
  if (data === undefined) return null;
  const transcript = textAt(audio, 'transcript');
  const providerId = textAt(audio, 'id');
  return {
    type: 'media',
    kind: 'audio',
    source: { type: 'base64', mediaType: audioTypeOf(data), data },
    ...(transcript !== undefined && { transcript }),
    ...(providerId !== undefined && { providerId }),
  };
}

/** How streamed sound comes: always pcm16. */
export const streamedAudioType = 'audio/pcm;rate=24000';

const beginnings: readonly [string, string][] = [
  ['UklGR', 'audio/wav'],
  ['SUQz', 'audio/mpeg'],
  ['//', 'audio/mpeg'],
  ['T2dnUw', 'audio/ogg'],
  ['ZkxhQw', 'audio/flac'],
];

/** The answer does not name its format. Its first bytes do, and pcm16 is the one without a header. */
function audioTypeOf(data: string): string {
  return beginnings.find(([start]) => data.startsWith(start))?.[1] ?? streamedAudioType;
}
