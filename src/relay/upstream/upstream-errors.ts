// Errors of an upstream whose answer does not come to its end.
import { RelayError } from '../../lib/relay-error.ts';

/** Returns the error for an upstream that has fallen silent. */
export function silentUpstream(idleMs: number): RelayError {
  const message = `The model provider said nothing for ${Math.round(idleMs / 1000)} seconds; its answer was ended.`;
  return new RelayError('upstream_timeout', message);
}

/** What a caller is told when the upstream's connection breaks in the middle. */
export function brokenUpstream(cause: unknown): RelayError {
  return new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
}

/** What a caller is told when the upstream's body ends in the middle of its answer. */
export function cutAnswer(): RelayError {
  return new RelayError('upstream_error', 'The model provider ended its answer before it was whole.');
}
