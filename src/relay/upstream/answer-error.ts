// Errors with a status of 200, as the first event of a stream or as the whole body: their names, whose fault they are, and the status that they
// should have had. Pure.
import { errorTextOf } from '../../formats/error-text.ts';
import { isObject, isZeroObject } from '../../formats/json-reader.ts';
import { errorOf } from '../../formats/openai-error.ts';
import type { JsonObject } from '../../lib/json.ts';

/** Why a response with status 200 counts as failed. */
export type AnswerFault =
  /** Nothing that a caller could use: no bytes, no events, a web page; or it did not come. */
  | { type: 'no-answer'; reason: string; code: 'upstream_error' | 'upstream_timeout'; message: string }
  /** The first event of the stream is an error that another target may not have. */
  | { type: 'error-event'; names: readonly string[]; text: string | null }
  /** The whole body is an error, as an upstream sends it with that status. */
  | { type: 'error-body'; names: readonly string[]; status: number; bytes: Uint8Array<ArrayBuffer> };

/** Returns the fault of a stream without events, or of a body without content. */
export function noAnswer(
  reason: string,
  code: 'upstream_error' | 'upstream_timeout' = 'upstream_error',
): AnswerFault {
  const message =
    code === 'upstream_timeout'
      ? 'The model provider did not answer in time.'
      : `The model provider did not answer: it sent ${reason}.`;
  return { type: 'no-answer', reason, code, message };
}

/** Returns the fault of a body that breaks off before its first event. */
export function brokenAnswer(): AnswerFault {
  const message = 'The connection to the model provider broke off.';
  return { type: 'no-answer', reason: 'broke off before its first event', code: 'upstream_error', message };
}

/** Returns the fault of a stream's first event, or null when the event is no error or an error in the caller's own request. */
export function faultOfEvent(text: string, eventName: string | undefined): AnswerFault | null {
  // A stream that ends before its first event.
  if (text.trim() === '[DONE]') return noAnswer('an empty stream');
  const value = parsed(text);
  const error = isObject(value) ? errorOfEvent(value, eventName) : null;
  if (error === null) return null;
  const names = namesOf(error);
  if (isCallersFault(names, error)) return null;
  return { type: 'error-event', names, text: isObject(value) ? errorTextOf(value) : null };
}

/** An `error` member, an event that is called so, or a response of OpenAI's that has failed already. */
function errorOfEvent(value: JsonObject, eventName: string | undefined): unknown {
  const { error, response } = value;
  if (error !== undefined && error !== null) return error;
  if (value.type === 'response.failed' && isObject(response)) return response.error ?? response;
  return value.type === 'error' || eventName === 'error' ? value : null;
}

/** A longer body is not checked: an error is never so long. */
export const errorBodyBytes = 64 * 1024;

/** Pages of gateways, logins and parked domains. */
const page = /^\uFEFF?\s*<(!doctype|html|head|body|title|\?xml)\b/i;

/** Number of leading characters that identify a web page. */
export const pageCharacters = 64;

/** Returns the fault of a whole body that is not a stream of events, or null when it is a valid answer. */
export function faultOfBody(bytes: Uint8Array<ArrayBuffer>): AnswerFault | null {
  if (bytes.byteLength > errorBodyBytes) return null;
  const text = new TextDecoder().decode(bytes);
  if (isPage(text)) return noAnswer('a web page');
  if (text.trim() === '') return noAnswer('an empty answer');
  // Errors have a member of that name; most answers are never parsed here.
  const value = text.includes('"error') ? parsed(text) : null;
  const error = errorOfBody(Array.isArray(value) ? value[0] : value);
  if (error === null) return null;
  const names = namesOf(error);
  return { type: 'error-body', names, status: statusOf(names, error), bytes };
}

export function isPage(text: string): boolean {
  return page.test(text);
}

/**
 * `{error}`, or the whole value where it says that it is an error: Anthropic's and Responses' `type`, vLLM's `object`, Cloudflare's
 * `success`. An error beside an answer, or beside usage, is that answer's own: its end has failed.
 */
function errorOfBody(value: unknown): unknown {
  if (!isObject(value) || answerMembers.some((name) => isFilled(value[name]))) return null;
  const { error } = value;
  if (isFilled(error) && error !== true) return error;
  const isError =
    value.type === 'error' || value.object === 'error' || (value.success === false && isFilled(value.errors));
  return isError || error === true ? value : null;
}

const answerMembers = ['choices', 'content', 'output', 'candidates', 'data', 'results', 'usage'];

/** Whether a member has a value: neither absent nor the zero value of a language. */
function isFilled(member: unknown): boolean {
  if (Array.isArray(member)) return member.length > 0;
  return Boolean(member) && !isZeroObject(member);
}

/** Returns the names of an error. Its text stays out of the log: it may quote the relay's own key, or the caller's prompt. */
function namesOf(error: unknown): string[] {
  const { type, code, status } = isObject(error) ? error : {};
  const names = [type === 'error' ? null : type, code, status].map(String);
  return names.filter((name) => /^[\w.-]{1,64}$/.test(name) && name !== 'undefined' && name !== 'null');
}

/** Errors that are the request's own fault would be the same elsewhere. An error without a name is recognized by its message. */
function isCallersFault(names: readonly string[], error: unknown): boolean {
  if (isObject(error) && errorOf(error).kind === 'context-overflow') return true;
  const words = names.length > 0 ? names : [typeof error === 'string' ? error : JSON.stringify(error)];
  return words.some((word) => callersFault.test(word));
}

const callersFault =
  /invalid_request|invalid_argument|invalid_prompt|bad_?request|context_length|content_filter|not_found|^4(00|04|05|09|13|15|22)$/i;

const limited = /rate_limit|resource_exhausted|too_many_requests|throttl|^429$/i;
const refused =
  /authentication|unauthenticated|invalid_api_key|permission|insufficient_quota|billing|^40[123]$/i;

/** Returns whose failure it is: of the key's limits, of the key, or of the channel. */
export function kindOfNames(names: readonly string[]): 'limited' | 'refused' | 'unavailable' {
  if (names.some((name) => refused.test(name))) return 'refused';
  return names.some((name) => limited.test(name)) ? 'limited' : 'unavailable';
}

/** Whether an error of that name is the request's own fault. */
export function isCallersName(name: string): boolean {
  return callersFault.test(name);
}

/** The status that it names, or else the one that such an error has. */
function statusOf(names: readonly string[], error: unknown): number {
  const named = names.map(Number).find((status) => status >= 400 && status < 600);
  if (named !== undefined) return named;
  if (isCallersFault(names, error)) return names.some((name) => /not_found/i.test(name)) ? 404 : 400;
  return { refused: 401, limited: 429, unavailable: 502 }[kindOfNames(names)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
