// Tests idle streams: their pings, and how soon a client's disconnect is noticed.
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { kindAt, kinds, openStream, type StreamKind } from '../sockets/endless.ts';
import { balanceOf, rowsOf, sleep } from '../sockets/scene.ts';

const intervalMs = 400;
/** The additional delay of a busy machine. */
const slackMs = 1_500;
const idleMs = 3_000;

let relay: TestRelay;
let upstream: TestUpstream;
const clients = new Set<Socket>();

/** A request at the upstream. */
interface Arrival {
  text: string;
  response: ServerResponse;
  kind: StreamKind;
  isClosed: boolean;
}
const arrivals: Arrival[] = [];

type Opening = 'nothing' | 'its head' | 'an event';
let opening: Opening = 'nothing';

beforeAll(async () => {
  [relay, upstream] = await Promise.all([startRelay(), startUpstream(() => {})]);
  upstream.handler = ({ path, body }, response) => {
    const request = { text: body.toString(), response, kind: kindAt(path), isClosed: false };
    arrivals.push(request);
    response.on('close', () => {
      request.isClosed = true;
    });
    if (opening === 'an event') openStream(request.kind, response);
    if (opening === 'its head') openHead(request);
  };
  const channels = { '': {}, 'pinged-': { ping_native: true }, 'off-': { ping_interval_ms: 0 } };
  for (const [prefix, more] of Object.entries(channels)) {
    const settings = { ping_interval_ms: intervalMs, idle_ms: idleMs, ...more };
    for (const [provider, model] of Object.entries(models)) {
      const own = {
        base_url: upstream.url,
        keys: ['key-of-the-operator'],
        name: prefix + provider,
        provider,
      };
      const names = { models: [prefix + model], model_map: { [prefix + model]: model } };
      await relay.channel({ ...own, ...names, settings });
    }
  }
});
afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});

const models = { openai: 'gpt-4o', anthropic: 'claude-3-5-haiku-20241022', gemini: 'gemini-2.0-flash' };

function openHead({ kind, response }: Arrival): void {
  const type = kind.name === 'generate, array' ? 'application/json' : 'text/event-stream';
  response.writeHead(200, { 'content-type': type });
  response.flushHeaders();
}

interface Client {
  /** The request at the upstream, once it has arrived there. */
  request: Arrival;
  socket: Socket;
  tokenId: string;
  /** Returns everything received so far, unparsed. */
  text(): string;
  /** Returns the body without the framing of HTTP. */
  body(): string;
}

