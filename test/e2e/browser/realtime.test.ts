// Tests OpenAI's official realtime client in a page of a real browser with an ephemeral secret: the page never
// sees the token.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium, launchChromium } from '../../support/chromium.ts';
import { replaying, type Transcript, transcripts } from '../../support/realtime-replay.ts';
import { channelTo, type RealtimeUpstream, startRealtimeUpstream } from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { nano, rowsOf, sleep } from '../sockets/scene.ts';

if (!haveChromium) console.warn('skipped: no Chromium or Chrome on this machine');

const [transcript] = transcripts() as [Transcript];
const sdkFolder = fileURLToPath(new URL('../../../node_modules/', import.meta.url).href);

let relay: TestRelay;
let upstream: RealtimeUpstream;
let site: Server;
let browser: Browser;
let page: Page;

const html = `<title>a page</title><script type="module">
  import { OpenAI } from '/openai/index.mjs';
  import { OpenAIRealtimeWebSocket } from '/openai/realtime/websocket.mjs';
  window.sdk = { OpenAI, OpenAIRealtimeWebSocket };
</script>`;

/** Serves the page, and the SDK as its package has it: modules that a browser loads directly. */
const serve: Parameters<typeof createServer>[1] = ({ url = '' }, response) => {
  if (!url.startsWith('/openai/')) {
    response.setHeader('content-type', 'text/html').end(html);
    return;
  }
  response.setHeader('content-type', 'text/javascript').end(readFileSync(sdkFolder + url.slice(1)));
};

describe.runIf(haveChromium)('a page with the official SDK', () => {
  beforeAll(async () => {
    [relay, upstream] = await Promise.all([startRelay(), startRealtimeUpstream(replaying(() => transcript))]);
    await relay.channel(channelTo(upstream));
    site = createServer(serve);
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.waitForFunction('window.sdk');
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
    await relay?.stop();
    await upstream?.stop();
  });

  it.each(['an ephemeral secret', 'the token itself'])(
    'holds a conversation by %s with byte-identical frames',
    async (by) => {
      const { id, token } = await relay.token({ quota_usd: 1 });
      const apiKey = by === 'the token itself' ? token : await minted(token);
      const seen = await page.evaluate(talk, { url: relay.url, apiKey, lines: transcript.lines });
      await sleep(300);
      const [session] = upstream.sessions.slice(-1);
      expect(seen.protocol).toBe('realtime');
      expect(seen.errors).toEqual([]);
      expect(seen.received).toEqual(session?.sent);
      const sent = transcript.lines
        .filter(({ dir }) => dir === 'client')
        .map(({ event }) => JSON.stringify(event));
      expect(session?.received).toEqual(sent);
      expect(session?.closed).toEqual({ code: 1000, reason: 'OK' });
      expect(JSON.stringify(session?.request.headers)).not.toContain(apiKey);
      const rows = (await rowsOf(relay, id, 3)).filter(({ usage_source }) => usage_source === 'upstream');
      const costs = [37 * 4_000 + 6 * 16_000, 38 * 4_000 + 32 * 400 + 12 * 16_000 + 48 * 64_000];
      expect(rows.map(({ cost_usd }) => nano(cost_usd)).sort()).toEqual(costs.sort());
    },
  );

  const minted = async (token: string) => {
    const answer = await fetch(`${relay.url}/v1/realtime/client_secrets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ session: { type: 'realtime', model: 'gpt-realtime' } }),
    });
    const { value } = (await answer.json()) as { value: string };
    return value;
  };
});

/** What the page's own script has loaded. */
interface Sdk {
  OpenAI: typeof import('openai').OpenAI;
  OpenAIRealtimeWebSocket: typeof import('openai/realtime/websocket').OpenAIRealtimeWebSocket;
}

interface Talk {
  url: string;
  apiKey: string;
  lines: Transcript['lines'];
}

/** Runs inside the page. The SDK requires wss, but the tests' relay has no certificate. */
async function talk({ url, apiKey, lines }: Talk) {
  const Native = WebSocket;
  globalThis.WebSocket = class extends Native {
    constructor(address: string, protocols: string[]) {
      super(address.replace('wss:', 'ws:'), protocols);
    }
  } as typeof WebSocket;
  const { OpenAI, OpenAIRealtimeWebSocket } = (globalThis as unknown as { sdk: Sdk }).sdk;
  const dangerouslyAllowBrowser = !apiKey.startsWith('ek_');
  const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, dangerouslyAllowBrowser: true });
  const rt = new OpenAIRealtimeWebSocket(
    { model: 'gpt-realtime', ...(dangerouslyAllowBrowser && { dangerouslyAllowBrowser }) },
    client,
  );
  globalThis.WebSocket = Native;
  const received: string[] = [];
  const errors: string[] = [];
  let arrived = () => {};
  rt.on('error', (error: unknown) => errors.push(String(error)));
  rt.socket.addEventListener('message', ({ data }: MessageEvent) => {
    received.push(data);
    arrived();
  });
  await new Promise((resolve, reject) => {
    rt.socket.addEventListener('open', resolve);
    rt.socket.addEventListener('close', reject);
  });
  let served = 0;
  for (const { dir, event } of lines) {
    if (dir === 'client') rt.send(event as never);
    else {
      served += 1;
      while (received.length < served) await new Promise<void>((resolve) => (arrived = resolve));
    }
  }
  const { protocol } = rt.socket;
  rt.close();
  return { received, errors, protocol };
}
