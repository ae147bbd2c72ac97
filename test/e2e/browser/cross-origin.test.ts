// Tests calls from a page of another origin in a real browser: preflight, answer, stream, readable headers.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoUpstream, startDemoUpstream } from '../../../src/cli/demo-upstream/server.ts';
import { haveChromium, launchChromium } from '../../support/chromium.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';

if (!haveChromium) console.warn('skipped: no Chromium or Chrome on this machine');

let relay: TestRelay;
let demo: DemoUpstream;
let browser: Browser;
let page: Page;
let site: Server;
let token: string;

describe.runIf(haveChromium)('a page of another origin', () => {
  beforeAll(async () => {
    demo = await startDemoUpstream();
    relay = await startRelay({
      DEMO_BASE_URL: demo.url,
      DEMO_MODELS: JSON.stringify({
        openai: ['gpt-4o'],
        anthropic: ['claude-3-5-sonnet-20241022'],
        gemini: ['gemini-2.0-flash'],
      }),
    });
    token = (await relay.token()).token;
    site = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<title>a page</title>'),
    );
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
    await relay?.stop();
    await demo?.close();
  });

  /** Runs a fetch inside the page, and returns what the page's script can see of it. */
  const fromPage = (path: string, headers: Record<string, string>, body: unknown) =>
    page.evaluate(
      async ([url, sent, json]) => {
        const response = await fetch(url, { method: 'POST', headers: sent, body: json });
        return {
          status: response.status,
          id: response.headers.get('x-request-id'),
          text: await response.text(),
        };
      },
      [relay.url + path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body)] as const,
    );

  const messages = [{ role: 'user', content: 'Hello' }];

  it('calls all three formats, with custom headers', async () => {
    const answers = [
      await fromPage(
        '/v1/chat/completions',
        { authorization: `Bearer ${token}` },
        { model: 'gpt-4o', messages },
      ),
      await fromPage(
        '/v1/messages',
        { 'x-api-key': token, 'anthropic-version': '2023-06-01', 'x-stainless-lang': 'js' },
        { model: 'claude-3-5-sonnet-20241022', max_tokens: 64, messages },
      ),
      await fromPage(
        '/v1beta/models/gemini-2.0-flash:generateContent',
        { 'x-goog-api-key': token },
        { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
      ),
    ];
    for (const { status, id, text } of answers) {
      expect(status).toBe(200);
      expect(id).toMatch(/^req_/);
      expect(text).toContain('Hello from the demo upstream');
    }
  });

  it('streams an answer', async () => {
    const body = { model: 'gpt-4o', messages, stream: true };
    const { status, text } = await fromPage(
      '/v1/chat/completions',
      { authorization: `Bearer ${token}` },
      body,
    );
    expect(status).toBe(200);
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });

  it('can read the error of a refused request', async () => {
    const { status, text } = await fromPage('/v1/chat/completions', {}, { model: 'gpt-4o', messages });
    expect(status).toBe(401);
    expect(JSON.parse(text).error.code).toBe('invalid_api_key');
  });

  it('cannot call the management API', async () => {
    await expect(
      fromPage('/api/tokens', { authorization: 'Bearer ak-of-the-tests' }, { name: 'stolen' }),
    ).rejects.toThrow('Failed to fetch');
  });

  it('shows a first visitor how to get started', async () => {
    const own = await browser.newPage({ viewport: { width: 900, height: 900 } });
    await own.goto(relay.url);
    expect(await own.textContent('h1')).toBe('OpenOpen8 Relay');
    expect(await own.textContent('main')).toContain(`${relay.url}/v1`);
    if (process.env.SCREENSHOTS) await own.screenshot({ path: `${process.env.SCREENSHOTS}/begin.png` });
    await own.close();
  });
});
