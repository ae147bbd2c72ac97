// Whatever is thrown inside a session, as the relay's own error: what is none of its kind is logged, and told as internal.
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';

/** The error itself, or an `internal_error` in its place. */
export function relayErrorOf(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const stack = String((thrown as Error)?.stack ?? thrown);
  logError('realtime-session-failed', { stack });
  return new RelayError('internal_error', 'The relay failed at this session.', { cause: thrown });
}
