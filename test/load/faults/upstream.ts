// The upstream of the fault tests: it follows the plan and records the usage that it reports.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { type Counts, costOf, type Piece } from './kinds.ts';
import type { PlannedRequest } from './plan.ts';

/** The header that identifies a request; on none of the relay's lists, so it is forwarded. */
export const indexHeader = 'x-fault-index';

/** The upstream's record of one request. */
export interface Served {
  index: number;
  /** Every cost that it has reported so far, in nano-USD; it bills the last one. */
  reportedNanoUsd: number[];
  /** Whether the whole response was written. */
  finished: boolean;
}

export interface FaultyUpstream {
  url: string;
  served: Map<number, Served>;
  stop(): Promise<void>;
}

export async function startFaultyUpstream(plan: readonly PlannedRequest[]): Promise<FaultyUpstream> {
  const served = new Map<number, Served>();
  const upstream: TestUpstream = await startUpstream(async ({ headers }, response, { socket }) => {
    upstream.received.length = 0;
    const request = plan[Number(headers[indexHeader])];
    if (request === undefined) {
      response.writeHead(500).end();
      return;
    }
    const record = served.get(request.index) ?? {
      index: request.index,
      reportedNanoUsd: [],
      finished: false,
    };
    served.set(request.index, record);
    response.on('error', () => undefined);
    await serve(request, record, response, socket).catch(() => response.destroy());
  });
  return { url: upstream.url, served, stop: upstream.stop };
}

async function serve(
  request: PlannedRequest,
  record: Served,
  response: ServerResponse,
  // The response's own socket is null while the previous response on the connection is not over.
  socket: Socket,
): Promise<void> {
  const { kind, fault, counts } = request;
  switch (fault.what) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'as planned', type: 'server_error', code: null } }));
      return;
    case 'reset-before-head':
      socket.resetAndDestroy();
      return;
    case 'slow-head':
      await delay(fault.ms);
      break;
    case 'client-leaves-before-head':
      await delay(400);
      break;
    default:
  }
  const pieces = kind.pieces(counts, fault.what !== 'no-usage');
  const length = Buffer.byteLength(pieces.map(({ text }) => text).join(''));
  // Unstreamed responses announce their length in most APIs, but not in all.
  const announced = !kind.stream && request.index % 3 !== 0 ? { 'content-length': length } : {};
  response.writeHead(200, { 'content-type': kind.contentType, ...announced });
  const isCut = fault.what === 'reset' || fault.what === 'truncated';
  await send(pieces, isCut ? Math.floor(length * fault.at) : length, request.pieceMs, record, response);
  if (response.destroyed) return;
  record.finished = !isCut;
  if (fault.what === 'reset') {
    // The bytes that were written must arrive before the reset does.
    await delay(30);
    socket.resetAndDestroy();
  } else response.end();
}

/** Sends up to `bytes`, piece by piece; a report counts when its piece has been sent whole. */
async function send(
  pieces: readonly Piece[],
  bytes: number,
  pieceMs: number,
  { reportedNanoUsd }: Served,
  response: ServerResponse,
): Promise<void> {
  let room = bytes;
  const report = (counts: Counts | null) => counts !== null && reportedNanoUsd.push(costOf(counts));
  for (const { text, reported: counts } of pieces) {
    if (response.destroyed || room <= 0) return;
    // The test's responses are ASCII, so characters equal bytes.
    response.write(text.slice(0, room));
    // The last line break of a stream may be missing: a reader accepts the line all the same.
    if (text.trimEnd().length <= room) report(counts);
    room -= text.length;
    if (pieceMs > 0) await delay(pieceMs);
  }
}
