// The one fetch of an upstream. Owns the time to the first byte, what a failure to connect is called, and how long an
// error may take to be told.
import type { AlarmClock } from '../lib/alarm-clock.ts';
import { decodedResponse } from '../lib/decoded-response.ts';
import { GulpReader } from '../lib/gulps.ts';
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

/** Of an error's body: what comes later, or beyond it, is not waited for. */
export const errorBodyLimits = { waitMs: 10_000, bytes: 1024 * 1024 } as const;

/** Sends a request whose body is JSON text, as `fetch` would. */
export type Send = (url: string, init: { body: string; signal: AbortSignal }) => Promise<Response>;

/**
 * The upstream's response, whatever its status; an error's body has come by then. Redirects are not followed (they
 * would carry the key elsewhere). Throws RelayError `upstream_timeout` or `upstream_error`; rethrows when the caller aborted.
 */
export async function callUpstream(call: UpstreamCall): Promise<Response> {
  const response = await responseTo(call);
  if (!isAnswer(response)) {
    await response.body?.cancel();
    const message = 'The model provider gave an answer that is none.';
    throw new RelayError('upstream_error', message, { cause: `upstream status ${response.status}` });
  }
  return response.status < 400 || response.body === null ? response : withWholeBody(response, call);
}

/** A status that HTTP does not have, or that is for the next hop only: 101, and 407, which clients take for a broken connection. */
function isAnswer({ status }: Response): boolean {
  return status >= 200 && status < 600 && status !== 407;
}

async function responseTo({
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
    return decodedResponse(await fetch(url, { method, headers, body, signal, redirect: 'manual' }));
  } catch (cause) {
    if (late)
      throw new RelayError('upstream_timeout', 'The model provider did not answer in time.', { cause });
    if (abort.signal.aborted) throw cause;
    throw new RelayError('upstream_error', 'The model provider cannot be reached at the moment.', { cause });
  } finally {
    callOff();
  }
}

/** An upstream that fails may fail at saying so, too: what it said in time is the error. */
async function withWholeBody(response: Response, { abort, clock }: UpstreamCall): Promise<Response> {
  const reader = new GulpReader(response.body as ReadableStream);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let isWhole = false;
  const callOff = clock.after(errorBodyLimits.waitMs, () => abort.abort());
  try {
    for (let left = errorBodyLimits.bytes; left > 0; left -= pieces.at(-1)?.byteLength ?? 0) {
      const bytes = await reader.read();
      isWhole = bytes === null;
      if (bytes === null) break;
      pieces.push(bytes.slice(0, left));
    }
  } catch {
    // It broke off, or was given up.
  } finally {
    callOff();
  }
  if (!isWhole) await reader.cancel();
  const headers = new Headers(response.headers);
  if (!isWhole) headers.delete('content-length');
  return new Response(new Blob(pieces), { status: response.status, headers });
}