/** Sends a stream's request over a separate socket. `model` replaces the kind's own. */
async function open(kind: StreamKind, model: string | null = null): Promise<Client> {
  const { id, token } = await relay.token({ limits: { concurrency: 1 } });
  const { hostname, port } = new URL(relay.url);
  const socket = connect({ host: hostname, port: Number(port) });
  clients.add(socket);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  const mark = crypto.randomUUID();
  const isInPath = kind.name.startsWith('generate');
  const body = { ...kind.body, ...(model !== null && !isInPath && { model }) };
  const content = JSON.stringify(body).replace('Count.', `Count ${mark}.`);
  const path = model !== null && isInPath ? kind.path.replace(models.gemini, model) : kind.path;
  const headers = { host: 'relay', 'content-type': 'application/json', ...kind.headers(token) };
  const lines = Object.entries({ ...headers, 'content-length': content.length }).map((pair) =>
    pair.join(': '),
  );
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${content}`);
  const find = () => arrivals.find(({ text }) => text.includes(mark));
  await until('asked', () => find() !== undefined, 3_000);
  return {
    request: find() as Arrival,
    socket,
    tokenId: id,
    text: () => received,
    body: () => dechunked(received.slice(received.indexOf('\r\n\r\n') + 4)),
  };
}

function dechunked(text: string): string {
  const [, size = '', rest = ''] = /^([0-9a-f]+)\r\n([\s\S]*)$/i.exec(text) ?? [];
  const length = Number.parseInt(size, 16);
  return length > 0 ? rest.slice(0, length) + dechunked(rest.slice(length + 2)) : '';
}

/** Waits until it is so, and returns how long that took. */
async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<number> {
  const beganAtMs = Date.now();
  while (!(await isSo())) {
    if (Date.now() > beganAtMs + withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(10);
  }
  return Date.now() - beganAtMs;
}

/** Runs every stream at once; a failure names its stream. */
async function forEach<T extends { name: string }>(all: readonly T[], work: (one: T) => Promise<void>) {
  await Promise.all(
    all.map((one) =>
      work(one).catch((cause) => Promise.reject(new Error(`${one.name}: ${cause}`, { cause }))),
    ),
  );
}

const leave = {
  FIN: (socket: Socket) => void socket.destroy(),
  RST: (socket: Socket) => void socket.resetAndDestroy(),
};

const pingOf: Record<string, string> = {
  'chat completions': ': ping\n',
  'chat completions with usage': ': ping\n',
  responses: ': ping\n',
  messages: 'event: ping\ndata: {"type": "ping"}\n\n',
  'generate, array': '\n',
};
const pinged = kinds.filter(({ name }) => name in pingOf);
const geminiEvents = kinds.find(({ name }) => name === 'generate, events') as StreamKind;

/** Every caller's format, on a channel with another format. */
const translated = pinged.map((kind) => ({
  name: `${kind.name}, translated`,
  kind,
  model: kind.name === 'messages' || kind.name.startsWith('generate') ? models.openai : models.anthropic,
}));

/** Every format, on a channel with `ping_native`. */
const pingedNatively = pinged.map((kind) => ({
  name: `${kind.name}, ping_native`,
  kind,
  model: `pinged-${(kind.body as { model?: string }).model ?? models.gemini}`,
}));

/**
 * Opens a stream that is idle after `opening`, disconnects, and returns how soon the upstream and the
 * concurrency were freed.
 */
async function noticedMs(
  kind: StreamKind,
  how: keyof typeof leave,
  model: string | null = null,
): Promise<number> {
  const { request, socket, tokenId } = await open(kind, model);
  await sleep(150);
  leave[how](socket);
  const isFree = async () => request.isClosed && (await balanceOf(relay, tokenId)).open_requests === 0;
  const ms = await until('noticed', isFree, idleMs + 5_000);
  return ms;
}

describe('a stream whose upstream is idle', () => {
  it.each<Opening>(['nothing', 'its head'])(
    'gets pings in its format after %s, and then the answer',
    async (after) => {
      opening = after;
      await forEach(pinged, async (kind) => {
        const { request, text, body } = await open(kind);
        const ping = pingOf[kind.name] ?? '';
        await until('three pings', () => body() === ping.repeat(3), 3 * intervalMs + slackMs);
        const type = kind.name === 'generate, array' ? 'application/json' : 'text/event-stream';
        expect(text()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
        expect(text().toLowerCase()).toContain(`content-type: ${type}`);
        if (after === 'nothing') openHead(request);
        const answer = kind.first + kind.piece(1) + kind.piece(2);
        request.response.write(kind.first);
        request.response.write(kind.piece(1) + kind.piece(2));
        await until('the answer', () => body().endsWith(answer), 1_000);
        expect(body().slice(0, -answer.length).replaceAll(ping, '')).toBe('');
      });
    },
  );

  it('gets pings after an event in translated streams and with `ping_native`', async () => {
    opening = 'an event';
    await forEach([...translated, ...pingedNatively], async ({ kind, model }) => {
      const { body } = await open(kind, model);
      const ping = pingOf[kind.name] ?? '';
      await until('three pings', () => body().endsWith(ping.repeat(3)), 3 * intervalMs + slackMs);
    });
  });

  it('gets no pings as Gemini events, after an event in native streams, or with an interval of 0', async () => {
    opening = 'an event';
    const silent = [
      ...kinds
        .filter(({ name }) => name !== 'chat completions')
        .map((kind) => ({ kind, model: null, name: kind.name })),
      { kind: geminiEvents, model: models.openai, name: 'Gemini’s events, translated' },
      { kind: geminiEvents, model: `pinged-${models.gemini}`, name: 'Gemini’s events, ping_native' },
      ...translated.map((one) => ({ ...one, model: `off-${one.model}` })),
    ];
    await forEach(silent, async ({ kind, model }) => {
      const { body } = await open(kind, model);
      await sleep(500);
      const before = body();
      await sleep(3 * intervalMs);
      expect(body()).toBe(before);
    });
  });

  it('gets no pings between the two halves of an event', async () => {
    opening = 'its head';
    // A stream that is rewritten holds half an event back.
    const unedited = pingedNatively.filter(({ kind }) => kind.name !== 'chat completions');
    await forEach(unedited, async ({ kind, model }) => {
      const { request, body } = await open(kind, model);
      const half = kind.first.slice(0, -12);
      request.response.write(half);
      await until('half an event', () => body().endsWith(half), 1_000);
      await sleep(2 * intervalMs);
      request.response.write(kind.first.slice(-12));
      await until('an event', () => body().includes(kind.first), 1_000);
    });
  });
});

describe('a client that disconnects by FIN is noticed within one interval', () => {
  const boundMs = intervalMs + slackMs;
  it.each<Opening>(['nothing', 'its head'])('while its upstream is idle after %s', async (after) => {
    opening = after;
    await forEach(pinged, async (kind) => expect(await noticedMs(kind, 'FIN')).toBeLessThan(boundMs));
  });

  it('while its upstream is idle after an event, in translated streams and with `ping_native`', async () => {
    opening = 'an event';
    await forEach([...translated, ...pingedNatively], async ({ kind, model }) => {
      expect(await noticedMs(kind, 'FIN', model)).toBeLessThan(boundMs);
    });
  });
});

describe('a client that disconnects by RST is noticed at once', () => {
  it.each<Opening>(['nothing', 'its head', 'an event'])(
    'while its upstream is idle after %s',
    async (after) => {
      opening = after;
      const off = kinds.map((kind) => ({
        name: kind.name,
        kind,
        model: `off-${(kind.body as { model?: string }).model ?? models.gemini}`,
      }));
      await forEach(off, async ({ kind, model }) =>
        expect(await noticedMs(kind, 'RST', model)).toBeLessThan(slackMs),
      );
    },
  );
});

it('notices a FIN in idle native streams and Gemini events when the upstream times out', async () => {
  opening = 'an event';
  const names = ['chat completions with usage', 'responses', 'messages', 'generate, events'];
  await forEach(
    kinds.filter(({ name }) => names.includes(name)),
    async (kind) => {
      expect(await noticedMs(kind, 'FIN')).toBeLessThan(idleMs + slackMs);
    },
  );
});

it('logs a client’s disconnect from an idle upstream as such, and charges its input', async () => {
  opening = 'nothing';
  const { socket, tokenId } = await open(kinds[0] as StreamKind);
  await sleep(150);
  leave.FIN(socket);
  const [row] = await rowsOf(relay, tokenId, 1);
  expect(row).toMatchObject({ status: 499, error_code: 'client_left', usage_source: 'estimated' });
});

it('ends a stream that pings have opened when its token is deleted, and charges the input', async () => {
  opening = 'nothing';
  await forEach(pinged, async (kind) => {
    const { body, tokenId, request } = await open(kind);
    await until('a ping', () => body() === pingOf[kind.name], intervalMs + slackMs);
    await relay.manage('DELETE', `/api/tokens/${tokenId}`);
    const ms = await until('the end', () => body().includes('error') && request.isClosed, 3_000);
    expect(ms).toBeLessThan(1_500);
    const [row] = await rowsOf(relay, tokenId, 1);
    expect(row).toMatchObject({ error_code: 'invalid_api_key', usage_source: 'estimated' });
  });
});

it('reports a failure after the first ping with the format’s error event', async () => {
  opening = 'nothing';
  await forEach(pinged, async (kind) => {
    const { request, body, socket } = await open(kind);
    const ended = new Promise((resolve) => socket.once('end', resolve));
    await until('a ping', () => body() === pingOf[kind.name], intervalMs + slackMs);
    request.response.writeHead(400, { 'content-type': 'application/json' });
    request.response.end('{"error":{"message":"The prompt is odd.","type":"invalid_request_error"}}');
    await until('the error', () => body().includes('odd'), 1_000);
    expect(
      kind.errorIn(kind.name === 'responses' ? `data: {"sequence_number":-1}\n${body()}` : body()).message,
    ).toBe('The prompt is odd.');
    await Promise.race([ended, sleep(500)]);
  });
});
