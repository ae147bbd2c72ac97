// A test client of /v1/realtime, which records what it received and how it was closed.
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';

export interface RealtimeClient {
  socket: WebSocket;
  received: string[];
  /** The headers of the upgrade's response. */
  headers: IncomingHttpHeaders;
  closed: Promise<{ code: number; reason: string; atMs: number }>;
  say(event: object): void;
  /** Returns the next event of that type, each event once. Throws after `withinMs`, or when the socket closes. */
  next(type: string, withinMs?: number): Promise<Record<string, unknown>>;
}

/** Opens a session; rejects with the refusal's status and body. */
export async function openRealtime(
  url: string,
  token: string | null,
  options: { query?: string; protocols?: string[]; socket?: ClientOptions } = {},
): Promise<RealtimeClient> {
  const { query = '?model=gpt-realtime', protocols = [], socket: given = {} } = options;
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime${query}`, protocols, {
    maxPayload: 0,
    headers,
    ...given,
  });
  const client = clientOf(socket);
  await opened(socket);
  return client;
}

/** Waits until a socket is open. Throws Refused with the response if the upgrade is refused. */
export function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', async (_, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      reject(new Refused(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
    });
  });
}

/** A refused upgrade. */
export class Refused extends Error {
  readonly status: number;
  readonly body: { error: Record<string, unknown> };
  constructor(status: number, text: string) {
    super(`refused: ${status} ${text}`);
    this.status = status;
    this.body = JSON.parse(text);
  }
}

function clientOf(socket: WebSocket): RealtimeClient {
  const received: string[] = [];
  const headers: IncomingHttpHeaders = {};
  socket.once('upgrade', (response) => Object.assign(headers, response.headers));
  const seen = new Map<string, number>();
  const news = new EventTarget();
  const closed = new Promise<{ code: number; reason: string; atMs: number }>((resolve) => {
    socket.once('close', (code, reason) => {
      news.dispatchEvent(new Event('news'));
      resolve({ code, reason: String(reason), atMs: Date.now() });
    });
  });
  socket.on('error', () => undefined);
  socket.on('message', (data, isBinary) => {
    received.push(isBinary ? (data as Buffer).toString('hex') : String(data));
    news.dispatchEvent(new Event('news'));
  });
  const find = (type: string) => {
    for (let index = seen.get(type) ?? 0; index < received.length; index++) {
      const event = parseOrNull(received[index] ?? '');
      if (event?.type !== type) continue;
      seen.set(type, index + 1);
      return event;
    }
    return null;
  };
  return {
    socket,
    received,
    headers,
    closed,
    say: (event) => socket.send(JSON.stringify(event)),
    next: async (type, withinMs = 5_000) => {
      const deadlineMs = Date.now() + withinMs;
      for (;;) {
        const event = find(type);
        if (event !== null) return event;
        if (socket.readyState === socket.CLOSED) throw new Error(`closed before ${type} came`);
        const leftMs = deadlineMs - Date.now();
        if (leftMs <= 0) throw new Error(`no ${type} within ${withinMs} ms; ${received.length} frames came`);
        await once(news, 'news', { signal: AbortSignal.timeout(leftMs) }).catch(() => undefined);
      }
    },
  };
}

function parseOrNull(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
