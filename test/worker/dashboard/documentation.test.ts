// /docs: every page for everybody, in HTML and Markdown, with the reader's address, links that lead somewhere, and a search.
import { describe, expect, it } from 'vitest';
import { chinese } from '../../../src/dashboard/documentation/chinese.ts';
import { english } from '../../../src/dashboard/documentation/english.ts';
import { errorCodes } from '../../../src/formats/api-errors.ts';
import { openRelay } from '../routes/open-relay.ts';
import { openDashboard } from './open-dashboard.ts';

const names = Object.keys(english);
const get = (path: string, headers: Record<string, string> = {}) =>
  openRelay().fetch(path, { headers, redirect: 'manual' });

describe.each([
  ['en', 'English'],
  ['zh-CN', 'Chinese'],
])('the pages in %s', (language) => {
  it('link to pages and headings that exist', async () => {
    const pages = new Map<string, string>();
    for (const name of [...names, 'api-reference'])
      pages.set(name, String((await get(`/docs/${name}`, { 'accept-language': language })).text));
    const broken = [...pages].flatMap(([name, html]) =>
      [...html.matchAll(/href="([^"]*)"/g)]
        .map(([, href = '']) => href)
        .filter((href) => /^(#|\/docs\/(?!.*\.md$))/.test(href))
        .filter((href) => {
          const [path = '', anchor] = href.split('#');
          const target = pages.get(path === '' ? name : path.slice('/docs/'.length));
          return target === undefined || (anchor !== undefined && !target.includes(`id="${anchor}"`));
        })
        .map((href) => `${name}: ${href}`),
    );
    expect(broken).toEqual([]);
    expect(pages.size).toBe(names.length + 1);
  });
});

it('shows pages to strangers with the address that they use, and none of another host', async () => {
  for (const name of names) {
    const { status, text, headers } = await get(`/docs/${name}`);
    expect([name, status, headers.get('content-security-policy')?.includes("script-src 'self'")]).toEqual([
      name,
      200,
      true,
    ]);
    expect([name, String(text).includes('localhost:8787')]).toEqual([name, false]);
    expect(String(text)).not.toMatch(/(src|action)="https?:/);
  }
  expect(String((await get('/docs/quickstart')).text)).toContain('https://relay.test/v1/chat/completions');
});

it('shows every page as Markdown, and lists them in llms.txt', async () => {
  const list = await get('/llms.txt');
  expect(list.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const addresses = [...String(list.text).matchAll(/\((https:\/\/relay\.test)(\/docs\/[\w-]+\.md)\)/g)];
  expect(addresses.map(([, , path]) => path)).toEqual(names.map((name) => `/docs/${name}.md`));
  for (const [, , path = ''] of addresses) {
    const { status, text, headers } = await get(path);
    expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/markdown; charset=utf-8']);
    expect(String(text)).toMatch(/^# \S/);
    expect(String(text)).not.toContain('localhost:8787');
  }
});

it('has an anchor for every error code, to which errors link', async () => {
  const page = String((await get('/docs/errors')).text);
  for (const code of errorCodes) expect(page).toContain(`id="${code}"`);
  const refused = await openRelay().fetch('/v1/chat/completions', { method: 'POST', body: '{}' });
  expect(refused.headers.get('link')).toBe('</docs/errors#invalid_api_key>; rel="help"');
});

it('searches without script, and gives browsers the index to search themselves', async () => {
  const { text } = await get('/docs/search?q=retry-after%20quota');
  expect(String(text)).toMatch(/<ul class="hits"><li><a href="\/docs\//);
  expect(String((await get('/docs/search?q=zzzxqy')).text)).toContain('No matches');
  expect(String((await get('/docs/search?q=%3Cscript%3Ealert(1)%3C/script%3E')).text)).not.toContain(
    '<script>alert',
  );
  const index = (await get('/docs/search.json')).body as { href: string; text: string }[];
  expect(index.length).toBeGreaterThan(100);
  expect(index.every(({ href }) => href.startsWith('/docs/'))).toBe(true);
});

it('answers an unknown page with a 404 page', async () => {
  for (const path of ['/docs/none', '/docs/none.md', '/docs/constructor', '/docs/__proto__.md']) {
    const { status, text } = await get(path);
    expect([path, status, String(text).includes('<!doctype html>')]).toEqual([path, 404, true]);
  }
});

it('names the tokens of a signed-in reader, and offers to try operations', async () => {
  const { member } = await openDashboard();
  await member.api('POST', '/tokens', { name: 'Token of the reader' });
  const { text } = await member.get('/docs/quickstart');
  expect(text).toContain('Token of the reader');
  expect((await member.get('/docs/api-reference')).text).toContain('class="try"');
  expect(String((await get('/docs/api-reference')).text)).not.toContain('class="try"');
});

it('shows the models of a signed-in reader, and strangers where to see them', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'c', provider: 'openai', keys: ['k'], models: ['gpt-4o'] });
  const { text } = await admin.get('/docs/models-and-prices');
  expect(text).toMatch(/<table class="models">[\s\S]*gpt-4o/);
  const stranger = String((await get('/docs/models-and-prices')).text);
  expect(stranger).not.toContain('<table class="models">');
  expect(stranger).toContain('Log in to see which models');
});

it('describes every operation of the management API', async () => {
  const page = String((await get('/docs/api-reference')).text);
  const { body } = await get('/api/openapi.json');
  const paths = Object.keys((body as { paths: object }).paths);
  expect(paths.filter((path) => !page.includes(`<code>/api${path}</code>`))).toEqual([]);
});

it('shows a page in Chinese to readers of Chinese, with the code of the English page', () => {
  const codeOf = (markdown = '') => markdown.match(/^```[\s\S]*?^```/gm);
  for (const [name, { markdown }] of Object.entries(chinese))
    expect([name, codeOf(markdown)]).toEqual([name, codeOf(english[name]?.markdown)]);
});
