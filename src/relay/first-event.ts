// The first event of a stream: an upstream that opens with 200 and then says that it failed has not answered.
import { type BodyShape, FramingDetector } from '../formats/framing-detector.ts';
import { isObject } from '../formats/json-reader.ts';
import type { JsonObject } from '../formats/observation.ts';
import { errorOf } from '../formats/openai-error.ts';
import { createRawSseSplitter, type RawSseBlock } from '../formats/sse.ts';
import { GulpReader } from '../lib/gulps.ts';
import { withTimer } from '../lib/timer.ts';
import type { AttemptFailure, Judged } from './blame.ts';

/** A stream that says something, but no event for this long, is passed on as it is: comments keep callers waiting. */
export const firstEventMs = 5_000;

/**
 * Looks at a branch of the body: what goes to the caller is not touched. `firstByteMs`: for any byte of it to come. A body
 * that is not declared a stream of events is looked at only if it begins as one.
 */
export async function withoutFirstError(
  response: Response,
  firstByteMs: number,
  isDeclared: boolean,
): Promise<Judged> {
  if (response.body === null) return { response, failure: null };
  const [body, branch] = response.body.tee();
  const reader = new GulpReader(branch);
  const failure = await failureInTime(reader, firstByteMs, isDeclared);
  await reader.cancel();
  return { response: new Response(body, response), failure };
}

async function failureInTime(
  reader: GulpReader,
  firstByteMs: number,
  isDeclared: boolean,
): Promise<AttemptFailure | null> {
  const heard = Promise.withResolvers<true>();
  const finding = firstFailure(reader, isDeclared, () => heard.resolve(true)).then((failure) => ({
    failure,
  }));
  const isHeard = await withTimer(Promise.race([heard.promise, finding]), firstByteMs);
  if (isHeard === null) return withoutAnswer('upstream_timeout');
  return (await withTimer(finding, firstEventMs))?.failure ?? null;
}

async function firstFailure(
  reader: GulpReader,
  isDeclared: boolean,
  heard: () => void,
): Promise<AttemptFailure | null> {
  const splitter = createRawSseSplitter({ maximumEventCharacters: 64 * 1024 });
  const detector = new FramingDetector();
  let shape: BodyShape | null = isDeclared ? 'sse' : null;
  try {
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
      heard();
      shape ??= detector.push(bytes);
      if (shape !== null && shape !== 'sse') return null;
      const first = splitter.push(bytes).find(isEvent);
      if (first !== undefined) return failureIn(first);
    }
    if (!isDeclared && detector.end() !== 'sse') return null;
    const rest = splitter.end().find(isEvent);
    return rest === undefined ? withoutAnswer('an empty stream') : failureIn(rest);
  } catch {
    return withoutAnswer('the stream broke off before its first event');
  }
}

/** Nothing was said: what became of the request is not known. */
function withoutAnswer(reason: string): AttemptFailure {
  return { kind: 'unavailable', reason, retryAfterMs: null, mayBeDone: true };
}

/** Comments, blank lines and Anthropic's pings are none; bare JSON amid a stream is (Google's errors). */
function isEvent({ data, event, raw }: RawSseBlock): boolean {
  return (data !== null && event !== 'ping') || (data === null && raw.trimStart().startsWith('{'));
}

function failureIn({ data, event, raw }: RawSseBlock): AttemptFailure | null {
  const value = parsed(data ?? raw);
  const error = value === null ? null : errorIn(value, event);
  if (error === null) return null;
  const names = namesOf(error);
  if (isCallersFault(names, error)) return null;
  const reason = `an error as the first event: ${names.join(' ') || 'without a name'}`;
  return { kind: kindOf(names), reason, retryAfterMs: null, mayBeDone: false };
}

/** An `error` member, an event that is called so, or a response of OpenAI's that has failed already. */
function errorIn(value: JsonObject, event: string | undefined): unknown {
  const { error, response } = value;
  if (error !== undefined && error !== null) return error;
  if (value.type === 'response.failed' && isObject(response)) return response.error ?? response;
  return value.type === 'error' || event === 'error' ? value : null;
}

/** What the error is called. Its words stay out of the log: they may quote the relay's own key, or the caller's question. */
function namesOf(error: unknown): string[] {
  const { type, code, status } = isObject(error) ? error : {};
  const names = [type === 'error' ? null : type, code, status].map(String);
  return names.filter((name) => /^[\w.-]{1,64}$/.test(name) && name !== 'undefined' && name !== 'null');
}

/** Errors that are the request's own fault would be the same elsewhere. An error without a name is told by its words. */
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

/** Whose failure it is: of the key's limits, of the key, or of the channel. */
function kindOf(names: readonly string[]): 'limited' | 'refused' | 'unavailable' {
  if (names.some((name) => refused.test(name))) return 'refused';
  return names.some((name) => limited.test(name)) ? 'limited' : 'unavailable';
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
