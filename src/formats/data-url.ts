// `data:` URLs, in which OpenAI's formats hold pictures and files, and the media types that go with them.
// RFC 2397; only the base64 form and percent-encoded text are in use.
import { Buffer } from 'node:buffer';
import type { MediaPart } from './neutral.ts';

/** The media type and the standard base64 of a data URL; null when the text is no data URL. */
export function readDataUrl(url: string): { mediaType: string; data: string } | null {
  if (!/^data:/i.test(url)) return null;
  const comma = url.indexOf(',');
  if (comma < 0) return null;
  const [mediaType = '', ...parameters] = url.slice(5, comma).split(';');
  const data = url.slice(comma + 1);
  const type = canonicalMediaType(mediaType) || 'text/plain';
  if (parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64'))
    return { mediaType: type, data: standardBase64(data) };
  return { mediaType: type, data: Buffer.from(percentDecoded(data), 'utf8').toString('base64') };
}

const aliases: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
};

/**
 * Returns the registered name of a media type, in lower case. OpenAI and Gemini also take names that are not
 * registered.
 */
export function canonicalMediaType(mediaType: string): string {
  const name = mediaType.trim().toLowerCase();
  return (Object.hasOwn(aliases, name) ? aliases[name] : undefined) ?? name;
}

/** `data:image/png;base64,…`. */
export function writeDataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}

/** Base64 without line breaks and in the standard alphabet; the very same string where it already is. */
export function standardBase64(data: string): string {
  return /[\s_-]/.test(data) ? data.replace(/\s+/g, '').replace(/-/g, '+').replace(/_/g, '/') : data;
}

/** The text that base64 of a text file holds. */
export function textOfBase64(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}

/** Returns what a media type is to a model: everything but pictures, sound and film is a document. */
export function mediaKind(mediaType: string): MediaPart['kind'] {
  const [top] = mediaType.split('/');
  return top === 'image' || top === 'audio' || top === 'video' ? top : 'document';
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
