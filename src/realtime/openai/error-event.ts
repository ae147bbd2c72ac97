// The relay's own words inside a session: OpenAI's `error` server event, and the events that it sends upstream.
import { openaiError } from '../../formats/api-errors.ts';
import type { RelayError } from '../../lib/relay-error.ts';

/**
 * An `error` event as OpenAI's Realtime API sends it. `clientEventId`: of the event that it answers, when that had one.
 * https://platform.openai.com/docs/api-reference/realtime-server-events/error
 */
export function errorEvent(error: RelayError, clientEventId: string | null = null): string {
  return JSON.stringify({
    type: 'error',
    event_id: newEventId(),
    error: { ...openaiError(error), event_id: clientEventId },
  });
}

/** Ends a response that is not paid for. */
export function cancelEvent(responseId: string): string {
  return JSON.stringify({ type: 'response.cancel', event_id: newEventId(), response_id: responseId });
}

/** Returns the settings of an ephemeral secret, which are sent to the upstream first. */
export function sessionUpdateEvent(session: unknown): string {
  return JSON.stringify({ type: 'session.update', event_id: newEventId(), session });
}

/** The session's time is over, in OpenAI's words for it. */
export function sessionExpiredEvent(): string {
  const message = 'Your session hit the maximum duration of 60 minutes.';
  const error = {
    type: 'invalid_request_error',
    code: 'session_expired',
    message,
    param: null,
    event_id: null,
  };
  return JSON.stringify({ type: 'error', event_id: newEventId(), error });
}

function newEventId(): string {
  return `event_${crypto.randomUUID().replaceAll('-', '').slice(0, 21)}`;
}
