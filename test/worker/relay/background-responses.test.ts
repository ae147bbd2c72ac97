// Background responses that the caller fetches, cancels or deletes: settled once, by that response.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { addChannels, type OpenRelay, openRelay } from '../routes/open-relay.ts';
import { eventsOf, responseOfType, spentBy } from './charging.ts';

let relay: OpenRelay;
/** The current state of the upstream's response; null after its deletion. */
let status: string | null;
/** Different in each test. */
let id: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  await addChannels(relay);
  await relay.channel({ name: 'r', provider: 'openai', keys: ['k'], models: ['o3'] });
  id = `resp_${crypto.randomUUID()}`;
  status = 'queued';
  relay.upstream = ({ method, url }) => {
    if (status === null) return Response.json({ error: { code: 'not_found' } }, { status: 404 });
    if (method === 'DELETE') {
      status = null;
      return Response.json({ id, object: 'response', deleted: true });
    }
    if (url.includes('stream=true'))
      return responseOfType(
        eventsOf([{ type: 'response.completed', sequence_number: 9, response: body() }], ''),
        'text/event-stream',
      );
    return Response.json(body());
  };
});

const usage = { input_tokens: 100, output_tokens: 100_000, total_tokens: 100_100 };
const body = () => {
  const isOver = status !== 'queued' && status !== 'in_progress';
  return { id, object: 'response', model: 'o3', status, output: [], usage: isOver ? usage : null };
};
/** o3: $2 and $8 a million. */
const honestNanoUsd = 100 * 2_000 + 100_000 * 8_000;

async function begun() {
  const made = await relay.token({ quota_usd: 5 });
  const call = (method: string, path = '', token = made.token) =>
    relay.fetch(`/v1/responses${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'POST' &&
        path === '' && { body: JSON.stringify({ model: 'o3', input: 'Think.', background: true }) }),
    });
  expect((await call('POST')).body.id).toBe(id);
  expect(await spentBy(relay, made.id)).toBe(0);
  return { ...made, call };
}

it.each(['completed', 'failed', 'incomplete', 'cancelled'])(
  'settles a background response once, by the retrieved status %s',
  async (end) => {
    const { id: tokenId, call } = await begun();
    await call('GET', `/${id}`);
    expect(await spentBy(relay, tokenId)).toBe(0);
    status = end;
    for (let times = 0; times < 3; times++) await call('GET', `/${id}`);
    expect(await spentBy(relay, tokenId)).toBe(honestNanoUsd);
    const { body } = await relay.manage('GET', `/tokens/${tokenId}`);
    expect(body).toMatchObject({ reserved_usd: 0, open_requests: 0 });
  },
);

it('settles a background response by a resumed stream, and by a cancellation', async () => {
  const streamed = await begun();
  status = 'completed';
  await streamed.call('GET', `/${id}?stream=true&starting_after=3`);
  expect(await spentBy(relay, streamed.id)).toBe(honestNanoUsd);

  id = `resp_${crypto.randomUUID()}`;
  status = 'in_progress';
  const cancelled = await begun();
  status = 'cancelled';
  await cancelled.call('POST', `/${id}/cancel`);
  expect(await spentBy(relay, cancelled.id)).toBe(honestNanoUsd);
});

it('fetches a background response once before its deletion, and ends the ledger’s polling', async () => {
  const { id: tokenId, call } = await begun();
  status = 'completed';
  const before = relay.received.length;
  expect((await call('DELETE', `/${id}`)).body.deleted).toBe(true);
  expect(relay.received.slice(before).map(({ method }) => method)).toEqual(['GET', 'DELETE']);
  expect(await spentBy(relay, tokenId)).toBe(honestNanoUsd);
  await call('DELETE', `/${id}`);
  expect(await spentBy(relay, tokenId)).toBe(honestNanoUsd);
});

it('settles a background response at the token that created it when another token of the account fetches or deletes it', async () => {
  for (const method of ['GET', 'DELETE']) {
    id = `resp_${crypto.randomUUID()}`;
    status = 'queued';
    const maker = await begun();
    const other = await relay.token();
    status = 'completed';
    await maker.call(method, `/${id}`, other.token);
    expect([await spentBy(relay, maker.id), await spentBy(relay, other.id)]).toEqual([honestNanoUsd, 0]);
  }
});

it('keeps the reservation of a response that is deleted before its end, since its cost is unknown', async () => {
  const { id: tokenId, call } = await begun();
  status = 'in_progress';
  await call('DELETE', `/${id}`);
  const { body } = await relay.manage('GET', `/tokens/${tokenId}`);
  expect([body.spent_usd, body.reserved_usd > 0]).toEqual([0, true]);
});
