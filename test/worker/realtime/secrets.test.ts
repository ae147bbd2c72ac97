// The lifetimes of an ephemeral secret that the routes accept.
import { beforeAll, expect, it } from 'vitest';
import { realtimeLimits } from '../../../src/realtime/limits.ts';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';

let relay: OpenRelay;
let token: string;

beforeAll(async () => {
  relay = openRelay();
  await relay.channel({ name: 'realtime', provider: 'openai', keys: ['k'], models: ['gpt-realtime'] });
  ({ token } = await relay.token());
});

const mint = (path: string, body: object) =>
  relay.fetch(`/v1/realtime/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const session = { type: 'realtime', model: 'gpt-realtime' };
const { least, most, usual, usualOfSessions } = realtimeLimits.secretSeconds;

it.each([
  [least - 1, 400],
  [least, 200],
  [most, 200],
  [most + 1, 400],
  [least + 0.5, 400],
  ['60', 400],
])('answers a lifetime of %s seconds with %i', async (seconds, status) => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const secret = await mint('client_secrets', {
    session,
    expires_after: { anchor: 'created_at', seconds },
  });
  expect(secret.status).toBe(status);
  if (status === 400) expect(secret.body.error.param).toBe('expires_after.seconds');
  else expect(secret.body.expires_at - nowSeconds).toBeOneOf([seconds, Number(seconds) + 1]);
});

it('rejects a lifetime that is no number', async () => {
  const secret = await mint('client_secrets', { session, expires_after: 'an hour' });
  expect([secret.status, secret.body.error.param]).toEqual([400, 'expires_after.seconds']);
});

it('applies the default lifetime', async () => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const secret = await mint('client_secrets', { session });
  expect(secret.body.expires_at - nowSeconds).toBeOneOf([usual, usual + 1]);
  const older = await mint('sessions', session);
  expect(older.body.client_secret.expires_at - nowSeconds).toBeOneOf([usualOfSessions, usualOfSessions + 1]);
});
