// Responses that the relay stores for channels without stored responses of their own.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { conversationLimits } from '../../../src/relay/plan/stored-responses.ts';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';

let relay: OpenRelay;
let headers: Record<string, string>;
let sentMessages: string[];

/** Plays a Claude that answers with the number of messages it received. */
function playClaude(): void {
  sentMessages = [];
  relay.upstream = ({ body }) => {
    const { messages, stream } = JSON.parse(body);
    const text = `turn ${messages.length}`;
    sentMessages.push(JSON.stringify(messages));
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'c',
      usage: { input_tokens: 5, output_tokens: 2 },
    };
    if (!stream)
      return Response.json({ ...message, content: [{ type: 'text', text }], stop_reason: 'end_turn' });
    const events = [
      { type: 'message_start', message: { ...message, content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ];
    const body_ = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    return new Response(body_, { headers: { 'content-type': 'text/event-stream' } });
  };
}

async function open(variables: Record<string, string>): Promise<void> {
  relay = openRelay(variables);
  await relay.channel({ name: 'a', provider: 'anthropic', keys: ['k'], models: ['claude-*'] });
  const { token } = await relay.token();
  headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  playClaude();
}

const send = (fields: object) =>
  relay.fetch('/v1/responses', {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'claude-opus-4-5', ...fields }),
  });
const call = (method: string, path: string, more: Record<string, string> = {}) =>
  relay.fetch(path, { method, headers: { ...headers, ...more } });

describe('stored conversations, enabled', () => {
  beforeEach(() => open({ CONVERSATION_DAYS: '30' }));

  it('continues from a named response, and from the next one', async () => {
    const first = await send({ input: 'One' });
    expect(first.body.store).toBe(true);
    const second = await send({
      input: [{ role: 'user', content: 'Two' }],
      previous_response_id: first.body.id,
    });
    expect(second.body.previous_response_id).toBeNull();
    const third = await send({ input: 'Three', previous_response_id: second.body.id });
    expect(third.body.output[0].content[0].text).toBe('turn 5');
    for (const text of ['One', 'turn 1', 'Two', 'turn 3', 'Three']) expect(sentMessages[2]).toContain(text);
  });

  it('stores a streamed response before it sends the end', async () => {
    const streamed = await send({ input: 'One', stream: true });
    const id = /"id":"(resp_[^"]+)"/.exec(streamed.text)?.[1];
    const next = await send({ input: 'Two', previous_response_id: id });
    expect(next.body.output[0].content[0].text).toBe('turn 3');
  });

  it('retrieves, lists and deletes stored responses as OpenAI does', async () => {
    const made = await send({ input: 'One' });
    const path = `/v1/responses/${made.body.id}`;
    expect((await call('GET', path)).body).toEqual(made.body);
    const { body: items } = await call('GET', `${path}/input_items`);
    expect(items).toMatchObject({ object: 'list', has_more: false, data: [{ role: 'user' }] });
    expect((await call('POST', `${path}/cancel`)).status).toBe(400);
    expect((await call('DELETE', path)).body).toEqual({
      id: made.body.id,
      object: 'response',
      deleted: true,
    });
    expect((await call('GET', path)).status).toBe(404);
    expect((await send({ input: 'Two', previous_response_id: made.body.id })).status).toBe(404);
  });

  it('obeys `store: false`', async () => {
    const made = await send({ input: 'One', store: false });
    expect(made.body.store).toBe(false);
    expect((await call('GET', `/v1/responses/${made.body.id}`)).status).toBe(404);
  });

  it('hides a stored response from other accounts', async () => {
    const made = await send({ input: 'One' });
    await env.DB.prepare(
      "INSERT OR IGNORE INTO accounts (id, name, role, created_at) VALUES ('acc_b', 'B', 'member', 0)",
    ).run();
    const { id, token } = await relay.token();
    await env.DB.prepare("UPDATE tokens SET account_id = 'acc_b' WHERE id = ?").bind(id).run();
    // An edit copies the record into the ledger and the caches.
    await relay.manage('PATCH', `/tokens/${id}`, { name: 'theirs' });
    const other = { authorization: `Bearer ${token}` };
    expect((await call('GET', `/v1/responses/${made.body.id}`, other)).status).toBe(404);
  });

  it('encrypts stored responses in the database', async () => {
    const made = await send({ input: 'a secret of the caller' });
    const row = await env.DB.prepare('SELECT * FROM conversations WHERE id = ?').bind(made.body.id).first();
    expect(JSON.stringify(row)).not.toContain('secret of the caller');
    expect(row?.expires_at).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });

  it('deletes a stored response after its retention', async () => {
    const made = await send({ input: 'One' });
    await env.DB.prepare('UPDATE conversations SET expires_at = ? WHERE id = ?')
      .bind(Date.now() - 1, made.body.id)
      .run();
    expect((await call('GET', `/v1/responses/${made.body.id}`)).status).toBe(404);
  });

  it('stores what fits into a row, and logs what does not', async () => {
    const fits = await send({ input: 'x'.repeat(conversationLimits.bytes - 5_000) });
    expect((await call('GET', `/v1/responses/${fits.body.id}`)).status).toBe(200);
    const tooLarge = await send({ input: 'x'.repeat(conversationLimits.bytes) });
    expect(tooLarge.status).toBe(200);
    expect((await call('GET', `/v1/responses/${tooLarge.body.id}`)).status).toBe(404);
  });
});

describe('stored conversations, disabled', () => {
  beforeEach(() => open({}));

  it('rejects a previous response id, instead of answering without the history', async () => {
    const made = await send({ input: 'One' });
    expect(made.body.store).toBe(false);
    const next = await send({ input: 'Two', previous_response_id: made.body.id });
    expect(next.status).toBe(400);
    expect(next.body.error).toMatchObject({
      param: 'previous_response_id',
      message: expect.stringContaining('`input`'),
    });
  });
});

it('stores nothing when CONVERSATION_DAYS is no number', async () => {
  await open({ CONVERSATION_DAYS: 'thirty' });
  expect((await send({ input: 'One' })).body.store).toBe(false);
});
