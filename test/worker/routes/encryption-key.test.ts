// Rotation of ENCRYPTION_KEY while requests run: none fails, and afterwards nothing needs the old key.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import type { Env } from '../../../src/env.ts';
import { resealRows } from '../../../src/routing/reseal-store.ts';
import { type OpenRelay, openRelay } from './open-relay.ts';
import { ownHeader } from './routes.ts';

let token: string;
const CONVERSATION_DAYS = '1';

beforeEach(async () => {
  await env.DB.batch(['channels', 'conversations'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

/** Opens a relay with that environment, whose upstream accepts only the right key. */
function relayWith(variables: Partial<Env>): OpenRelay {
  const relay = openRelay({ ...variables, CONVERSATION_DAYS });
  relay.upstream = ({ headers }) =>
    headers.get('x-api-key') === 'the-right-key' ? Response.json(message) : new Response('', { status: 401 });
  return relay;
}

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 1 },
};

const respond = (relay: OpenRelay, fields: object = {}) =>
  relay.fetch('/v1/responses', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', token) },
    body: JSON.stringify({ model: 'claude-x', input: 'hi', ...fields }),
  });

async function reseal(relay: OpenRelay): Promise<{ resealed: number; locked: number }> {
  const sum = { resealed: 0, locked: 0 };
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await relay.manage('POST', '/encryption-key/reseal', cursor ? { cursor } : {});
    sum.resealed += body.resealed;
    sum.locked += body.locked;
    cursor = body.next_cursor;
  }
  return sum;
}

async function populate(): Promise<{ relay: OpenRelay; made: string[] }> {
  const relay = relayWith({ ENCRYPTION_KEY: 'old' });
  const channel = { name: 'a', provider: 'anthropic', models: ['claude-x'] };
  await relay.channel({ ...channel, keys: ['the-right-key'] });
  ({ token } = await relay.token());
  // One more than one call re-encrypts.
  const replies = await Promise.all(Array.from({ length: resealRows + 1 }, () => respond(relay)));
  const made = replies.map(({ body }) => body.id as string);
  return { relay, made };
}

it('serves requests before, during and after a rotation, and keeps stored data readable', async () => {
  const { made } = await populate();
  const both = relayWith({ ENCRYPTION_KEY: 'old', ENCRYPTION_KEY_NEXT: 'new' });
  expect((await both.manage('GET', '/encryption-key')).body.opens).toHaveLength(2);
  const running = Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      await scheduler.wait(index * 5);
      return (await respond(both, { previous_response_id: made[index % made.length] })).status;
    }),
  );
  const first = await reseal(both);
  expect(await running).toEqual(Array(30).fill(200));
  expect(first).toEqual({ resealed: 1 + made.length, locked: 0 });
  expect(await reseal(both)).toEqual({ resealed: 0, locked: 0 });
  const after = relayWith({ ENCRYPTION_KEY: 'new' });
  expect((await respond(after, { previous_response_id: made[0] })).status).toBe(200);
  const stored = await after.fetch(`/v1/responses/${made[resealRows]}`, {
    headers: ownHeader('openai', token),
  });
  expect([stored.status, stored.body.id]).toEqual([200, made[resealRows]]);
  const rows = await env.DB.prepare(
    'SELECT keys AS text FROM channels UNION ALL SELECT sealed FROM conversations',
  ).all<{ text: string }>();
  const ids = rows.results.flatMap(({ text }) => text.match(/"encryptionKeyId":"\w+"/g));
  expect(new Set(ids).size).toBe(1);
});

it('opens what the previous key encrypted, for a manual rotation', async () => {
  const { made } = await populate();
  const both = relayWith({ ENCRYPTION_KEY: 'new', ENCRYPTION_KEY_PREVIOUS: 'old' });
  expect((await respond(both, { previous_response_id: made[0] })).status).toBe(200);
  expect(await reseal(both)).toEqual({ resealed: 1 + made.length, locked: 0 });
});

it('skips and counts what no configured key opens, and reports that to the operator only', async () => {
  const { made } = await populate();
  const other = relayWith({ ENCRYPTION_KEY: 'another' });
  expect(await reseal(other)).toEqual({ resealed: 0, locked: 1 + made.length });
  const refused = await respond(other);
  expect([refused.status, refused.text.includes('ENCRYPTION_KEY')]).toEqual([502, false]);
  expect(
    (await respond(relayWith({ ENCRYPTION_KEY: 'old' }), { previous_response_id: made[0] })).status,
  ).toBe(200);
});

it('names the encryption key as the cause in a channel test and in discovery', async () => {
  await relayWith({ ENCRYPTION_KEY: 'old' }).channel({
    name: 'a',
    provider: 'anthropic',
    models: ['claude-x'],
    keys: ['the-right-key'],
  });
  const relay = relayWith({ ENCRYPTION_KEY: 'another' });
  const { id } = (await relay.manage('GET', '/channels')).body.data[0];
  const explained = { error: expect.stringContaining('sealed under another ENCRYPTION_KEY') };
  expect((await relay.manage('POST', `/channels/${id}/test`)).body).toMatchObject({
    ok: false,
    ...explained,
  });
  expect((await relay.manage('POST', `/channels/${id}/discover`)).body).toMatchObject({
    models: null,
    ...explained,
  });
});
