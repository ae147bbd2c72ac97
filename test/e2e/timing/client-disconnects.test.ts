// Tests clients that disconnect and upstreams that break off: who is informed of what, and what is charged.
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endless, kindAt, kinds, openStream, type StreamKind } from '../sockets/endless.ts';
import { workerdMemory } from '../sockets/memory.ts';
import { balanceOf, nano, requestStream, rowsOf, type Scene, sleep, startScene } from '../sockets/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene?.stop());
beforeEach(() => {
  scene.upstream.received.length = 0;
});

const chat = kinds[0] as StreamKind;

/** Runs every kind at once; a failure names its kind. */
async function forEachKind(work: (kind: StreamKind) => Promise<void>): Promise<void> {
  await Promise.all(
    kinds.map((kind) =>
      work(kind).catch((cause) => Promise.reject(new Error(`${kind.name}: ${cause}`, { cause }))),
    ),
  );
}

it('aborts the upstream within a second of a client’s disconnect, and charges what passed', async () => {
  const { relay, upstream } = scene;
  let closed = 0;
  let leftAtMs = 0;
  const closings: number[] = [];
  upstream.handler = endless(() => {
    closed += 1;
    closings.push(Date.now() - leftAtMs);
  });
  const made = await Promise.all(kinds.map(() => relay.token({ quota_usd: 1 })));
  const leave = new AbortController();
  await forEachKind(async (kind) => {
    const { token = '' } = made[kinds.indexOf(kind)] ?? {};
    const response = await requestStream(relay, kind, token, leave.signal);
    await response.body?.getReader().read();
  });
  await sleep(300);
  leftAtMs = Date.now();
  leave.abort();
  await waitUntil(() => closed === kinds.length, 2_000);
  expect(Math.max(...closings)).toBeLessThan(1_000);
  await forEachKind(async (kind) => {
    const { id = '' } = made[kinds.indexOf(kind)] ?? {};
    const [row] = await rowsOf(relay, id, 1);
    expect(row).toMatchObject({ status: 200, error_code: 'client_left', usage_source: 'estimated' });
    expect(row?.cost_usd).toBeGreaterThan(0);
    const balance = await balanceOf(relay, id);
    expect(balance).toMatchObject({ reserved_usd: 0, open_requests: 0 });
    expect(nano(balance.spent_usd)).toBe(nano(row?.cost_usd ?? null));
  });
});

const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
const completion = { id: 'c', object: 'chat.completion', choices: [], usage };

it('finishes an unstreamed answer for a disconnected client, and charges its true usage', async () => {
  const { relay, upstream } = scene;
  let outcome = 'pending';
  upstream.handler = (_request, response) => {
    response.on('close', () => {
      if (outcome === 'pending') outcome = response.writableFinished ? 'finished' : 'aborted';
    });
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(completion));
    }, 1_500);
  };
  const { id, token } = await relay.token({ quota_usd: 1 });
  const leave = new AbortController();
  const { stream: _, ...body } = chat.body as { stream: boolean };
  const pending = requestStream(relay, { ...chat, body }, token, leave.signal).catch(() => null);
  while (upstream.received.length === 0) await sleep(10);
  await sleep(200);
  leave.abort();
  await pending;
  await waitUntil(() => outcome !== 'pending', 3_000);
  expect(outcome).toBe('finished');
  const [row] = await rowsOf(relay, id, 1);
  // gpt-4o: $2.50 and $10 per million.
  expect(row).toMatchObject({
    usage_source: 'upstream',
    input_tokens: 1_000,
    output_tokens: 100,
    cost_usd: 0.0035,
  });
  expect(await balanceOf(relay, id)).toMatchObject({ spent_usd: 0.0035, reserved_usd: 0, open_requests: 0 });
});

