// Requests that were sent to the wrong endpoint of OpenAI's, and can be read all the same.
import type { JsonObject } from './observation.ts';

/** A Responses body sent to chat completions, as Cursor does: `input` and no `messages`. It is answered as chat. */
export function isResponsesBody(body: JsonObject): boolean {
  const given = (key: string) => body[key] !== undefined && body[key] !== null;
  return !given('messages') && given('input');
}
