// `Upgrade: websocket` on paths without a WebSocket, and other upgrades.
import { beforeAll, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { everyRoute, type Refusal } from './routes.ts';

let relay: OpenRelay;
let token = '';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  token = (await relay.token()).token;
});

const upgradeRequired: Refusal = {
  status: 426,
  openai: ['invalid_request_error', 'upgrade_required'],
  anthropic: 'invalid_request_error',
  gemini: ['FAILED_PRECONDITION', 'UPGRADE_REQUIRED'],
};

it.each(['websocket', 'WebSocket', 'h2c, websocket'])(
  'answers an upgrade with 426 on every path without a socket: %s',
  async (upgrade) => {
    for (const { path, format, headers } of everyRoute) {
      const reply = await relay.fetch(path, { headers: { ...headers, upgrade, connection: 'Upgrade' } });
      expectRefusal(reply, format, upgradeRequired);
    }
    for (const path of ['/', '/responses', '/v1/v1/responses/', '/no/such/path', '/api/tokens']) {
      expect((await relay.fetch(path, { headers: { upgrade } })).status, path).toBe(426);
    }
    expect(relay.received).toEqual([]);
  },
);

it.each([
  '/v1/realtime?model=gpt-realtime',
  '/realtime?model=gpt-realtime',
  '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent',
  '/v1beta/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained',
])('accepts an upgrade at %s', async (path) => {
  const reply = await relay.fetch(path, { headers: { upgrade: 'websocket' } });
  expect(reply.status).toBe(401);
});

it('ignores an upgrade to another protocol, as Java’s HttpClient sends', async () => {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  };
  const body = '{"model":"gpt-4o","messages":[]}';
  const reply = await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body });
  expect(reply.status, reply.text).toBe(200);
  expect(relay.received.at(-1)?.headers.get('upgrade')).toBeNull();
  const page = { ...headers, origin: 'https://page.test' };
  const fromPage = await relay.fetch('/v1/chat/completions', { method: 'POST', headers: page, body });
  expect(fromPage.headers.get('access-control-allow-origin')).toBe('*');
});
