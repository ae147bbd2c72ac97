// Compares each honest request with an attempt to pay less for it. Prints one table.
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Received } from '../../support/upstream.ts';
import { balanceOf, nano, type Scene, sleep, startScene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene((request, response) => answer(request, response));
  const channel = (fields: object) =>
    scene.relay.channel({ base_url: scene.upstream.url, keys: ['k'], ...fields });
  await Promise.all([
    channel({ name: 'r', provider: 'openai', models: ['gpt-5', 'o3', 'gpt-image-1', 'gpt-4o-mini-tts'] }),
    channel({ name: 'gg', provider: 'gemini', models: ['gemini-2.5-pro'] }),
    channel({ name: 'aa', provider: 'anthropic', models: ['claude-*'] }),
    channel({
      name: 'or',
      provider: 'openai-compatible',
      preset: 'openrouter',
      base_url: `${scene.upstream.url}/v1`,
      models: ['openai/*'],
    }),
  ]);
  // The imitated OpenRouter has another address than the one with known prices.
  const price = (model: string, output: number) =>
    scene.relay.manage('PUT', `/api/prices/${encodeURIComponent(model)}`, { input: 1, output });
  await Promise.all([price('openai/gpt-4o-mini', 1), price('openai/o1-pro', 600)]);
});
afterAll(() => scene?.stop());

const sse = (values: readonly object[], end = 'data: [DONE]\n\n') =>
  values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('') + end;
const words = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    choices: [{ index: 0, delta: { content: `word${index} ` } }],
  }));
const chatUsage = (completion_tokens: number) => ({
  prompt_tokens: 100,
  completion_tokens,
  total_tokens: 100 + completion_tokens,
});

/** How the next answer is delivered, besides what the request determines. */
let play: { type?: string | null; model?: string; isMade?: boolean } = {};

async function answer(request: Received, response: ServerResponse): Promise<void> {
  const { path, method } = request;
  const json = (value: object) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const body =
    request.body.length > 0 && request.headers['content-type'] === 'application/json'
      ? JSON.parse(request.body.toString())
      : {};
  if (path.includes('/models/gemini')) return void gemini(request, response);
  if (path.endsWith('/messages')) return void json(messages());
  if (path.includes('/audio/speech'))
    return void response.writeHead(200, { 'content-type': 'audio/pcm' }).end(Buffer.alloc(48_000 * 60));
  if (path.includes('/audio/transcriptions'))
    return void response.writeHead(200, { 'content-type': 'text/plain' }).end('a transcript');
  if (path.includes('/images/')) return images(response, body.stream === true);
  if (path.includes('/responses')) return void json(background(method));
  return chat(response, body.stream === true);
}

/** Answers like Google: a field mask or another encoding omits the usage. */
function gemini({ path, headers }: Received, response: ServerResponse): void {
  const query = new URLSearchParams(path.split('?')[1] ?? '');
  const isProto = /proto/.test(query.get('alt') ?? query.get('$alt') ?? headers.accept ?? '');
  const isMasked = query.has('fields') || query.has('$fields') || headers['x-goog-fieldmask'] !== undefined;
  const usageMetadata = {
    promptTokenCount: 18,
    candidatesTokenCount: 1,
    thoughtsTokenCount: 20_000,
    totalTokenCount: 20_019,
  };
  const chunk = {
    candidates: [{ content: { parts: [{ text: 'Yes' }] }, finishReason: 'STOP' }],
    ...(!isMasked && { usageMetadata }),
  };
  if (isProto)
    return void response
      .writeHead(200, { 'content-type': 'application/x-protobuf' })
      .end(Buffer.from([8, 18, 3]));
  if (query.has('callback'))
    return void response
      .writeHead(200, { 'content-type': 'text/javascript' })
      .end(`alert(${JSON.stringify(chunk)})`);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(chunk));
}

function messages(): object {
  const model = play.model ?? 'claude-fable-5';
  const usage = { input_tokens: 400, output_tokens: 1_000 };
  const served = [
    { type: 'message', model: 'claude-haiku-4-5', input_tokens: 400, output_tokens: 0 },
    { type: 'fallback_message', model, ...usage },
  ];
  return {
    type: 'message',
    model,
    content: [],
    stop_reason: 'end_turn',
    usage: { ...usage, ...(play.model && { iterations: served }) },
  };
}

