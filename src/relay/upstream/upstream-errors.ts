// Errors of an upstream whose answer is not complete.
import { RelayError } from '../../lib/relay-error.ts';

/** Returns the error for an upstream that has fallen silent. */
export function silentUpstream(idleMs: number): RelayError {
  const message = `The model provider said nothing for ${Math.round(idleMs / 1000)} seconds; its answer was ended.`;
  return new RelayError('upstream_timeout', message);
}

/** Returns the error for an upstream whose connection breaks. */
export function brokenUpstream(cause: unknown): RelayError {
  return new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
}

/** Returns the error for an upstream's body that ends before the answer is complete. */
export function cutAnswer(): RelayError {
  return new RelayError('upstream_error', 'The model provider ended its answer before it was whole.');
}
