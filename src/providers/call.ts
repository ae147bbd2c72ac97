// The one fetch of an upstream: the timeout of the first byte, errors of connections, the retry of a request lost
// on a closed keep-alive connection, and the timeout of an error's body.

import { ChunkReader } from '../lib/chunk-reader.ts';
import type { DeadlineTimer } from '../lib/deadline-timer.ts';
import { decodedResponse } from '../lib/decoded-response.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { UpstreamRequest } from './provider.ts';

/** One call, ready to be sent. */
export interface UpstreamCall extends UpstreamRequest {
  /** Aborting this aborts the upstream, before and after its response has begun. */
  abort: AbortController;
  /** The request's deadlines. */
  clock: DeadlineTimer;
  /** To the response's head. */
  firstByteMs: number;
  /** What sends it. Undefined: `fetch`. */
  send?: Send;
  /** What sends it again on a new connection. Undefined: it must not be sent twice. */
  resend?: FetchUpstream;
}

/** `fetch`, or a replacement. */
export type FetchUpstream = (url: string, init: RequestInit) => Promise<Response>;

/**
 * An upstream that closes an idle connection just as a request goes out loses that request, and nobody has
 * handled it (RFC 9112, section 9.3.1, allows clients to repeat it). `fetch` does not report whether a
 * connection was reused, so these values stand for it.
 */
const repeatLimits = {
  /** The connection breaks within this time after sending. Later, the upstream may have begun its work. */
  withinMs: 1_000,
  /** An origin that answered within this time may have left a connection that is reused. */
  keptAliveMs: 300_000,
  /** Origins that are remembered. */
  origins: 1_000,
} as const;

/** Limits of an error's body: the rest is not awaited. */
export const errorBodyLimits = { waitMs: 10_000, bytes: 1024 * 1024 } as const;

/** Sends a request whose body is JSON text, as `fetch` would. */
export type Send = (url: string, init: { body: string; signal: AbortSignal }) => Promise<Response>;

/**
 * Returns the upstream's response, whatever its status; an error's body has arrived by then. Redirects are not
 * followed (they would carry the key elsewhere). Throws RelayError `upstream_timeout` or `upstream_error`;
 * rethrows when the caller aborted.
 */
export async function callUpstream(call: UpstreamCall): Promise<Response> {
  const response = await responseTo(call);
  if (!isAnswer(response)) {
    await response.body?.cancel();
    const message = 'The model provider returned an invalid answer.';
    throw new RelayError('upstream_error', message, { cause: `upstream status ${response.status}` });
  }
  return response.status < 400 || response.body === null ? response : withWholeBody(response, call);
}

/**
 * Matches statuses that HTTP does not have, or that are for the next hop only: 101, and 407, which clients take
 * for a broken connection.
 */
function isAnswer({ status }: Response): boolean {
  return status >= 200 && status < 600 && status !== 407;
}

/** When each origin last answered: a connection to it may be open. */
const lastAnswerAtMs = new Map<string, number>();

async function responseTo(call: UpstreamCall): Promise<Response> {
  const { url, body, abort, clock, firstByteMs, send } = call;
  let late = false;
  const callOff = clock.after(firstByteMs, () => {
    late = true;
    abort.abort();
  });
  try {
    const { signal } = abort;
    if (send !== undefined) return await send(url, { body: String(body), signal });
    return decodedResponse(await fetched(call));
  } catch (cause) {
    if (late)
      throw new RelayError('upstream_timeout', 'The model provider did not answer in time.', { cause });
    if (abort.signal.aborted) throw cause;
    throw new RelayError('upstream_error', 'The model provider cannot be reached at the moment.', { cause });
  } finally {
    callOff();
  }
}

async function fetched(call: UpstreamCall): Promise<Response> {
  const { url, method, headers, body, abort, resend } = call;
  const init: RequestInit = { method, headers, body, signal: abort.signal, redirect: 'manual' };
  const origin = url.slice(0, url.indexOf('/', 'https://'.length));
  const startedAtMs = Date.now();
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    const isLost = !abort.signal.aborted && mayBeStaleConnection(origin, startedAtMs, Date.now());
    if (!isLost || resend === undefined || body instanceof ReadableStream) throw cause;
    response = await resend(url, init);
  }
  if (lastAnswerAtMs.size >= repeatLimits.origins && !lastAnswerAtMs.has(origin)) lastAnswerAtMs.clear();
  lastAnswerAtMs.set(origin, Date.now());
  return response;
}

/** Returns whether the request may have gone out on an old connection that was being closed. */
function mayBeStaleConnection(origin: string, startedAtMs: number, nowMs: number): boolean {
  const lastMs = lastAnswerAtMs.get(origin) ?? Number.NEGATIVE_INFINITY;
  return nowMs - startedAtMs < repeatLimits.withinMs && startedAtMs - lastMs < repeatLimits.keptAliveMs;
}

/** Reads an error's body for a limited time: an upstream that fails may also fail to send its error. */
async function withWholeBody(response: Response, { abort, clock }: UpstreamCall): Promise<Response> {
  const reader = new ChunkReader(response.body as ReadableStream);
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
    // The body broke off, or was abandoned.
  } finally {
    callOff();
  }
  if (!isWhole) await reader.cancel();
  const headers = new Headers(response.headers);
  if (!isWhole) headers.delete('content-length');
  return new Response(new Blob(pieces), { status: response.status, headers });
}