async function images(response: ServerResponse, isStream: boolean): Promise<void> {
  const traits = { size: '1024x1536', quality: 'high' };
  if (!isStream) {
    const usage = { input_tokens: 10, output_tokens: 6_240, total_tokens: 6_250 };
    return void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ data: [{ b64_json: 'A' }], ...traits, ...(play.isMade && { usage }) }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; index < 3; index++)
    response.write(sse([{ type: 'image_generation.partial_image', ...traits, b64_json: 'A' }], ''));
  await waitWriting(response, 800);
  response.end(
    sse(
      [
        {
          type: 'image_generation.completed',
          usage: { input_tokens: 10, output_tokens: 6_540, total_tokens: 6_550 },
        },
      ],
      '',
    ),
  );
}

let response = { id: '', status: 'queued' };
function background(method: string): object {
  if (method === 'DELETE') return { id: response.id, deleted: true };
  const usage = { input_tokens: 100, output_tokens: 100_000, total_tokens: 100_100 };
  return {
    ...response,
    object: 'response',
    model: 'o3',
    output: [],
    usage: response.status === 'completed' ? usage : null,
  };
}

async function chat(response: ServerResponse, isStream: boolean): Promise<void> {
  const usage = chatUsage(20_060);
  const model = play.model ?? 'gpt-5';
  if (!isStream)
    return void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ model, choices: [], usage }));
  response.writeHead(200, play.type === null ? {} : { 'content-type': play.type ?? 'text/event-stream' });
  response.write(sse(words(60), ''));
  await waitWriting(response, 800);
  response.end(sse([{ choices: [], model, usage }]));
}

/** Waits while writing, because the local runtime notices a client's disconnect only when something is written. */
async function waitWriting(response: ServerResponse, ms: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < ms; waitedMs += 100) {
    response.write(': still there\n\n');
    await sleep(100);
  }
}

interface PricedRequest {
  path: string;
  body?: object | FormData;
  headers?: Record<string, string>;
  leavesAfter?: number;
  plays?: typeof play;
}

