// Turns anything thrown inside a session into a RelayError. Other errors are logged and become `internal_error`.
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';

/** Returns the error itself, or an `internal_error`. */
export function relayErrorOf(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const stack = String((thrown as Error)?.stack ?? thrown);
  logError('realtime-session-failed', { stack });
  return new RelayError('internal_error', 'The relay failed at this session.', { cause: thrown });
}
