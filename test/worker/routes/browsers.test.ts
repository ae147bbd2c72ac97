// Security headers for browsers: no upstream's page runs at the relay's own origin.
import { beforeAll, expect, it } from 'vitest';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';

let relay: OpenRelay;
let token = '';
const origin = 'https://page.example';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  token = (await relay.token()).token;
});

const securityHeaders = (headers: Headers) => [
  headers.get('x-content-type-options'),
  headers.get('content-security-policy'),
];

it('sandboxes an upstream’s HTML page', async () => {
  for (const [status, type] of [
    [200, 'application/xhtml+xml'],
    [400, 'text/html'],
  ] as const) {
    const headers = { 'content-type': type, 'content-security-policy': 'script-src *' };
    relay.upstream = () => new Response('<script>alert(1)</script>', { status, headers });
    // As a form of another site sends it: without headers, with the key in the URL.
    const path = `/v1beta/models/gemini-2.0-flash:generateContent?key=${token}`;
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] });
    const reply = await relay.fetch(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain', origin: 'null' },
    });
    expect(reply.status).toBe(status);
    expect(securityHeaders(reply.headers)).toEqual([
      'nosniff',
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    ]);
  }
  relay.upstream = () => Response.json({});
});

it.each(['/v1/models', '/v1/nothing', '/v1beta/models'])('sets the sandbox headers at %s', async (path) => {
  const reply = await relay.fetch(path, { headers: { origin, authorization: `Bearer ${token}` } });
  expect(securityHeaders(reply.headers)).toEqual([
    'nosniff',
    "default-src 'none'; frame-ancestors 'none'; sandbox",
  ]);
});

it.each(['/api/health', '/api/tokens', '/api/nothing', '/api/openapi.json'])(
  'sets the sandbox headers on management responses: %s',
  async (path) => {
    expect(securityHeaders((await relay.fetch(path)).headers)).toEqual([
      'nosniff',
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    ]);
  },
);

it.each(['/favicon.svg', '/favicon.ico', '/dashboard.js', '/dashboard.css', '/robots.txt', '/nothing-here'])(
  'forbids framing and content sniffing of %s',
  async (path) => {
    const { status, headers } = await relay.fetch(path);
    expect(status).toBe(path === '/nothing-here' ? 404 : 200);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  },
);
