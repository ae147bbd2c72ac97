// Tests upstreams that close idle connections at any moment, with the relay as in `npm start`: no request is lost
// or handled twice.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';

/** Enough to lose some without a retry; `IDLE_REQUESTS=10000` for the documented number. */
const requests = Number(process.env.IDLE_REQUESTS ?? 1_200);
/** The longest time before an idle connection is closed, and before the next request arrives. */
const mostIdleMs = 12;

const answer = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const chunk = (choices: object[]) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4o', choices })}\n\n`;
const stream = `${chunk([{ index: 0, delta: { content: 'Hi' } }])}${chunk([{ index: 0, delta: {}, finish_reason: 'stop' }])}data: [DONE]\n\n`;

interface IdleUpstream {
  server: Server;
  url: string;
  /** How often each request was handled, by its text. */
  handled: Map<string, number>;
  connections: number;
}

/** Starts an upstream that answers, and closes each idle connection after a random time. */
async function startIdleUpstream(): Promise<IdleUpstream> {
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  const server = createServer((request, response) => {
    clearTimeout(timers.get(request.socket));
    let text = '';
    request.on('data', (bytes) => {
      text += bytes;
    });
    request.on('end', () => {
      const { stream: isStream, messages } = JSON.parse(text);
      const [{ content }] = messages;
      upstream.handled.set(content, (upstream.handled.get(content) ?? 0) + 1);
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      response.end(isStream ? stream : answer);
      const close = () => request.socket.destroy();
      timers.set(request.socket, setTimeout(close, Math.random() * mostIdleMs));
    });
  });
  server.on('connection', () => {
    upstream.connections += 1;
  });
  const upstream = { server, url: '', handled: new Map<string, number>(), connections: 0 };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return upstream;
}

let relay: TestRelay;
let upstream: IdleUpstream;
let token: string;

beforeAll(async () => {
  [relay, upstream] = await Promise.all([startRelay(), startIdleUpstream()]);
  const models = ['gpt-4o', 'dall-e-3'];
  await relay.channel({ name: 'c', provider: 'openai', base_url: upstream.url, keys: ['k'], models });
  ({ token } = await relay.token());
});
afterAll(async () => {
  await relay?.stop();
  upstream?.server.closeAllConnections();
  upstream?.server.close();
});

const post = (path: string, body: object) =>
  fetch(relay.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('loses no request and repeats none that was handled', async () => {
  const failures: string[] = [];
  let next = 0;
  const client = async () => {
    for (let id = next++; id < requests; id = next++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * mostIdleMs));
      const fields = { model: 'gpt-4o', stream: id % 2 === 0 };
      const messages = [{ role: 'user', content: `request ${id}` }];
      const response = await post('/v1/chat/completions', { ...fields, messages });
      const text = await response.text();
      if (response.status !== 200 || !text.includes('Hi')) failures.push(`${response.status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: 6 }, client));
  expect(failures).toEqual([]);
  const counts = [...upstream.handled.values()];
  expect([counts.length, counts.filter((count) => count !== 1)]).toEqual([requests, []]);
  // Without reused connections the test would prove nothing.
  expect(upstream.connections).toBeLessThan(requests);
}, 240_000);

describe('a request whose connection breaks before the answer', () => {
  /** Starts an upstream that answers the `first` requests of a connection, and breaks it at the next one. */
  async function startBreaking(first: number, afterMs = 0) {
    const seen: string[] = [];
    const sockets = new Set<Socket>();
    let answered = 0;
    const server = createServer((request, response) => {
      sockets.add(request.socket);
      request.resume().on('end', () => {
        seen.push(request.url ?? '');
        if (answered++ < first) {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(answer);
        } else setTimeout(() => request.socket.destroy(), afterMs);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stop = () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { seen, stop, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }
  const chat = (model: string) => ({ model, messages: [{ role: 'user', content: 'hi' }] });

  async function calls(
    breaking: Awaited<ReturnType<typeof startBreaking>>,
    model: string,
    send: () => Promise<Response>,
  ): Promise<[status: number, seen: number]> {
    const fields = { name: model, provider: 'openai', keys: ['k'], models: [model] };
    await relay.channel({ ...fields, base_url: breaking.url });
    if (breaking.seen.length === 0) await (await post('/v1/chat/completions', chat(model))).text();
    const before = breaking.seen.length;
    const { status } = await send();
    breaking.stop();
    return [status, breaking.seen.length - before];
  }

  it('is retried once on a new connection if the connection was reused', async () => {
    const breaking = await startBreaking(1);
    expect(await calls(breaking, 'gpt-4.1', () => post('/v1/chat/completions', chat('gpt-4.1')))).toEqual([
      502, 2,
    ]);
  });

  it('is not retried after a second, because the upstream may have started', async () => {
    const breaking = await startBreaking(1, 1_300);
    const send = () => post('/v1/chat/completions', chat('gpt-4.1-mini'));
    expect(await calls(breaking, 'gpt-4.1-mini', send)).toEqual([502, 1]);
  });

  it('is not retried on a connection that was new', async () => {
    const breaking = await startBreaking(0);
    breaking.seen.push('none');
    const send = () => post('/v1/chat/completions', chat('gpt-4.1-nano'));
    expect(await calls(breaking, 'gpt-4.1-nano', send)).toEqual([502, 1]);
  });

  it('is not retried for images, background responses and uploads', async () => {
    const upload = () => {
      const form = new FormData();
      form.append('model', 'o3');
      form.append('file', new Blob([new Uint8Array(1_000)]), 'a.wav');
      return fetch(`${relay.url}/v1/audio/transcriptions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: form,
      });
    };
    const attempts: [model: string, () => Promise<Response>][] = [
      ['gpt-4', () => post('/v1/images/generations', { model: 'gpt-4', prompt: 'a dot' })],
      ['o1', () => post('/v1/responses', { model: 'o1', input: 'hi', background: true })],
      ['o3', upload],
    ];
    for (const [model, send] of attempts) {
      const breaking = await startBreaking(1);
      expect([model, ...(await calls(breaking, model, send))]).toEqual([model, 502, 1]);
    }
  });
});

it('offers no forward proxy on the relay’s own port', async () => {
  const socket = connect(Number(new URL(relay.url).port), '127.0.0.1');
  const text = await new Promise<string>((resolve) => {
    socket.write(`GET ${upstream.url}/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    socket.once('data', (bytes) => resolve(String(bytes)));
  });
  socket.destroy();
  expect(text).toMatch(/^HTTP\/1\.1 (400|404)/);
});
