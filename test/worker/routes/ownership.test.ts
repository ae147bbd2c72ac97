// Ids that an upstream created work only for the account that created them. Also callers that leave early.
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { ownHeader, type Refusal } from './routes.ts';

let relay: OpenRelay;
let mine = '';
let theirs = '';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  mine = (await relay.token()).token;
  const { id, token } = await relay.token();
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO accounts (id, name, role, created_at) VALUES ('acc_two', 'Two', 'member', 0)`,
    ),
    env.DB.prepare(`UPDATE tokens SET account_id = 'acc_two' WHERE id = ?`).bind(id),
  ]);
  // An edit copies the record into the ledger and the caches.
  await relay.manage('PATCH', `/tokens/${id}`, { name: 'theirs' });
  theirs = token;
});

const notFound: Refusal = {
  status: 404,
  openai: ['invalid_request_error', 'not_found'],
  anthropic: 'not_found_error',
  gemini: ['NOT_FOUND', 'RESOURCE_NOT_FOUND'],
};

const made = {
  id: 'resp_mine',
  object: 'response',
  status: 'completed',
  model: 'gpt-4o',
  output: [{ type: 'message', id: 'msg_mine', role: 'assistant', content: [] }],
  usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
};

function respond(token: string, fields: object = {}) {
  const headers = { 'content-type': 'application/json', ...ownHeader('openai', token) };
  const body = JSON.stringify({ model: 'gpt-4o', input: 'hi', ...fields });
  return relay.fetch('/v1/responses', { method: 'POST', headers, body });
}

const stored: [string, string][] = [
  ['GET', '/v1/responses/resp_mine'],
  ['GET', '/v1/responses/resp_mine/input_items?limit=5'],
  ['POST', '/v1/responses/resp_mine/cancel'],
  ['DELETE', '/v1/responses/resp_mine'],
];

it('shows a stored response only to the account that created it', async () => {
  relay.upstream = () => Response.json(made);
  expect((await respond(mine)).status).toBe(200);
  for (const [method, path] of stored) {
    const receivedBefore = relay.received.length;
    expectRefusal(
      await relay.fetch(path, { method, headers: ownHeader('openai', theirs) }),
      'openai',
      notFound,
    );
    expect(relay.received.length).toBe(receivedBefore);
    const reply = await relay.fetch(path, { method, headers: ownHeader('openai', mine) });
    expect(reply.status, reply.text).toBe(200);
    expect(relay.received.at(-1)).toMatchObject({ method, url: `https://api.openai.com${path}` });
  }
});

it('accepts a previous response and its items only from the account that created them', async () => {
  for (const fields of [
    { previous_response_id: 'resp_mine' },
    { input: [{ type: 'item_reference', id: 'msg_mine' }] },
  ]) {
    expectRefusal(await respond(theirs, fields), 'openai', notFound);
    expect((await respond(mine, fields)).status).toBe(200);
  }
});

it('knows the owner of a response after the isolate is gone, too', async () => {
  relay = openRelay();
  relay.upstream = () => Response.json(made);
  expectRefusal(await respond(theirs, { previous_response_id: 'resp_mine' }), 'openai', notFound);
  expect((await respond(mine, { previous_response_id: 'resp_mine' })).status).toBe(200);
});

it('keeps the owner of an id when another account’s response repeats it', async () => {
  expect((await respond(theirs)).status).toBe(200);
  expectRefusal(await respond(theirs, { previous_response_id: 'resp_mine' }), 'openai', notFound);
});

it.each([
  ['a response', { previous_response_id: 'resp_unknown' }],
  ['a file', { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-unknown' }] }] }],
  ['a conversation', { conversation: 'conv_unknown' }],
])('answers as unknown to %s that was not created through the relay', async (_, fields) => {
  expectRefusal(await respond(mine, fields), 'openai', notFound);
});

it('answers as unknown to a file in a chat or a message that was not created through the relay', async () => {
  const content = [{ type: 'file', file: { file_id: 'file-unknown' } }];
  const chat = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
  const json = { 'content-type': 'application/json' };
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { ...json, ...ownHeader('openai', mine) },
    body: chat,
  });
  expectRefusal(reply, 'openai', notFound);
  const document = [{ type: 'document', source: { type: 'file', file_id: 'file_unknown' } }];
  const messages = [{ role: 'user', content: document }];
  const body = JSON.stringify({ model: 'claude-3-5-haiku-20241022', max_tokens: 9, messages });
  const answer = await relay.fetch('/v1/messages', {
    method: 'POST',
    headers: { ...json, ...ownHeader('anthropic', mine) },
    body,
  });
  expectRefusal(answer, 'anthropic', notFound);
});

