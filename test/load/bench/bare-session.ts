// The baseline of realtime sessions: the least that a Durable Object between two sockets can do.
import { DurableObject } from 'cloudflare:workers';

interface BareEnv {
  UPSTREAM: string;
  SESSION: DurableObjectNamespace<BareSession>;
}

export class BareSession extends DurableObject<BareEnv> {
  override async fetch(): Promise<Response> {
    const upstream = (await fetch(this.env.UPSTREAM, { headers: { upgrade: 'websocket' } })).webSocket;
    if (upstream === null) return new Response(null, { status: 502 });
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    upstream.accept();
    server.addEventListener('message', ({ data }) => upstream.send(data));
    upstream.addEventListener('message', ({ data }) => server.send(data));
    server.addEventListener('close', () => upstream.close());
    upstream.addEventListener('close', () => server.close());
    return new Response(null, { status: 101, webSocket: client });
  }
}

export default {
  fetch: (_request: Request, env: BareEnv) =>
    env.SESSION.get(env.SESSION.newUniqueId()).fetch('https://session/', {
      headers: { upgrade: 'websocket' },
    }),
};
