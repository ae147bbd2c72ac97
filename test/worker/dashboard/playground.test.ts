// The playground for one token: its models, and no token of another account.
import { expect, it } from 'vitest';
import { openDashboard } from './open-dashboard.ts';

const offered = (text: string) =>
  [...text.matchAll(/<option value="([^"]+)"><\/option>/g)].map(([, name]) => name);

it('offers the served models, and with a token those that it allows', async () => {
  const { relay, admin, member } = await openDashboard();
  const models = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5'];
  await relay.channel({ name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models });
  expect(offered((await admin.get('/dashboard/playground')).text)).toEqual(models.toSorted());
  const { id } = (await member.api('POST', '/tokens', { name: 'Website', models: ['gpt-*'] })).body;
  const { text } = await member.get(`/dashboard/playground?token=${id}`);
  expect(offered(text)).toEqual(['gpt-4o', 'gpt-4o-mini']);
  expect(text).toContain('The value of Website (sk-oo8-…');
});

it('answers 404 for a token of another account', async () => {
  const { member, other } = await openDashboard();
  const { id } = (await other.api('POST', '/tokens', { name: 'secret name' })).body;
  const { status, text } = await member.get(`/dashboard/playground?token=${id}`);
  expect([status, text.includes('secret name')]).toEqual([404, false]);
});

it('shows the request without the token, and the response', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-4o'] });
  relay.upstream = () =>
    Response.json({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Well said' } }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
  const { token } = await relay.token();
  const fields = { token, model: 'gpt-4o', format: 'openai', prompt: 'Say it' };
  const { text } = await admin.post('/dashboard/playground', fields);
  expect(text).toMatch(/<pre id="answer"[^>]*>Well said<\/pre>/);
  expect(text).toContain('authorization: Bearer $RELAY_TOKEN');
  expect(text).not.toContain(token);
  const refused = await admin.post('/dashboard/playground', { ...fields, model: 'gpt-5' });
  expect(refused.text).toMatch(/<p role="alert" class="alert error">[^<]*gpt-5/);
});

it('accepts a token with line breaks, and reports a value that is no token', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-4o'] });
  relay.upstream = () =>
    Response.json({ choices: [{ index: 0, message: { role: 'assistant', content: 'Yes' } }] });
  const { token } = await relay.token();
  const send = (value: string) =>
    admin.post('/dashboard/playground', { token: value, model: 'gpt-4o', format: 'openai', prompt: 'Hi' });
  const wrapped = await send(` ${token.slice(0, 20)}\r\n ${token.slice(20)}\n`);
  expect(wrapped.text).toMatch(/<pre id="answer"[^>]*>Yes<\/pre>/);
  for (const value of ['sk-oo8-…aB3x', '令牌', 'a\u0000b']) {
    const { status, text } = await send(value);
    expect([value, status]).toEqual([value, 200]);
    expect(text).toContain('This is no token');
    expect(text).toContain('Hi</textarea>');
  }
});