describe('resources of the operator’s account', () => {
  const text = [{ role: 'user', content: 'hi' }];
  const gemini = (fields: object) => ({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }], ...fields });
  const file = (fileUri: string) =>
    gemini({ contents: [{ role: 'user', parts: [{ fileData: { fileUri } }] }] });
  const flash = '/v1beta/models/gemini-2.0-flash:generateContent';
  const claude = { model: 'claude-3-5-haiku-20241022', max_tokens: 9, messages: text };
  const cases: [string, string, object][] = [
    ['a bucket', flash, file('gs://operator-bucket/secret.pdf')],
    ['a file by URL', flash, file('https://generativelanguage.googleapis.com/v1beta/files/abc')],
    [
      'a RAG corpus',
      flash,
      gemini({ tools: [{ retrieval: { vertexRagStore: { ragResources: [{ ragCorpus: 'c' }] } } }] }),
    ],
    ['a data store', flash, gemini({ tools: [{ retrieval: { vertex_ai_search: { datastore: 'd' } } }] })],
    [
      'a file search store',
      flash,
      gemini({ tools: [{ fileSearch: { fileSearchStoreNames: ['fileSearchStores/x'] } }] }),
    ],
    ['a cache', flash, gemini({ cachedContent: 'cachedContents/x' })],
    [
      'a custom skill',
      '/v1/messages',
      { ...claude, container: { skills: [{ type: 'custom', skill_id: 'skill_x' }] } },
    ],
    ['a thread', '/v1/messages', { ...claude, thread: { type: 'continue', previous_message_id: 'msg_x' } }],
    ['a stored prompt', '/v1/responses', { model: 'gpt-4o', prompt: { id: 'pmpt_x' }, input: 'hi' }],
    [
      'a vector store',
      '/v1/responses',
      { model: 'gpt-4o', input: 'hi', tools: [{ type: 'file_search', vector_store_ids: ['vs_x'] }] },
    ],
    ['an item without a type', '/v1/responses', { model: 'gpt-4o', input: [{ type: null, id: 'rs_x' }] }],
    ['a voice', '/v1/audio/speech', { model: 'tts-1', input: 'hi', voice: { id: 'voice_x' } }],
    [
      'an image by its file',
      '/v1/images/edits',
      { model: 'dall-e-2', prompt: 'a cat', images: [{ file_id: 'file-x' }] },
    ],
  ];

  function post(token: string, path: string, body: object) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    return relay.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  it.each(cases)('hides a resource from tokens: %s', async (_, path, body) => {
    const receivedBefore = relay.received.length;
    expect((await post(mine, path, body)).status).toBe(404);
    expect(relay.received.length).toBe(receivedBefore);
  });

  it.each(cases)('serves a resource where its channel shares it: %s', async (_, path, body) => {
    const sharing = openRelay();
    const keys = ['k'];
    const settings = { shared_resources: ['*'] };
    for (const [provider, models] of Object.entries({
      openai: ['gpt-4o', 'tts-1', 'dall-e-2'],
      anthropic: ['claude-3-5-haiku-20241022'],
      gemini: ['gemini-2.0-flash'],
    }))
      await sharing.channel({ name: `shared ${provider}`, provider, keys, models, settings, priority: -1 });
    const { token } = await sharing.token();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const reply = await sharing.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(reply.status, reply.text).toBe(200);
    expect(JSON.parse(sharing.received.at(-1)?.body ?? '{}')).toEqual(body);
  });

  it('protects another account’s resource, whatever a channel shares', async () => {
    const sharing = openRelay();
    await sharing.channel({
      name: 'all',
      provider: 'openai',
      keys: ['k'],
      models: ['gpt-4o'],
      settings: { shared_resources: ['*'] },
      priority: 99,
    });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${theirs}` };
    for (const fields of [{ previous_response_id: 'resp_mine' }, { input: [{ id: 'msg_mine' }] }]) {
      const body = JSON.stringify({ model: 'gpt-4o', input: 'hi', ...fields });
      expect((await sharing.fetch('/v1/responses', { method: 'POST', headers, body })).status).toBe(404);
    }
  });

  afterAll(() => {
    relay = openRelay();
  });

  it('allows resources on channels of the environment', async () => {
    const sharing = openRelay({ GEMINI_API_KEY: 'k' });
    const { token } = await sharing.token();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const path = '/v1beta/models/gemini-9-env:generateContent';
    const body = JSON.stringify(file('gs://operator-bucket/a.pdf'));
    expect((await sharing.fetch(path, { method: 'POST', headers, body })).status).toBe(200);
  });
});

it('aborts the upstream for a caller that leaves a stream before it begins, and charges its input', async () => {
  const { id, token } = await relay.token({ quota_usd: 1 });
  const leave = new AbortController();
  let aborted = false;
  relay.upstream = (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        aborted = true;
        reject(new Error('aborted'));
      });
      setTimeout(() => leave.abort(), 20);
    });
  const body = JSON.stringify({
    model: 'gpt-4o',
    stream: true,
    messages: [{ role: 'user', content: 'Think.' }],
  });
  const headers = { 'content-type': 'application/json', ...ownHeader('openai', token) };
  await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body, signal: leave.signal });
  expect(aborted).toBe(true);
  const { body: balance } = await relay.manage('GET', `/tokens/${id}`);
  expect(balance).toMatchObject({ reserved_usd: 0, open_requests: 0 });
  expect(balance.spent_usd).toBeGreaterThan(0);
});
