// The playground: its models, own tokens by name, secrets of an hour, and requests without script.
import { afterEach, expect, it, vi } from 'vitest';
import { shortLivedLimits } from '../../../src/tokens/short-lived-secret.ts';
import { openDashboard } from './open-dashboard.ts';

afterEach(() => vi.useRealTimers());

const key = { keys: ['sk-0123456789abcdef'] };
const offered = (text: string) =>
  [...text.matchAll(/<option value="([^"]+)"><\/option>/g)].map(([, name]) => name);
const answer = (content: string) =>
  Response.json({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content } }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });

async function openPlayground() {
  const dashboard = await openDashboard();
  const { relay, member } = dashboard;
  await relay.channel({ name: 'c', provider: 'openai', ...key, models: ['gpt-4o', 'gpt-4o-mini'] });
  relay.upstream = () => answer('Well said');
  const { id } = (await member.api('POST', '/tokens', { name: 'Website', models: ['gpt-4o'], quota_usd: 1 }))
    .body;
  const secretOf = async () =>
    (await member.api('POST', `/tokens/${id}/playground-secret`)).body.secret as string;
  const chat = (secret: string, model = 'gpt-4o') =>
    relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
    });
  return { ...dashboard, id, secretOf, chat };
}

it('offers the served models, and with a token those that it allows', async () => {
  const { relay, admin, member } = await openDashboard();
  const models = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5'];
  await relay.channel({ name: 'c', provider: 'openai', ...key, models });
  expect(offered((await admin.get('/dashboard/playground')).text)).toEqual(models.toSorted());
  const { id } = (await member.api('POST', '/tokens', { name: 'Website', models: ['gpt-*'] })).body;
  await member.api('POST', '/tokens', { name: 'Newer' });
  const { text } = await member.get(`/dashboard/playground?token=${id}`);
  expect(offered(text)).toEqual(['gpt-4o', 'gpt-4o-mini']);
  expect(text).toMatch(new RegExp(`<option value="${id}" selected="">Website \\(…`));
  expect(text).toContain('Newer (…');
});

it('answers 404 for a token of another account, and asks an admin for its value', async () => {
  const { admin, member, other } = await openDashboard();
  const { id } = (await other.api('POST', '/tokens', { name: 'secret name' })).body;
  const { status, text } = await member.get(`/dashboard/playground?token=${id}`);
  expect([status, text.includes('secret name')]).toEqual([404, false]);
  expect((await admin.get(`/dashboard/playground?token=${id}`)).text).toContain(
    'Paste the value of secret name',
  );
});

it('makes a secret that works like the token: its models, its quota, its log', async () => {
  const { member, id, secretOf, chat } = await openPlayground();
  const secret = await secretOf();
  expect(secret).toMatch(/^pg-oo8-[\w-]+$/);
  expect((await chat(secret)).status).toBe(200);
  expect((await chat(secret, 'gpt-4o-mini')).status).toBe(403);
  expect((await member.api('GET', `/tokens/${id}`)).body.spent_usd).toBeGreaterThan(0);
  const altered = `${secret.slice(0, -3)}${secret.endsWith('AAA') ? 'BBB' : 'AAA'}`;
  expect((await chat(altered)).body.error.code).toBe('invalid_api_key');
});

it('ends a secret after an hour', async () => {
  const { secretOf, chat } = await openPlayground();
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  const secret = await secretOf();
  vi.setSystemTime(Date.now() + shortLivedLimits.seconds * 1_000 - 1_000);
  expect((await chat(secret)).status).toBe(200);
  vi.setSystemTime(Date.now() + 2_000);
  const { status, body } = await chat(secret);
  expect([status, body.error.code]).toEqual([401, 'token_expired']);
});

it('ends a secret with its token: disabled, rotated, deleted', async () => {
  const { member, id, secretOf, chat } = await openPlayground();
  const first = await secretOf();
  await member.api('PATCH', `/tokens/${id}`, { status: 'disabled' });
  expect((await chat(first)).body.error.code).toBe('token_disabled');
  await member.api('PATCH', `/tokens/${id}`, { status: 'active' });
  expect((await chat(first)).status).toBe(200);
  await member.api('POST', `/tokens/${id}/rotate`);
  expect((await chat(first)).body.error.code).toBe('invalid_api_key');
  const second = await secretOf();
  expect((await chat(second)).status).toBe(200);
  await member.api('DELETE', `/tokens/${id}`);
  expect((await chat(second)).body.error.code).toBe('invalid_api_key');
});

it('makes secrets for own tokens only, not even for an admin', async () => {
  const { admin, other, id } = await openPlayground();
  expect((await admin.api('POST', `/tokens/${id}/playground-secret`)).status).toBe(403);
  expect((await other.api('POST', `/tokens/${id}/playground-secret`)).status).toBe(404);
});

it('asks for a value where no secret can be made', async () => {
  const { member } = await openDashboard({ ENCRYPTION_KEY: '' });
  const { id } = (await member.api('POST', '/tokens', { name: 'Website' })).body;
  expect((await member.api('POST', `/tokens/${id}/playground-secret`)).status).toBe(503);
  const { text } = await member.get('/dashboard/playground');
  expect(text).not.toContain('name="token_id"');
  expect(text).toContain('name="token"');
});

it('sends a request without script with an own token, and shows no secret', async () => {
  const { relay, member, id } = await openPlayground();
  const fields = {
    token_id: id,
    model: 'gpt-4o',
    format: 'openai',
    prompt: 'Say <it>',
    system: 'Be brief',
    temperature: '0.2',
  };
  const { text } = await member.post('/dashboard/playground', fields);
  expect(text).toMatch(/<pre id="answer"[^>]*>Well said<\/pre>/);
  expect(text).toContain('Say &lt;it&gt;</div>');
  expect(text).toContain('authorization: Bearer $RELAY_TOKEN');
  expect(text).not.toContain('pg-oo8-');
  expect(JSON.parse(relay.received.at(-1)?.body ?? '')).toMatchObject({
    temperature: 0.2,
    messages: [{ role: 'system', content: 'Be brief' }, { role: 'user' }],
  });
});

it('shows the request without a pasted token, and the response', async () => {
  const { relay, admin } = await openPlayground();
  const { token } = await relay.token();
  const fields = { token_id: '', token, model: 'gpt-4o', format: 'openai', prompt: 'Say it' };
  const { text } = await admin.post('/dashboard/playground', fields);
  expect(text).toMatch(/<pre id="answer"[^>]*>Well said<\/pre>/);
  expect(text).toContain('authorization: Bearer $RELAY_TOKEN');
  expect(text).not.toContain(token);
  const refused = await admin.post('/dashboard/playground', { ...fields, model: 'gpt-5' });
  expect(refused.text).toMatch(/<p role="alert" class="alert error">[^<]*gpt-5/);
});

it('accepts a token with line breaks, and reports a value that is no token', async () => {
  const { relay, admin } = await openPlayground();
  const { token } = await relay.token();
  const send = (value: string) =>
    admin.post('/dashboard/playground', { token: value, model: 'gpt-4o', format: 'openai', prompt: 'Hi' });
  const wrapped = await send(` ${token.slice(0, 20)}\r\n ${token.slice(20)}\n`);
  expect(wrapped.text).toMatch(/<pre id="answer"[^>]*>Well said<\/pre>/);
  for (const value of ['sk-oo8-…aB3x', '令牌', 'a\u0000b']) {
    const { status, text } = await send(value);
    expect([value, status]).toEqual([value, 200]);
    expect(text).toContain('That doesn’t look like a token');
    expect(text).toContain('Hi</textarea>');
  }
});
