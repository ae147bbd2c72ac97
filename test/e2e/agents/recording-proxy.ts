// A proxy between the agents and the relay that passes everything on unchanged, and records requests and answers.
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface Exchange {
  method: string;
  path: string;
  body: string;
  status: number;
  /** The answer's body if it is an error. */
  error: string;
}

export interface RecordingProxy {
  url: string;
  exchanges: Exchange[];
  stop(): Promise<void>;
}

/**
 * Starts a proxy on a free port in front of `target`. An upgrade is passed on as bytes, and recorded by its
 * status.
 */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const { hostname, port } = new URL(target);
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const exchange = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      body: '',
      status: 0,
      error: '',
    };
    exchanges.push(exchange);
    incoming.on('data', (part: Buffer) => (exchange.body += part));
    const { method, url: path, headers } = incoming;
    const forwarded = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      exchange.status = answer.statusCode ?? 0;
      if (exchange.status >= 400) answer.on('data', (part: Buffer) => (exchange.error += part));
      outgoing.writeHead(exchange.status, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', (error) => outgoing.destroy(error));
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  server.on('upgrade', (incoming, client, head) => {
    const exchange = { method: 'UPGRADE', path: incoming.url ?? '', body: '', status: 0, error: '' };
    exchanges.push(exchange);
    const upstream = connect(Number(port), hostname, () => {
      const headers = [];
      for (let index = 0; index < incoming.rawHeaders.length; index += 2)
        headers.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
      upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    upstream.once(
      'data',
      (part: Buffer) => (exchange.status = Number(/^HTTP\/1\.1 (\d+)/.exec(String(part))?.[1])),
    );
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => other.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
