// The first event of a stream: an upstream that opens with 200 and then says that it failed has not answered.
import { isObject } from '../formats/json-reader.ts';
import type { JsonObject } from '../formats/observation.ts';
import { createRawSseSplitter, type RawSseBlock } from '../formats/sse.ts';
import { GulpReader } from '../lib/gulps.ts';
import { withTimer } from '../lib/timer.ts';

/** A stream that says nothing for this long is passed on as it is: comments keep callers waiting. */
export const firstEventMs = 5_000;

/** The response with its whole body; `reason` says why it is no answer, null: it may be one. */
export interface Opened {
  response: Response;
  reason: string | null;
}

/** Looks at a branch of the body: what goes to the caller is not touched. */
export async function withoutFirstError(response: Response, isStream: boolean): Promise<Opened> {
  if (response.body === null || !isStream) return { response, reason: null };
  const [body, branch] = response.body.tee();
  const reader = new GulpReader(branch);
  const reason = await withTimer(firstReason(reader), firstEventMs);
  await reader.cancel();
  return { response: new Response(body, response), reason: reason?.reason ?? null };
}

async function firstReason(reader: GulpReader): Promise<{ reason: string | null }> {
  const splitter = createRawSseSplitter({ maximumEventCharacters: 64 * 1024 });
  try {
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
      const first = splitter.push(bytes).find(isEvent);
      if (first !== undefined) return { reason: reasonIn(first) };
    }
    const rest = splitter.end().find(isEvent);
    return { reason: rest === undefined ? 'an empty stream' : reasonIn(rest) };
  } catch {
    return { reason: 'the stream broke off before its first event' };
  }
}

/** Comments and blank lines are none; bare JSON amid a stream is (Google's errors). */
function isEvent({ data, raw }: RawSseBlock): boolean {
  return data !== null || raw.trimStart().startsWith('{');
}

/** Errors that are the request's own fault would be the same elsewhere. */
const callersFault = /invalid_request|invalid_argument|context_length|content_filter|permission|not_found/i;

function reasonIn({ data, raw }: RawSseBlock): string | null {
  const value = parsed(data ?? raw);
  if (value === null) return null;
  const error = value.error ?? (value.type === 'error' ? value : null);
  if (error === null || error === undefined) return null;
  const text = typeof error === 'string' ? error : JSON.stringify(error);
  return callersFault.test(text) ? null : `an error as the first event: ${nameOf(error)}`;
}

/** What the error is called. Its words stay out of the log: they may quote the relay's own key, or the caller's question. */
function nameOf(error: unknown): string {
  const { type, code, status } = isObject(error) ? error : {};
  const names = [type, code, status].map(String).filter((name) => /^[\w.-]{1,64}$/.test(name));
  return names.filter((name) => name !== 'undefined' && name !== 'null').join(' ') || 'without a name';
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
