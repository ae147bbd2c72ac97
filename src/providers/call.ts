// The one fetch of an upstream. Owns the time to the first byte, what a failure to connect is called, what is sent once more when a
// connection that was kept alive has closed, and how long an error may take to be told.

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
  /** What sends it; undefined: `fetch`. */
  send?: Send;
  /** What sends it once more, on a new connection; undefined: it is not to be sent twice. */
  resend?: FetchUpstream;
}

/** `fetch`, or what stands for it. */
export type FetchUpstream = (url: string, init: RequestInit) => Promise<Response>;

/**
 * A connection that the upstream closes for idleness just as a request goes out loses that request: nobody has handled it (RFC 9112,
 * section 9.3.1, which lets a client repeat it). `fetch` does not say whether a connection was used before, so that this stands for it.
 */
const repeatLimits = {
  /** It breaks within this time of the sending. Later, the upstream may well have begun. */
  withinMs: 1_000,
  /** An origin that answered within this time may have left a connection that is used again. */
  keptAliveMs: 300_000,
  /** Origins that are remembered. */
  origins: 1_000,
} as const;

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

/** When each origin last answered: to it a connection may be open. */
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

/** Whether a connection may have been an old one that was closed at the very moment of the request. */
function mayBeStaleConnection(origin: string, startedAtMs: number, nowMs: number): boolean {
  const lastMs = lastAnswerAtMs.get(origin) ?? Number.NEGATIVE_INFINITY;
  return nowMs - startedAtMs < repeatLimits.withinMs && startedAtMs - lastMs < repeatLimits.keptAliveMs;
}

/** An upstream that fails may fail at saying so, too: what it said in time is the error. */
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
    // It broke off, or was given up.
  } finally {
    callOff();
  }
  if (!isWhole) await reader.cancel();
  const headers = new Headers(response.headers);
  if (!isWhole) headers.delete('content-length');
  return new Response(new Blob(pieces), { status: response.status, headers });
}
