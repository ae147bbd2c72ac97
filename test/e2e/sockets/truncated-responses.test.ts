// Tests upstreams that stop in the middle of an answer, or answer invalidly: no request waits forever.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { type Handler, startUpstream, type TestUpstream } from '../../support/upstream.ts';

let relay: TestRelay;
let token: string;
let upstreams: TestUpstream[];

const head = { 'content-type': 'text/event-stream' };
const chunk = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] })}\n\n`;
const answer = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
});
const works: Handler = ({ body }, response) => {
  const { stream } = JSON.parse(body.toString());
  response.writeHead(200, stream ? head : { 'content-type': 'application/json' });
  response.end(stream ? `${chunk}data: [DONE]\n\n` : answer);
};

beforeAll(async () => {
  relay = await startRelay();
  upstreams = await Promise.all([1, 2].map(() => startUpstream(works)));
  ({ token } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), ...(upstreams ?? []).map((upstream) => upstream.stop())]);
});

/** Creates channels for a model of its own; the first has the higher priority. */
async function serve(model: string, handlers: Handler[], fields: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, handler] of handlers.entries()) {
    const upstream = upstreams[index] as TestUpstream;
    upstream.received.length = 0;
    upstream.handler = handler;
    const channel = { name: model, provider: 'openai', base_url: upstream.url, keys: ['k'], models: [model] };
    ids.push((await relay.channel({ ...channel, priority: -index, ...fields })).id);
  }
  return ids;
}

const call = (model: string, fields: object = {}, signal: AbortSignal | null = null) =>
  fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    signal,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], ...fields }),
  });

describe('an invalid answer', () => {
  const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

  it.each<[string, Handler]>([
    ['a status of 799', (_request, response) => void response.writeHead(799).end('{}')],
    ['a proxy’s 407', (_request, response) => void response.writeHead(407).end('{}')],
    ['an upgrade', (_request, response) => void response.socket?.end(upgraded)],
    ['no HTTP at all', (_request, response) => void response.socket?.end('hello\r\n\r\n')],
  ])('(%s) fails over to another channel, and is a 502 without one', async (what, handler) => {
    const model = `odd-${what.replaceAll(/\W/g, '-')}`;
    await serve(model, [handler, works], { provider: 'openai-compatible' });
    expect((await call(model)).status).toBe(200);
    await serve(`${model}-alone`, [handler], { provider: 'openai-compatible' });
    expect((await call(`${model}-alone`)).status).toBe(502);
  });
});

describe('a truncated answer', () => {
  it('does not block the request if it is an error', async () => {
    const fallsSilent: Handler = (_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json' });
      response.write('{"error":{"message":"Do');
    };
    await serve('gpt-4.1', [fallsSilent, works]);
    const reply = await call('gpt-4.1', {}, AbortSignal.timeout(20_000));
    expect(reply.status).toBe(200);
  }, 30_000);

  it('fails over after the first-byte timeout if only the head arrived', async () => {
    const saysNothing: Handler = (_request, response) => {
      response.writeHead(200, head);
      response.flushHeaders();
    };
    await serve('gpt-4o-mini', [saysNothing, works], { settings: { first_byte_ms: 1_000 } });
    const reply = await call('gpt-4o-mini', { stream: true }, AbortSignal.timeout(20_000));
    expect([reply.status, await reply.text()]).toEqual([200, `${chunk}data: [DONE]\n\n`]);
    expect(upstreams.map(({ received }) => received.length)).toEqual([1, 1]);
  }, 30_000);

  it('is passed on if comments follow the head, because the upstream is alive', async () => {
    const waits: Handler = (_request, response) => {
      response.writeHead(200, head);
      const comments = setInterval(() => response.write(': wait\n\n'), 300);
      setTimeout(() => {
        clearInterval(comments);
        response.end(`${chunk}data: [DONE]\n\n`);
      }, 3_000);
    };
    await serve('gpt-4.1-nano', [waits, works], { settings: { first_byte_ms: 1_000 } });
    const reply = await call('gpt-4.1-nano', { stream: true }, AbortSignal.timeout(20_000));
    expect(await reply.text()).toContain(': wait');
    expect(upstreams.map(({ received }) => received.length)).toEqual([1, 0]);
  }, 30_000);

  it('ends with a 504 after the idle timeout', async () => {
    const fallsSilent: Handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"id":');
    };
    await serve('gpt-4.1-mini', [fallsSilent], { settings: { idle_ms: 1_000 } });
    const reply = await call('gpt-4.1-mini', {}, AbortSignal.timeout(20_000));
    expect(reply.status).toBe(504);
  }, 30_000);

  it('ends with a 504 after the idle timeout when translated', async () => {
    const fallsSilent: Handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"id":');
    };
    await serve('gpt-4o-audio-x', [fallsSilent], { settings: { idle_ms: 1_000 } });
    const reply = await fetch(`${relay.url}/v1/messages`, {
      method: 'POST',
      signal: AbortSignal.timeout(20_000),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'gpt-4o-audio-x',
        max_tokens: 5,
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    });
    expect(reply.status).toBe(504);
  }, 30_000);
});
