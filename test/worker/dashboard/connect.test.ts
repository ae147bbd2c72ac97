// The page that says how to connect: base URLs, first steps, code, and tools.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { english } from '../../../src/dashboard/documentation/english.ts';
import { openDashboard, origin, type Person } from './open-dashboard.ts';

const stepsOf = (text: string) =>
  [...text.matchAll(/<li data-step="(\w+)"( class="done")?/g)].map(([, step, done]) => [
    step,
    done !== undefined,
  ]);
const progress = async (person: Person) => (await person.get('/dashboard/connect/progress')).body;

it('ticks the steps as they are done, for admins with the channel, and goes when all are', async () => {
  const { relay, admin, member } = await openDashboard();
  const page = async (person: Person) => stepsOf((await person.get('/dashboard/connect')).text);
  expect(await page(admin)).toEqual([
    ['channel', false],
    ['token', false],
    ['request', false],
  ]);
  await relay.channel({ name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-4o'] });
  await member.api('POST', '/tokens', { name: 'Website' });
  expect(await page(member)).toEqual([
    ['token', true],
    ['request', false],
  ]);
  expect(await progress(member)).toEqual({ channel: true, token: true, request: false });
  await env.DB.prepare('UPDATE tokens SET last_used_at = 1').run();
  expect(await page(member)).toEqual([]);
  expect(await progress(admin)).toEqual({ channel: true, token: false, request: false });
});

it('shows base URLs, own tokens by name, and code with this address and a served model', async () => {
  const { relay, member, other } = await openDashboard();
  await relay.channel({
    name: 'c',
    provider: 'openai',
    keys: ['sk-0123456789abcdef'],
    models: ['house-blend'],
  });
  await member.api('POST', '/tokens', { name: 'Website' });
  await other.api('POST', '/tokens', { name: 'Reports' });
  const { text } = await member.get('/dashboard/connect');
  expect(text).toContain(`<code id="url-OpenAI">${origin}/v1</code>`);
  expect(text).toContain('>Website</a>');
  expect(text).not.toContain('Reports');
  expect(text).toContain(`curl ${origin}/v1/chat/completions`);
  expect(text).toContain('&quot;model&quot;: &quot;house-blend&quot;');
});

it('has a tab for every tool of the documentation, with this address and copy buttons', async () => {
  const { member } = await openDashboard();
  const tools = (english['coding-agents']?.sections ?? []).filter(({ level }) => level === 2).slice(0, -1);
  expect(tools.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['Claude Code', 'Codex', 'Gemini CLI', 'Cursor']),
  );
  for (const { id, title } of tools) {
    const { text } = await member.get(`/dashboard/connect?tool=${id}`);
    expect([id, text]).toEqual([id, expect.stringContaining(`aria-current="page">${title}</a>`)]);
    expect([id, text.includes('localhost:8787')]).toEqual([id, false]);
  }
  const { text } = await member.get('/dashboard/connect?tool=claude-code');
  expect(text).toContain(`ANTHROPIC_BASE_URL=${origin}`);
  expect(text).toMatch(
    /<button type="button" class="outline small" hidden data-copy="code-1"[^>]*>Copy<\/button><pre[^>]* id="code-1"/,
  );
});
