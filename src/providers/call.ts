// The one fetch of an upstream. Owns the time to the first byte and what a failure to connect is called.
import type { AlarmClock } from '../lib/alarm-clock.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { UpstreamRequest } from './provider.ts';

/** One call, ready to be sent. */
export interface UpstreamCall extends UpstreamRequest {
  /** Aborting this aborts the upstream, before and after its response has begun. */
  abort: AbortController;
  /** The request's deadlines. */
  clock: AlarmClock;
  /** To the response's head. */
  firstByteMs: number;
  /** What sends it; undefined: `fetch`. */
  send?: Send;
}

/** Sends a request whose body is JSON text, as `fetch` would. */
export type Send = (url: string, init: { body: string; signal: AbortSignal }) => Promise<Response>;

/**
 * The upstream's response, whatever its status; redirects are not followed (they would carry the key
 * elsewhere). Throws RelayError `upstream_timeout` or `upstream_error`; rethrows when the caller aborted.
 */
export async function callUpstream({
  url,
  method,
  headers,
  body,
  abort,
  clock,
  firstByteMs,
  send,
}: UpstreamCall): Promise<Response> {
  let late = false;
  const callOff = clock.after(firstByteMs, () => {
    late = true;
    abort.abort();
  });
  try {
    const { signal } = abort;
    if (send !== undefined) return await send(url, { body: String(body), signal });
    return await fetch(url, { method, headers, body, signal, redirect: 'manual' });
  } catch (cause) {
    if (late)
      throw new RelayError('upstream_timeout', 'The model provider did not answer in time.', { cause });
    if (abort.signal.aborted) throw cause;
    throw new RelayError('upstream_error', 'The model provider cannot be reached at the moment.', { cause });
  } finally {
    callOff();
  }
}
