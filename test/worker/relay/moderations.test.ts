// Moderation is free at OpenAI. Where it has a price, it is reserved and charged like other requests.
import { expect, it } from 'vitest';
import { addChannels, openRelay } from '../routes/open-relay.ts';

const answer = {
  id: 'm',
  model: 'a-moderation',
  results: [{ flagged: false }],
  usage: { prompt_tokens: 1_000 },
};

async function moderate(model: string, fields: object) {
  const relay = openRelay();
  await addChannels(relay);
  await relay.channel({
    name: 'own',
    provider: 'openai-compatible',
    base_url: 'https://models.test/v1',
    keys: ['k'],
    models: ['a-moderation'],
  });
  await relay.manage('PUT', '/prices/a-moderation', { input: 100, output: 0 });
  const { id, token } = await relay.token(fields);
  relay.upstream = () => Response.json(answer);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model, input: 'word '.repeat(1_000) });
  const reply = await relay.fetch('/v1/moderations', { method: 'POST', headers, body });
  return { reply, spent: async () => (await relay.manage('GET', `/tokens/${id}`)).body.spent_usd };
}

it('charges nothing for moderations at OpenAI, and admits a token with a nearly spent quota', async () => {
  const { reply, spent } = await moderate('omni-moderation-latest', { quota_usd: 0.000001 });
  expect(reply.status, reply.text).toBe(200);
  expect(await spent()).toBe(0);
});

it('charges moderations by the upstream’s usage where the model has a price', async () => {
  const { reply, spent } = await moderate('a-moderation', { quota_usd: 10 });
  expect(reply.status, reply.text).toBe(200);
  await expect.poll(spent).toBe(0.1);
});

it('refuses moderations that have a price and exceed the quota', async () => {
  const { reply } = await moderate('a-moderation', { quota_usd: 0.001 });
  expect([reply.status, reply.body.error.code]).toEqual([429, 'insufficient_quota']);
});
