// Pictures in an answer, with what decides their price. Counted beside the usage, for answers without one.
import type { JsonObject } from '../lib/json.ts';
import { objectAt, objectsAt, textAt } from './json-reader.ts';

/** A picture's size and quality as the provider names them. Null if unknown. */
export interface ImageTraits {
  size: string | null;
  quality: string | null;
}

/** A picture that a tool of a response makes. */
interface ToolImage extends ImageTraits {
  model: string | null;
  partials: number;
}

export interface MadeMedia {
  /** Whole pictures. */
  images: number;
  /** Partial pictures of streams. */
  partials: number;
  traits: ImageTraits;
  /** By the id of the call that makes it. */
  toolImages: Map<string, ToolImage>;
  /** The image tool in a response's `tools`. */
  imageTool: JsonObject | undefined;
}

export function noMedia(): MadeMedia {
  return {
    images: 0,
    partials: 0,
    traits: { size: null, quality: null },
    toolImages: new Map(),
    imageTool: undefined,
  };
}

/** How many calls of the image tool are remembered; no answer has as many. */
const mostToolImages = 100;

/** Reads the pictures of an answer or an event of the Images API. */
export function readImageTraits(media: MadeMedia, holder: JsonObject): void {
  media.traits = {
    size: textAt(holder, 'size') ?? media.traits.size,
    quality: textAt(holder, 'quality') ?? media.traits.quality,
  };
}

/** Takes an item or an event of a Responses answer, if it is about a picture that the image tool makes. */
export function readToolImage(
  media: MadeMedia,
  id: string | undefined,
  holder: JsonObject,
  isPartial: boolean,
): void {
  if (id === undefined || (media.toolImages.size >= mostToolImages && !media.toolImages.has(id))) return;
  const before = media.toolImages.get(id);
  const tool = media.imageTool;
  media.toolImages.set(id, {
    size: textAt(holder, 'size') ?? before?.size ?? textAt(tool, 'size') ?? null,
    quality: textAt(holder, 'quality') ?? before?.quality ?? textAt(tool, 'quality') ?? null,
    model: textAt(tool, 'model') ?? before?.model ?? null,
    partials: (before?.partials ?? 0) + (isPartial ? 1 : 0),
  });
}

/** Pictures in a chat message (OpenRouter's `images`). */
export function countChatImages(message: JsonObject): number {
  return objectsAt(message, 'images').length;
}

/** Returns the base64 of one of Gemini's parts with its type, or undefined if the part has none. */
export function inlineDataOf(part: JsonObject): { type: string; data: unknown } | undefined {
  const blob = objectAt(part, 'inlineData') ?? objectAt(part, 'inline_data');
  const type = textAt(blob, 'mimeType') ?? textAt(blob, 'mime_type');
  return blob === undefined || type === undefined ? undefined : { type, data: blob.data };
}
