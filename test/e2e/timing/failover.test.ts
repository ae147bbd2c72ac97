// Tests channels that fail as real ones do, over real sockets: the caller does not notice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstEventMs } from '../../../src/relay/upstream/answer-start.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { type Handler, startUpstream, type TestUpstream } from '../../support/upstream.ts';

/** Long enough to be noticeable; `OUTAGE_MS=10000` for a realistic outage. */
const outageMs = Number(process.env.OUTAGE_MS ?? 3_000);

const answer = (model: string) =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  });
const works: Handler = ({ body }, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(answer(JSON.parse(body.toString()).model));
};
const resets: Handler = (_request, response) => void response.socket?.resetAndDestroy();
const limits: Handler = (_request, response) => {
  response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '5' });
  response.end(JSON.stringify({ error: { message: 'Slow down', code: 'rate_limit_exceeded' } }));
};
const breaks: Handler = (_request, response) => {
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: 'Down' } }));
};
/** Accepts a connection and never answers. */
const hangs: Handler = () => undefined;

let relay: TestRelay;
let token: string;
let tokenId: string;
let upstreams: TestUpstream[];
const names = ['one', 'two', 'three'];

beforeAll(async () => {
  relay = await startRelay();
  upstreams = await Promise.all(names.map(() => startUpstream(works)));
  ({ token, id: tokenId } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), ...(upstreams ?? []).map((upstream) => upstream.stop())]);
});

/** Creates channels for a model of its own: failures of one test do not affect another. */
async function serve(model: string, handlers: Handler[], settings = {}): Promise<string[]> {
  const ids: string[] = [];
  for (const upstream of upstreams) upstream.received.length = 0;
  for (const [index, handler] of handlers.entries()) {
    const upstream = upstreams[index] as TestUpstream;
    upstream.handler = handler;
    const { id } = await relay.channel({
      name: `${model} ${names[index]}`,
      provider: 'openai',
      base_url: upstream.url,
      keys: ['k'],
      models: [model],
      settings,
    });
    ids.push(id);
  }
  return ids;
}

interface Outcome {
  status: number;
  ms: number;
  text: string;
  atMs: number;
}

async function call(model: string, fields: object = {}): Promise<Outcome> {
  const startedAt = performance.now();
  const response = await fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: `Hello ${Math.random()}` }],
      ...fields,
    }),
  });
  const text = await response.text();
  return { status: response.status, ms: performance.now() - startedAt, text, atMs: performance.now() };
}

async function load(model: string, requests: number, concurrency = 16): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const client = async () => {
    while (next++ < requests) outcomes.push(await call(model));
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return outcomes;
}

const percentile = (values: number[], share: number) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN;

it('answers 1,000 requests with one failing, one rate-limited and one working channel', async () => {
  await serve('gpt-4o', [resets, limits, works]);
  const outcomes = await load('gpt-4o', 1_000);
  const tries = upstreams.map(({ received }) => received.length);
  console.table(
    names.map((name, index) => ({
      channel: name,
      does: ['resets', '429', 'works'][index],
      attempts: tries[index],
    })),
  );
  expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
  expect(outcomes).toHaveLength(1_000);
  // At most the requests of the first moment, and occasional probes.
  expect(tries[0]).toBeLessThan(60);
  expect(tries[1]).toBeLessThan(60);
  expect(tries[2]).toBe(1_000);
});

