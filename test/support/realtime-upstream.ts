// An imitation of a Realtime API over real sockets, with a script. It records the frames that it received and
// sent.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One connection as the upstream saw it. */
export interface UpstreamSession {
  socket: WebSocket;
  request: IncomingMessage;
  received: string[];
  sent: string[];
  closed: { code: number; reason: string } | null;
  say(event: object): void;
  /** Sends JSON in a binary frame, formatted as Google's servers do. */
  sayBinary(message: object): void;
}

export interface RealtimeUpstream {
  url: string;
  sessions: UpstreamSession[];
  /** Closes every session and the server. */
  stop(): Promise<void>;
}

export interface Script {
  /** Called when a connection was opened. */
  opened?(session: UpstreamSession): void;
  /** Called for each event of the client. */
  event?(session: UpstreamSession, event: { type: string } & Record<string, unknown>): void | Promise<void>;
  /** Returns the status that refuses the upgrade, or null to accept it. */
  refuse?(request: IncomingMessage): number | null;
}

/** Starts an upstream on a free port. */
export async function startRealtimeUpstream(script: Script): Promise<RealtimeUpstream> {
  const sessions: UpstreamSession[] = [];
  const server = createServer((_, response) => void response.writeHead(404).end());
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
  server.on('upgrade', (request, socket, head) => {
    const status = script.refuse?.(request) ?? null;
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => begin(opened, request));
  });
  const begin = (socket: WebSocket, request: IncomingMessage) => {
    const session: UpstreamSession = {
      socket,
      request,
      received: [],
      sent: [],
      closed: null,
      say: (event) => {
        const text = JSON.stringify(event);
        session.sent.push(text);
        socket.send(text);
      },
      sayBinary: (message) => {
        const text = `${JSON.stringify(message, null, 2)}\n`;
        session.sent.push(text);
        socket.send(Buffer.from(text));
      },
    };
    sessions.push(session);
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      session.closed = { code, reason: String(reason) };
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) return;
      const text = String(data);
      session.received.push(text);
      void script.event?.(session, JSON.parse(text));
    });
    script.opened?.(session);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    stop: async () => {
      for (const { socket } of sessions) socket.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Returns the fields of a channel to this upstream. */
export function channelTo(
  { url }: RealtimeUpstream,
  models: string[] = ['gpt-realtime'],
): Record<string, unknown> {
  return { name: 'realtime', provider: 'openai', base_url: url, keys: ['key-of-the-operator'], models };
}

/** The usage that a response reports. */
export interface ResponseUsage {
  input: number;
  output: number;
  cached?: number;
  inputAudio?: number;
  cachedAudio?: number;
  outputAudio?: number;
}

/** Returns a usage object in the form of the GA API's `response.done`. */
function wireUsage({
  input,
  output,
  cached = 0,
  inputAudio = 0,
  cachedAudio = 0,
  outputAudio = 0,
}: ResponseUsage) {
  return {
    total_tokens: input + output,
    input_tokens: input,
    output_tokens: output,
    input_token_details: {
      text_tokens: input - inputAudio,
      audio_tokens: inputAudio,
      image_tokens: 0,
      cached_tokens: cached,
      cached_tokens_details: {
        text_tokens: cached - cachedAudio,
        audio_tokens: cachedAudio,
        image_tokens: 0,
      },
    },
    output_token_details: { text_tokens: output - outputAudio, audio_tokens: outputAudio },
  };
}

let responses = 0;

/** Returns the events of one response, in order. */
export function responseEvents(usage: ResponseUsage | null, pieces = 3): object[] {
  responses += 1;
  const id = `resp_${responses}`;
  const delta = {
    type: 'response.output_text.delta',
    response_id: id,
    item_id: 'item_1',
    output_index: 0,
    content_index: 0,
    delta: 'word ',
  };
  return [
    {
      type: 'response.created',
      event_id: `event_c${id}`,
      response: { id, object: 'realtime.response', status: 'in_progress', usage: null },
    },
    ...Array.from({ length: pieces }, () => delta),
    {
      type: 'response.done',
      event_id: `event_d${id}`,
      response: {
        id,
        object: 'realtime.response',
        status: 'completed',
        output: [],
        usage: usage && wireUsage(usage),
      },
    },
  ];
}

/** Returns the first event that OpenAI sends. */
export function sessionCreated(model = 'gpt-realtime'): object {
  return {
    type: 'session.created',
    event_id: 'event_s',
    session: { type: 'realtime', object: 'realtime.session', id: 'sess_1', model },
  };
}

/** Returns an upstream that greets, accepts settings, and answers every `response.create` with that usage. */
export function answering(usageOf: (index: number) => ResponseUsage | null, pieces = 3): Script {
  let index = 0;
  return {
    opened: (session) => session.say(sessionCreated()),
    event: (session, event) => {
      if (event.type === 'session.update')
        session.say({ type: 'session.updated', event_id: 'event_u', session: event.session });
      if (event.type !== 'response.create') return;
      for (const frame of responseEvents(usageOf(index), pieces)) session.say(frame);
      index += 1;
    },
  };
}
