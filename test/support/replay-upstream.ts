// An upstream that answers with recorded bytes, delivered as the request's own headers say: whole, at seeded
// cuts, or one byte at a time. It remembers each request under the id that its sender gave it.
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cutAtSeed } from './fixtures.ts';
import { type Received, startUpstream, type TestUpstream } from './upstream.ts';

/** How a body is cut into writes of their own. */
export type Delivery = 'whole' | 'cuts' | 'bytes';

/** An answer, as it is replayed. */
export interface Recording {
  status: number;
  headers: Readonly<Record<string, string>>;
  bytes: Uint8Array;
}

/** Headers by which a caller orders its answer. The replays' channels forward them. */
export const replayHeaders = {
  recording: 'x-replay-recording',
  delivery: 'x-replay-delivery',
  request: 'x-replay-request',
} as const;

export interface ReplayUpstream {
  url: string;
  /** The request with that id, as it came here. */
  receivedAs(requestId: string): Received | undefined;
  stop(): Promise<void>;
}

/** Starts one that knows `recordings` by name. */
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

/** Sends the recording; only a whole delivery announces its length, and so takes the short way of small answers. */
async function replay({ status, headers, bytes }: Recording, delivery: Delivery, response: ServerResponse) {
  const isEvents = headers['content-type']?.includes('event-stream') === true;
  const length = delivery === 'whole' && !isEvents ? { 'content-length': String(bytes.length) } : {};
  response.writeHead(status, { ...headers, ...length });
  for (const piece of piecesOf(bytes, delivery)) {
    response.write(piece);
    // A turn of the loop between two writes sends each by itself: Node corks what is written within one.
    await nextTurn();
  }
  response.end();
}

function piecesOf(bytes: Uint8Array, delivery: Delivery): Uint8Array[] {
  if (delivery === 'whole') return bytes.length === 0 ? [] : [bytes];
  return cutAtSeed(bytes, bytes.length, delivery === 'bytes' ? 1 : Math.max(16, bytes.length / 12));
}