async function usdFor({
  path,
  body,
  headers = {},
  leavesAfter,
  plays = {},
}: PricedRequest): Promise<number | string> {
  play = plays;
  const { id, token } = await scene.relay.token({ quota_usd: 50 });
  const isForm = body instanceof FormData;
  const leave = new AbortController();
  const answered = await fetch(scene.relay.url + path, {
    method: 'POST',
    signal: leave.signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(!isForm && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
  });
  if (leavesAfter === undefined) await answered.arrayBuffer();
  else {
    const reader = answered.body?.getReader();
    for (let seen = 0; seen < leavesAfter; )
      seen +=
        Buffer.from((await reader?.read())?.value ?? 'x\n\n')
          .toString()
          .split('\n\n').length - 1;
    leave.abort();
  }
  return answered.status >= 400 ? `refused (${answered.status})` : settledUsd(id);
}

async function settledUsd(tokenId: string): Promise<number> {
  for (let waitedMs = 0; waitedMs < 12_000; waitedMs += 100) {
    const { spent_usd, open_requests } = await balanceOf(scene.relay, tokenId);
    if (spent_usd > 0 && open_requests === 0) return spent_usd;
    await sleep(100);
  }
  throw new Error('nothing was settled');
}

async function backgroundUsd(deletes: boolean): Promise<number> {
  response = { id: `resp_${crypto.randomUUID()}`, status: 'queued' };
  const { id, token } = await scene.relay.token({ quota_usd: 50 });
  const call = (method: string, path = '', body?: object) =>
    fetch(`${scene.relay.url}/v1/responses${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    }).then((answered) => answered.arrayBuffer());
  await call('POST', '', { model: 'o3', input: 'Think.', background: true });
  await sleep(200);
  response.status = 'completed';
  if (deletes) await call('DELETE', `/${response.id}`);
  return settledUsd(id);
}

function upload(bytes: Buffer, fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ model: 'whisper-1', response_format: 'text', ...fields }))
    form.set(name, value);
  form.set('file', new Blob([new Uint8Array(bytes)]), 'speech.ogg');
  return form;
}

/** Returns an hour of Opus at 6 kbit/s: packets of 60 ms and 45 bytes. */
function hourOfOpus(): Buffer {
  const page = (packets: Buffer[]) => {
    const head = Buffer.alloc(27);
    head.write('OggS');
    head[26] = packets.length;
    return Buffer.concat([head, Buffer.from(packets.map(({ length }) => length)), ...packets]);
  };
  const packet = Buffer.alloc(45);
  packet[0] = 0x18;
  const full = page(Array.from({ length: 200 }, () => packet));
  return Buffer.concat([
    page([Buffer.from('OpusHead'.padEnd(19, '\0'))]),
    ...Array.from({ length: 300 }, () => full),
  ]);
}

it('charges every evasive request at least as much as the honest one, or refuses it', async () => {
  const user = [{ role: 'user', content: 'Think hard.' }];
  const stream = { path: '/v1/chat/completions', body: { model: 'gpt-5', stream: true, messages: user } };
  const google = (query = '', headers = {}): PricedRequest => ({
    path: `/v1beta/models/gemini-2.5-pro:generateContent${query}`,
    body: { contents: [{ parts: [{ text: 'think hard' }] }] },
    headers,
  });
  const image = { model: 'gpt-image-1', prompt: 'a dot', quality: 'high', size: '1024x1536' };
  const imageStream = { path: '/v1/images/generations', body: { ...image, stream: true, partial_images: 3 } };
  const claude = (model: string, rest = {}) => ({
    path: '/v1/messages',
    body: { model, max_tokens: 2_000, messages: user, ...rest },
  });
  const router = (model: string, rest = {}) => ({
    path: '/v1/chat/completions',
    body: { model, messages: user, ...rest },
  });
  const table: { trick: string; honest: number | string; charged: number | string }[] = [];
  const add = async (trick: string, honest: number | string, charged: Promise<number | string>) =>
    table.push({ trick, honest, charged: await charged });

  const thoughts = await usdFor(google());
  for (const query of [
    '?fields=candidates(content)',
    '?%24fields=candidates(content)',
    '?alt=proto',
    '?%24alt=proto',
    '?callback=alert',
  ])
    await add(`H1 Gemini ${query}`, thoughts, usdFor(google(query)));
  await add(
    'H1 Gemini X-Goog-FieldMask',
    thoughts,
    usdFor(google('', { 'x-goog-fieldmask': 'candidates.content' })),
  );
  await add('H1 Gemini Accept: protobuf', thoughts, usdFor(google('', { accept: 'application/x-protobuf' })));

  const whole = await usdFor(stream);
  await add(
    'H2 disconnect from a stream of gpt-5 at word 58 of 60',
    whole,
    usdFor({ ...stream, leavesAfter: 58 }),
  );
  await add(
    'H3 disconnect after three partial images',
    await usdFor(imageStream),
    usdFor({ ...imageStream, leavesAfter: 3 }),
  );
  const unary = { path: '/v1/images/generations', body: image };
  const made = await usdFor({ ...unary, plays: { isMade: true } });
  await add('H3 images without usage', made, usdFor(unary));
  const speech = {
    model: 'gpt-4o-mini-tts',
    voice: 'alloy',
    input: 'hello '.repeat(150),
    response_format: 'pcm',
  };
  await add('H4 a minute of gpt-4o-mini-tts', 0.015, usdFor({ path: '/v1/audio/speech', body: speech }));
  const polled = await backgroundUsd(false);
  await add('H5 delete a finished background response', polled, backgroundUsd(true));

  const fable = await usdFor(claude('claude-fable-5'));
  await add(
    'H6 F1 Anthropic fallbacks',
    fable,
    usdFor({
      ...claude('claude-haiku-4-5', { fallbacks: [{ model: 'claude-fable-5' }] }),
      plays: { model: 'claude-fable-5' },
    }),
  );
  const expensive = await usdFor({ ...router('openai/o1-pro'), plays: { model: 'openai/o1-pro' } });
  for (const rest of [{ models: ['openai/o1-pro'] }, { preset: 'mine' }])
    await add(
      `H6 F1 OpenRouter ${Object.keys(rest)}`,
      expensive,
      usdFor({ ...router('openai/gpt-4o-mini', rest), plays: { model: 'openai/o1-pro-2025-03-19' } }),
    );

  for (const type of [
    null,
    'text/plain',
    'application/octet-stream',
    'application/json',
    'Text/Event-Stream',
  ])
    await add(`F2 a stream called ${type}`, whole, usdFor({ ...stream, plays: { type } }));

  // whisper-1: $0.006 a minute.
  await add(
    'M7 an hour of Opus at 6 kbit/s',
    0.36,
    usdFor({ path: '/v1/audio/transcriptions', body: upload(hourOfOpus(), {}) }),
  );
  const remote = { url: 'https://x.test/an-hour.mp3' };
  const transcribe = (body: FormData) => usdFor({ path: '/v1/audio/transcriptions', body });
  await add('M7 an hour of audio behind a url', 0.36, transcribe(upload(Buffer.alloc(9), remote)));
  const late = upload(Buffer.alloc(500_000), {});
  late.set('url', remote.url);
  await add('M7 audio behind a url, after the file', 'refused', transcribe(late));
  await add('low n: 1e308', 'refused', usdFor(router('gpt-5', { n: 1e308 })));

  console.table(table);
  for (const { trick, honest, charged } of table) {
    if (typeof charged === 'string') expect(charged, trick).toMatch(/^refused \(4/);
    else expect(nano(charged), trick).toBeGreaterThanOrEqual(nano(Number(honest)) - 1);
  }
}, 120_000);
