// An imitation of a provider over real sockets: it answers with the test's handler, and records its requests.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the upstream received it. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface TestUpstream {
  url: string;
  received: Received[];
  /** Answers the next requests. */
  handler: Handler;
  stop(): Promise<void>;
}

export type Handler = (
  request: Received,
  response: ServerResponse,
  raw: IncomingMessage,
) => void | Promise<void>;

/** Starts an upstream on a free port. Bodies are read whole before the handler runs, unless `unread` is set. */
export async function startUpstream(
  handler: Handler,
  options: { unread?: boolean } = {},
): Promise<TestUpstream> {
  const upstream = { received: [] as Received[], handler };
  const server = createServer(async (request, response) => {
    const body = options.unread ? Buffer.alloc(0) : await readAll(request).catch(() => Buffer.alloc(0));
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
    };
    upstream.received.push(received);
    await upstream.handler(received, response, request);
  });
  server.requestTimeout = 0;
  // As upstreams on Node do, it closes idle connections.
  server.keepAliveTimeout = 5_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
