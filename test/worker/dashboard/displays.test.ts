// What pages say about tokens and channels is true: states, budgets, tests that failed, refusals.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { alertsOf } from '../../../src/alerts/alerts.ts';
import { openDashboard } from './open-dashboard.ts';

let dashboard: Awaited<ReturnType<typeof openDashboard>>;
beforeEach(async () => {
  dashboard = await openDashboard();
});

const rejected = { error: { message: 'Incorrect API key provided: sk-01*********cdef.' } };

async function openChannel() {
  const fields = { name: 'Main', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-4o'] };
  return (await dashboard.relay.channel(fields)).id;
}

it('calls a channel untested until something comes from it, and names a failed test until one passes', async () => {
  const { relay, admin } = dashboard;
  const id = await openChannel();
  const row = async () => (await admin.get('/dashboard/channels')).text.split('<tbody>')[1] ?? '';
  expect(await row()).toContain('<span class="badge off">Untested</span>');

  relay.upstream = () => Response.json(rejected, { status: 401 });
  const { text } = await admin.post(`/dashboard/channels/${id}/test`);
  expect(text).toContain('Main: Test failed · 401 Incorrect API key provided:');
  expect(text).toContain('Check the key, or add another one.');
  expect(text).not.toContain('{&quot;error');
  for (let load = 0; load < 2; load += 1) {
    expect(await row()).toContain('<span class="badge bad">Test failed</span>');
    expect(await row()).toContain('Last error: 401: Incorrect API key provided');
  }
  expect((await admin.api('GET', `/channels/${id}`)).body.keys[0].health.state).toBe('test_failed');

  relay.upstream = () => Response.json({ choices: [] });
  expect((await admin.post(`/dashboard/channels/${id}/test`)).text).toMatch(/Main: Test passed · \d+ ms/);
  expect(await row()).toContain('<span class="badge good">Healthy</span>');
});

it('sends requests to a channel whose test failed as before', async () => {
  const { relay, admin } = dashboard;
  const id = await openChannel();
  const { token } = await relay.token({ name: 'calls' });
  relay.upstream = () => Response.json(rejected, { status: 401 });
  await admin.post(`/dashboard/channels/${id}/test`);
  const before = relay.received.length;
  relay.upstream = () =>
    Response.json({ choices: [{ index: 0, message: { role: 'assistant', content: 'hi' } }] });
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect([reply.status, relay.received.length - before]).toEqual([200, 1]);
});

it('says in words when the provider answers a test with a web page, or not at all', async () => {
  const { relay, admin } = dashboard;
  const id = await openChannel();
  relay.upstream = () => new Response('<html><title>Bad Gateway</title>…</html>', { status: 502 });
  const page = (await admin.post(`/dashboard/channels/${id}/test`)).text;
  expect(page).toContain('Test failed · HTML page, status 502: Bad Gateway');
  expect(page).toContain('The provider has a problem. Try again later.');
  relay.upstream = () => {
    throw new TypeError('Network connection lost.');
  };
  expect((await admin.post(`/dashboard/channels/${id}/test`)).text).toContain('whether the provider is up');
});

it('lists the budgets of a token, the owner’s and an administrator’s, instead of no limit', async () => {
  const { admin, member } = dashboard;
  const budget = { usd: 50, period: 'week' };
  const { id } = (await member.api('POST', '/tokens', { name: 'Slack bot', budget })).body;
  await admin.api('PATCH', `/tokens/${id}`, { budget: { usd: 10, period: 'day' } });
  const { text } = await member.get('/dashboard/tokens');
  expect(text).toContain('<small>Budget $50.00 / week</small><small>Budget $10.00 / day</small>');
  expect(text).not.toContain('no limit');
});

it('names a token whose requests are refused although something is left, to its owner and to admins', async () => {
  const { admin, member, other } = dashboard;
  const { id } = (await member.api('POST', '/tokens', { name: 'Nightly', quota_usd: 0.02 })).body;
  const facts = {
    token_id: id,
    account_id: 'acc_bob',
    left_usd: 0.0023,
    limit_usd: 0.02,
    token_name: 'Nightly',
  };
  await alertsOf(env.HEALTH).report([{ event: 'token.quota_low', subject: id, status: 'opened', facts }]);
  for (const person of [admin, member]) {
    const { text } = await person.get('/');
    expect(text).toContain(`<a href="/dashboard/tokens/${id}">Token quota nearly spent</a>`);
    expect(text).toContain('The token &quot;Nightly&quot; has $0.0023 left of $0.02.');
  }
  expect((await other.get('/')).text).not.toContain('Nightly');
});
