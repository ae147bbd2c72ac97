// Sends a request on a connection that no other request has used. workerd cannot: it has a pool of connections,
// and the next one may be as dead as the one before (kj's HttpClient reuses every connection that it has not seen
// closed; tried on workerd 1.20261023.1).
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface NewConnections {
  close(): void;
}

/**
 * Starts a forward proxy on a unix socket, for workerd alone: each request (its target is a whole URL) goes out on a connection of its
 * own. A target that cannot be reached, or that breaks off, breaks the connection to workerd, as it would without the proxy.
 */
export async function startNewConnections(socket: string): Promise<NewConnections> {
  // Requests arrive without Host: it is in the URL.
  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, forward);
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  // It lives as long as workerd does, and must not keep this process alive.
  server.unref();
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url = '' } = incoming;
  if (!URL.canParse(url)) return void outgoing.destroy();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const forwarded = send(url, { method, headers, agent: false }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, headersOf(response));
    response.on('error', () => outgoing.destroy());
    response.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
}

/** All but hop-by-hop headers, which Node writes itself. */
function headersOf({ headersDistinct }: IncomingMessage): Record<string, string[]> {
  const { connection, 'keep-alive': keepAlive, 'transfer-encoding': coding, ...passing } = headersDistinct;
  return passing as Record<string, string[]>;
}
