// The client of the fault tests: sends a request, disconnects when the plan requires it, and records the response.
import { Agent, request as startRequest } from 'node:http';
import { type PlannedRequest, promptOf } from './plan.ts';
import { indexHeader } from './upstream.ts';

/** What a client received for its request. */
export interface Seen {
  request: PlannedRequest;
  tokenId: string;
  startedAtMs: number;
  endedAtMs: number;
  /** The status, or null if no head arrived. */
  status: number | null;
  requestId: string | null;
  /** Whether the response ended completely, as far as HTTP shows. */
  ended: boolean;
  /** Whether the client disconnected. */
  left: boolean;
  /** Whether the client timed out. No request may end so. */
  hung: boolean;
}

/** The slowest response of the plan takes about five seconds. */
const timeoutMs = 25_000;

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** Sends a request. Never rejects, since a killed relay is part of the test. */
export function send(
  url: string,
  request: PlannedRequest,
  token: { id: string; token: string },
): Promise<Seen> {
  const { kind, fault, index } = request;
  const seen: Seen = {
    request,
    tokenId: token.id,
    startedAtMs: Date.now(),
    endedAtMs: 0,
    status: null,
    requestId: null,
    ended: false,
    left: false,
    hung: false,
  };
  const body = JSON.stringify(kind.body(promptOf(request)));
  const leaveAfter =
    fault.what === 'client-leaves' ? expectedBytes(request) * fault.at : Number.POSITIVE_INFINITY;
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      seen.endedAtMs = Date.now();
      resolve(seen);
    };
    const clientRequest = startRequest(url + kind.path, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${token.token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'accept-encoding': 'identity',
        [indexHeader]: String(index),
      },
    });
    const leave = () => {
      seen.left = true;
      clientRequest.destroy();
    };
    if (fault.what === 'client-leaves-before-head') setTimeout(leave, 150);
    const timer = setTimeout(() => {
      seen.hung = true;
      clientRequest.destroy();
    }, timeoutMs);
    clientRequest.on('error', () => undefined);
    clientRequest.on('close', done);
    clientRequest.on('response', (response) => {
      seen.status = response.statusCode ?? 0;
      seen.requestId = String(response.headers['x-request-id'] ?? '');
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes >= leaveAfter && seen.status === 200) leave();
      });
      response.on('end', () => {
        seen.ended = response.complete;
      });
      response.on('error', () => undefined);
    });
    clientRequest.end(body);
  });
}

function expectedBytes({ kind, counts }: PlannedRequest): number {
  return kind.pieces(counts, true).reduce((sum, { text }) => sum + text.length, 0);
}
