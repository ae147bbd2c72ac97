// The demo upstream: a small server that speaks the providers' formats, so that a relay without any key has an
// upstream. It answers everything with a friendly echo.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from './answer.ts';
import type { DemoAnswer, DemoRequest } from './exchange.ts';
import { answerRequest } from './routes.ts';

export interface DemoUpstream {
  /** Address without a path: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Closes the server and its open connections. */
  close(): Promise<void>;
}

const pauseBetweenPiecesMs = 20;
/** An idle connection is closed after this, as real upstreams do. */
const idleConnectionMs = 5_000;
const largestBodyBytes = 100 * 1024 * 1024;

/** Starts the server on this machine's loopback; port 0 is any free one. */
export async function startDemoUpstream(port = 0): Promise<DemoUpstream> {
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = idleConnectionMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const answer = await answerRequest(await readRequest(incoming));
  outgoing.setHeader('x-request-id', newId('req_'));
  await writeAnswer(answer, outgoing);
}

async function readRequest(incoming: IncomingMessage): Promise<DemoRequest> {
  const url = new URL(incoming.url ?? '/', 'http://demo');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestBodyBytes) throw new Error('body too large');
    parts.push(part);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headersDistinct))
    headers.set(name, value?.join(', ') ?? '');
  const path = decodeURIComponent(url.pathname);
  const body = new Uint8Array(Buffer.concat(parts));
  return { method: incoming.method ?? 'GET', path, query: url.searchParams, headers, body };
}

async function writeAnswer(answer: DemoAnswer, outgoing: ServerResponse): Promise<void> {
  switch (answer.kind) {
    case 'json':
      outgoing.writeHead(answer.status, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(answer.body));
      return;
    case 'bytes':
      outgoing.writeHead(200, { 'content-type': answer.contentType });
      outgoing.end(answer.bytes);
      return;
    case 'stream':
      outgoing.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-cache' });
      await writePieces(answer.pieces, outgoing);
  }
}

/** Stops writing when the client leaves. */
async function writePieces(pieces: readonly string[], outgoing: ServerResponse): Promise<void> {
  for (const piece of pieces) {
    if (outgoing.destroyed) return;
    outgoing.write(piece);
    await delay(pauseBetweenPiecesMs);
  }
  outgoing.end();
}
