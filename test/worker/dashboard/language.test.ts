// The language of pages: the reader's choice, else the browser's, else English.
import { expect, it } from 'vitest';
import { openDashboard } from './open-dashboard.ts';

async function titleFor(headers: Record<string, string>) {
  const { relay } = await openDashboard();
  const { text } = await relay.fetch('/dashboard/login', { headers });
  return [/<html lang="([^"]+)"/.exec(text)?.[1], /<h2>([^<]+)<\/h2>/.exec(text)?.[1]];
}

it('answers in the browser’s first supported language, else in English', async () => {
  expect(await titleFor({})).toEqual(['en', 'Log in']);
  expect(await titleFor({ 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' })).toEqual(['zh-CN', '登录']);
  expect(await titleFor({ 'accept-language': 'en-GB,zh;q=0.5' })).toEqual(['en', 'Log in']);
  expect(await titleFor({ 'accept-language': 'fr' })).toEqual(['en', 'Log in']);
});

it('prefers the language that the reader chose over the browser’s', async () => {
  const { admin } = await openDashboard();
  const chosen = await admin.post('/dashboard/language', {
    language: 'zh',
    back: '/dashboard/tokens?search=a',
  });
  expect([chosen.status, chosen.headers.get('location')]).toEqual([303, '/dashboard/tokens?search=a']);
  const cookie = chosen.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^oo8_language=zh; Max-Age=31536000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  expect(await titleFor({ cookie: 'oo8_language=zh', 'accept-language': 'en' })).toEqual(['zh-CN', '登录']);
  expect(await titleFor({ cookie: 'oo8_language=xx', 'accept-language': 'zh' })).toEqual(['zh-CN', '登录']);
});

it('redirects to no other site, and rejects an unknown language', async () => {
  const { admin } = await openDashboard();
  for (const back of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '',
    'https://relay.test//evil.example/x',
    '/.//evil.example',
    '/a/..//evil.example',
  ]) {
    const reply = await admin.post('/dashboard/language', { language: 'klingon', back });
    const location = reply.headers.get('location') ?? '';
    expect(new URL(location, 'https://relay.test').origin).toBe('https://relay.test');
    expect(reply.headers.get('set-cookie')).toBeNull();
  }
});

it('has the headings of every section in Chinese', async () => {
  const { relay, admin } = await openDashboard();
  const headers = { cookie: `${admin.cookie}; oo8_language=zh` };
  const sections = ['', ...'tokens logs playground channels models groups people audit account'.split(' ')];
  for (const section of sections) {
    const { text } = await relay.fetch(section === '' ? '/' : `/dashboard/${section}`, { headers });
    expect([section, /<h1>([^<]+)<\/h1>/.exec(text)?.[1]]).toEqual([
      section,
      expect.stringMatching(/^\p{Script=Han}+$/u),
    ]);
  }
});

it('answers two concurrent readers, each in their own language', async () => {
  const { relay } = await openDashboard();
  const choose = (language: string) =>
    relay.fetch('/dashboard/login', { headers: { 'accept-language': language } });
  const replies = await Promise.all(['zh', 'en', 'zh', 'en'].map(choose));
  const tags = replies.map(({ text }) => /<html lang="([^"]+)"/.exec(text)?.[1]);
  expect(tags).toEqual(['zh-CN', 'en', 'zh-CN', 'en']);
});

it('returns to the same address from the language form, but not after a form was posted', async () => {
  const { admin } = await openDashboard();
  expect((await admin.get('/dashboard/logs?status=500')).text).toContain(
    'name="back" value="/dashboard/logs?status=500"',
  );
  const once = await admin.post('/dashboard/tokens/new', { name: 'once' });
  expect(once.text).toContain('sk-oo8-');
  expect(once.text).not.toContain('/dashboard/language');
});
