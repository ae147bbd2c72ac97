// An upstream that answers with recorded bytes, delivered as the request's headers demand: whole, in seeded
// pieces, or one byte at a time. It records each request under the id that the sender gave it.
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cutAtSeed } from './fixtures.ts';
import { type Received, startUpstream, type TestUpstream } from './upstream.ts';

/** How a body is split into separate writes. */
export type Delivery = 'whole' | 'cuts' | 'bytes';

/** A response to replay. */
export interface Recording {
  status: number;
  headers: Readonly<Record<string, string>>;
  bytes: Uint8Array;
}

/** Headers with which a caller selects its response. The channels of the replays forward them. */
export const replayHeaders = {
  recording: 'x-replay-recording',
  delivery: 'x-replay-delivery',
  request: 'x-replay-request',
} as const;

export interface ReplayUpstream {
  url: string;
  /** Returns the request with that id, as it arrived here. */
  receivedAs(requestId: string): Received | undefined;
  stop(): Promise<void>;
}

/** Starts an upstream with these `recordings` by name. */
export async function startReplayUpstream(
  recordings: ReadonlyMap<string, Recording>,
): Promise<ReplayUpstream> {
  const received = new Map<string, Received>();
  const upstream: TestUpstream = await startUpstream(async (request, response) => {
    received.set(String(request.headers[replayHeaders.request]), request);
    const recording = recordings.get(String(request.headers[replayHeaders.recording]));
    if (recording === undefined) {
      response.writeHead(500).end('no such recording');
      return;
    }
    await replay(recording, request.headers[replayHeaders.delivery] as Delivery, response);
  });
  return { url: upstream.url, receivedAs: (id) => received.get(id), stop: upstream.stop };
}

/** Sends the recording. Only a whole delivery announces its length and so uses the fast path for small responses. */
async function replay({ status, headers, bytes }: Recording, delivery: Delivery, response: ServerResponse) {
  const isEvents = headers['content-type']?.includes('event-stream') === true;
  const length = delivery === 'whole' && !isEvents ? { 'content-length': String(bytes.length) } : {};
  response.writeHead(status, { ...headers, ...length });
  for (const piece of piecesOf(bytes, delivery)) {
    response.write(piece);
    // A turn of the event loop between two writes sends them separately: Node corks writes of the same turn.
    await nextTurn();
  }
  response.end();
}

function piecesOf(bytes: Uint8Array, delivery: Delivery): Uint8Array[] {
  if (delivery === 'whole') return bytes.length === 0 ? [] : [bytes];
  return cutAtSeed(bytes, bytes.length, delivery === 'bytes' ? 1 : Math.max(16, bytes.length / 12));
}
