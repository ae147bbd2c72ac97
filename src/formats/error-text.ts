// The text of an error as an upstream wrote it: in a body, an event of a stream, or plain text. For the log, which cuts out what must not
// be in it (metering/error-message.ts). Pure.
import type { JsonObject } from '../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from './json-reader.ts';

/** Characters of an error's text that are read. More than are shown, so that a secret at the end is not cut in two. */
export const errorTextCharacters = 4_096;

/** Returns the text of the error in a JSON body or event, or null if it has none. Shapes as in upstream-error.ts, and those of events. */
export function errorTextOf(value: JsonObject): string | null {
  const { error } = value;
  const text =
    (typeof error === 'string' && error !== '' ? error : undefined) ??
    textOfError(objectAt(value, 'error')) ??
    textOfError(objectAt(objectAt(value, 'response'), 'error')) ??
    textOfError(value) ??
    textAt(value, 'detail') ??
    textAt(objectsAt(value, 'errors')[0], 'message') ??
    faultsIn(value);
  return text?.slice(0, errorTextCharacters) ?? null;
}

/** FastAPI's list of faults, with the field of each. */
function faultsIn(value: JsonObject): string | undefined {
  const faults = objectsAt(value, 'detail').flatMap((fault) => {
    const { loc } = fault;
    const at = Array.isArray(loc) ? `${loc.filter((part) => part !== 'body').join('.')}: ` : '';
    const text = textAt(fault, 'msg');
    return text === undefined ? [] : [at + text];
  });
  return faults.length === 0 ? undefined : faults.join('; ');
}

/** OpenRouter's `metadata.raw` has the error of the provider behind it, whose `message` says only that there was one. */
function textOfError(error: JsonObject | undefined): string | undefined {
  const message = textAt(error, 'message');
  const raw = textAt(objectAt(error, 'metadata'), 'raw');
  if (message === undefined || raw === undefined) return message ?? raw;
  return `${message}: ${textIn(raw) ?? raw}`;
}

/** Returns the error's text in JSON, or null if the text is no JSON or has none. */
function textIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const first = Array.isArray(value) ? value[0] : value;
    return isObject(first) ? errorTextOf(first) : null;
  } catch {
    return null;
  }
}

/** Returns what an error's body says, in words: never HTML, and never nothing. */
export function errorTextOfBody(status: number, body: string): string {
  const text = textIn(body);
  if (text !== null) return text;
  const start = body.slice(0, errorTextCharacters).trim();
  if (start === '') return `Status ${status} without a text.`;
  if (start.startsWith('<')) return pageText(status, start);
  // JSON of an unknown shape may hold anything.
  return /^[[{]/.test(start) ? `Status ${status} without a text.` : start;
}

/** Names a web page or an XML document by its title. */
function pageText(status: number, start: string): string {
  if (!/<(html|head|body|title)\b/i.test(start) && !/^<!doctype html/i.test(start))
    return `XML document, status ${status}.`;
  const title = /<title[^>]*>([^<]{1,200})/i.exec(start)?.[1]?.trim();
  return title ? `HTML page, status ${status}: ${title}` : `HTML page, status ${status}.`;
}