it('hides a brown-out in which each channel fails in turn under load', async () => {
  const failing = 'gpt-4.1';
  // The same load at the same time on separate, healthy channels: delays of the machine affect both alike.
  const calm = 'gpt-4.1-2025-04-14';
  for (const model of [failing, calm]) await serve(model, [works, works, works]);
  const only =
    (fault: Handler): Handler =>
    (request, ...rest) =>
      (JSON.parse(request.body.toString()).model === failing ? fault : works)(request, ...rest);
  let isOver = false;
  const outcomes: (Outcome & { model: string })[] = [];
  const clients = Array.from({ length: 8 }, async (_, index) => {
    const model = index % 2 === 0 ? failing : calm;
    while (!isOver) outcomes.push({ ...(await call(model)), model });
  });
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const outages: [number, number][] = [];
  await wait(1_000);
  for (const [index, fault] of [breaks, resets, limits].entries()) {
    const upstream = upstreams[index] as TestUpstream;
    upstream.handler = only(fault);
    await wait(1_000);
    const from = performance.now();
    await wait(outageMs - 1_000);
    outages.push([from, performance.now()]);
    upstream.handler = works;
    await wait(500);
  }
  isOver = true;
  await Promise.all(clients);
  const p99s = (model: string) =>
    outages.map(([from, to]) =>
      percentile(
        outcomes
          .filter((each) => each.model === model && each.atMs >= from && each.atMs < to)
          .map(({ ms }) => ms),
        0.99,
      ),
    );
  const [withFault, without] = [p99s(failing), p99s(calm)];
  const list = (values: number[]) => values.map((value) => value.toFixed(1)).join(', ');
  console.log(
    `brown-out: ${outcomes.length} requests, p99 ${list(withFault)} ms with a failing channel, ${list(without)} ms without`,
  );
  expect(outcomes.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
  const ratios = withFault.map((value, index) => value / (without[index] ?? Number.NaN));
  expect(Math.max(...ratios), String(ratios)).toBeLessThan(3);
});

describe('a stream', () => {
  const event = (text: string) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`;
  const head = { 'content-type': 'text/event-stream' };
  const streams: Handler = (_request, response) => {
    response.writeHead(200, head);
    response.end(`${event('Hello')}data: [DONE]\n\n`);
  };

  it('fails over if it opens with 200 and begins with an error', async () => {
    const failsFirst: Handler = (_request, response) => {
      response.writeHead(200, head);
      response.end(`: wait\n\ndata: ${JSON.stringify({ error: { message: 'Overloaded', code: 529 } })}\n\n`);
    };
    await serve('gpt-4o-mini', [failsFirst, failsFirst, streams]);
    for (let request = 0; request < 6; request++) {
      const { status, text } = await call('gpt-4o-mini', { stream: true });
      expect(status).toBe(200);
      expect(text).toBe(`${event('Hello')}data: [DONE]\n\n`);
    }
  });

  it('is never retried after its first byte, and what was delivered is billed once', async () => {
    const breaksOff: Handler = (_request, response) => {
      response.writeHead(200, head);
      response.write(event('Hello there, this is '), () =>
        setTimeout(() => response.socket?.resetAndDestroy(), 50),
      );
    };
    await serve('gpt-4.1-mini', [breaksOff, breaksOff, breaksOff]);
    await call('gpt-4.1-mini', { stream: true }).catch(() => undefined);
    expect(upstreams.map(({ received }) => received.length).reduce((sum, count) => sum + count)).toBe(1);
    const { data } = await rows('gpt-4.1-mini');
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ usage_source: 'estimated', attempts: [{ status: 200 }] });
    expect(data[0]?.cost_usd).toBeGreaterThan(0);
  });

  it('ends with the format’s error event after the idle timeout', async () => {
    const fallsSilent: Handler = (_request, response) => {
      response.writeHead(200, head);
      response.write(event('Hello'));
    };
    await serve('gpt-4.1-nano', [fallsSilent], { idle_ms: 1_000 });
    const { status, text } = await call('gpt-4.1-nano', {
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(status).toBe(200);
    expect(text).toContain(event('Hello'));
    expect(text).toMatch(/data: \{"error":\{"message":"The model provider said nothing for 1 seconds/);
    expect((await rows('gpt-4.1-nano')).data[0]).toMatchObject({ error_code: 'upstream_timeout' });
  });
});

it('passes on an answer whose upstream only sends pings for long, streamed or not', async () => {
  const text = answer('gpt-4.1-mini-2025-04-14');
  const sendsPings: Handler = ({ body }, response) => {
    const { stream } = JSON.parse(body.toString());
    response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
    response.write(stream ? ': wait\n\n' : '\n\n');
    setTimeout(() => response.end(stream ? `data: ${text}\n\n` : text), firstEventMs + 500);
  };
  await serve('gpt-4.1-mini-2025-04-14', [sendsPings, sendsPings]);
  const outcomes = [false, true].map((stream) => call('gpt-4.1-mini-2025-04-14', { stream }));
  const [whole, streamed] = await Promise.all(outcomes);
  expect(whole).toMatchObject({ status: 200, text: `\n\n${text}` });
  expect(streamed?.text).toMatch(/^: wait\n\ndata: .*Hi/);
  expect(upstreams.reduce((sum, { received }) => sum + received.length, 0)).toBe(2);
});

describe('an upstream that hangs', () => {
  it('gets a 504 in the caller’s format without another channel', async () => {
    await serve('gpt-5', [hangs], { first_byte_ms: 1_000 });
    const { status, text } = await call('gpt-5');
    expect(status).toBe(504);
    expect(JSON.parse(text).error).toMatchObject({
      type: 'upstream_error',
      message: expect.stringContaining('in time'),
    });
  });

  it('fails over after the timeout', async () => {
    await serve('gpt-5-mini', [hangs, works], { first_byte_ms: 1_000 });
    const outcomes = await load('gpt-5-mini', 8, 4);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill(200));
  });

  it('is not retried for an image unless configured', async () => {
    const send = (headers: Record<string, string>) =>
      fetch(`${relay.url}/v1/images/generations`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'dall-e-3', prompt: 'a dot' }),
      });
    await serve('dall-e-3', [hangs, hangs], { first_byte_ms: 1_000 });
    expect((await send({})).status).toBe(504);
    const count = () => upstreams.reduce((sum, { received }) => sum + received.length, 0);
    expect(count()).toBe(1);
    await send({ 'x-relay-repeat': '1' });
    expect(count()).toBe(3);
  });
});

it('shows the operator which keys are refused, and the caller only that the service is unavailable', async () => {
  const refuses: Handler = (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'Incorrect API key provided: sk-op***key' } }));
  };
  const [id] = await serve('o3', [refuses]);
  const { status, text } = await call('o3');
  expect(status).toBe(502);
  expect(text).not.toMatch(/sk-op|Incorrect/);
  const { data } = await rows('o3');
  expect(data[0]).toMatchObject({
    channel_id: id,
    error_code: 'upstream_refused_relay',
    attempts: [{ status: 401, key_id: expect.stringMatching(/^key_/) }],
  });
});

interface LoggedRow {
  channel_id: string;
  cost_usd: number | null;
  attempts: unknown[];
}

/** Returns the rows of a model once the ledger's alarm has delivered them to the log. */
async function rows(model: string): Promise<{ data: LoggedRow[] }> {
  for (let tries = 0; tries < 40; tries++) {
    const found = await relay.manage<{ data: LoggedRow[] }>(
      'GET',
      `/api/logs?token=${tokenId}&model=${model}`,
    );
    if (found.data.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`no row of ${model}`);
}