describe('an upstream that breaks off', () => {
  it('ends the stream with the format’s own error event if it breaks between events', async () => {
    const { relay, upstream } = scene;
    upstream.handler = ({ path }, response) => {
      const kind = kindAt(path);
      openStream(kind, response);
      response.write(kind.piece(1));
      setTimeout(() => response.socket?.resetAndDestroy(), 300);
    };
    await forEachKind(async (kind) => {
      const { id, token } = await relay.token({ quota_usd: 1 });
      const text = await (await requestStream(relay, kind, token)).text();
      expect(kind.errorIn(text).message).toMatch(/broke off/);
      const [row] = await rowsOf(relay, id, 1);
      expect(row).toMatchObject({ error_code: 'upstream_error', usage_source: 'estimated' });
      expect(row?.cost_usd).toBeGreaterThan(0);
    });
  });

  it('breaks the connection if it breaks inside an event, because nothing can follow half an event', async () => {
    const { relay, upstream } = scene;
    upstream.handler = ({ path }, response) => {
      const kind = kindAt(path);
      openStream(kind, response);
      response.write(kind.piece(1).slice(0, -20));
      setTimeout(() => response.socket?.resetAndDestroy(), 300);
    };
    await forEachKind(async (kind) => {
      const { id, token } = await relay.token({ quota_usd: 1 });
      const response = await requestStream(relay, kind, token);
      await expect(response.text()).rejects.toThrow();
      expect((await rowsOf(relay, id, 1))[0]).toMatchObject({ error_code: 'upstream_error' });
      expect(await balanceOf(relay, id)).toMatchObject({ reserved_usd: 0, open_requests: 0 });
    });
  });

  it('is a 502 without an address, and costs nothing, if it breaks before the answer', async () => {
    const { relay, upstream } = scene;
    upstream.handler = (_request, response) => void response.socket?.resetAndDestroy();
    await forEachKind(async (kind) => {
      const { id, token } = await relay.token({ quota_usd: 1 });
      const response = await requestStream(relay, kind, token);
      expect(response.status).toBe(502);
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error.message).toMatch(/cannot be reached/);
      expect(JSON.stringify(error)).not.toContain(upstream.url.slice(7));
      expect((await rowsOf(relay, id, 1))[0]).toMatchObject({ status: 502, cost_usd: 0 });
      expect(await balanceOf(relay, id)).toMatchObject({ spent_usd: 0, reserved_usd: 0, open_requests: 0 });
    });
  });
});

it('reports a stream that ended cleanly but incomplete as an error, also in the log', async () => {
  const { relay, upstream } = scene;
  upstream.handler = (_request, response) => {
    openStream(chat, response);
    response.end();
  };
  const { id, token } = await relay.token();
  const text = await (await requestStream(relay, chat, token)).text();
  expect(text.split('\n\n').at(-2)).toMatch(/^data: \{"error":\{"message":"[^"]*before it was whole/);
  expect((await rowsOf(relay, id, 1))[0]).toMatchObject({ error_code: 'upstream_truncated' });
});

it('accepts a chat stream with a finish reason as complete without [DONE]', async () => {
  const { relay, upstream } = scene;
  const last = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
  upstream.handler = (_request, response) => {
    openStream(chat, response);
    response.end(last);
  };
  const { token } = await relay.token();
  const text = await (await requestStream(relay, chat, token)).text();
  expect(text.endsWith(last)).toBe(true);
});

it('delivers twenty megabytes to a client that pauses for three seconds, within bounded memory', async () => {
  const { relay, upstream } = scene;
  const piece = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(16_000)}"}}]}\n\n`;
  const pieces = 1_300;
  upstream.handler = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let sent = 0; sent < pieces; sent++) {
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end('data: [DONE]\n\n');
  };
  const before = workerdMemory();
  const both = await Promise.all([{ include_usage: true }, {}].map((options) => readLate(options)));
  for (const bytes of both) expect(bytes).toBe(pieces * piece.length + 'data: [DONE]\n\n'.length);
  expect(workerdMemory() - before).toBeLessThan(200_000_000);

  async function readLate(stream_options: object): Promise<number> {
    const { token } = await relay.token();
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const pending = request(relay.url + chat.path, { method: 'POST', headers });
      pending.on('error', reject);
      pending.on('response', (response) => {
        let bytes = 0;
        response.on('error', reject);
        setTimeout(() => {
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.byteLength;
          });
          response.on('end', () => resolve(bytes));
        }, 3_000);
      });
      pending.end(JSON.stringify({ ...chat.body, stream_options }));
    });
  }
});

async function waitUntil(isSo: () => boolean, withinMs: number): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${withinMs} ms`);
    await sleep(10);
  }
}
