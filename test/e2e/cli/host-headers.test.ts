// Tests what a client can claim about itself without Cloudflare in front of the relay.
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, startRelay, type TestRelay } from '../../support/relay.ts';

let direct: TestRelay;
let proxied: TestRelay;
const trustedProxy = '127.0.0.0/8, 10.0.0.1, ::1';

beforeAll(async () => {
  [direct, proxied] = await Promise.all([
    startRelay({ TRUSTED_PROXY: '10.9.9.9' }),
    startRelay({ TRUSTED_PROXY: trustedProxy }),
  ]);
});
afterAll(() => Promise.all([direct?.stop(), proxied?.stop()]));

/** Returns whether the relay identifies the client by that address. */
async function isSeenAs(
  relay: TestRelay,
  address: string,
  headers: Record<string, string | string[]> = {},
): Promise<boolean> {
  const { token } = await relay.token({ allowed_ips: [address] });
  const response = await send(relay, 'GET', '/v1/models', { authorization: `Bearer ${token}`, ...headers });
  expect([200, 403]).toContain(response.status);
  return response.status === 200;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends a raw request, because fetch refuses some headers. */
function send(
  { url }: TestRelay,
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(url);
    const call = httpRequest({ host, port, method, path, headers }, async (response) => {
      let text = '';
      for await (const part of response) text += part;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    call.once('error', reject);
    call.end(body);
  });
}

const elsewhere = '203.0.113.7';
const forgedAddress: Record<string, string> = {
  'CF-Connecting-IP': elsewhere,
  'cf-connecting-ipv6': '2001:db8::7',
  'CF-Pseudo-IPv4': elsewhere,
  'True-Client-IP': elsewhere,
  'X-Real-IP': elsewhere,
  'X-Forwarded-For': elsewhere,
  Forwarded: `for=${elsewhere};proto=https`,
  'MF-CF-Blob': JSON.stringify({ clientIp: `${elsewhere}:1` }),
};

describe('a client without a trusted proxy', () => {
  it('is identified by its socket’s address', async () => {
    expect(await isSeenAs(direct, '127.0.0.1')).toBe(true);
    expect(await isSeenAs(direct, elsewhere)).toBe(false);
  });

  it.each(Object.entries(forgedAddress))('cannot pass for another address with %s', async (name, value) => {
    expect(await isSeenAs(direct, elsewhere, { [name]: value })).toBe(false);
    expect(await isSeenAs(direct, '127.0.0.1', { [name]: value })).toBe(true);
  });

  it('cannot override the path that it requests', async () => {
    const { status, text } = await send(direct, 'GET', '/v1/models', {
      authorization: `Bearer ${adminKey}`,
      'MF-Original-URL': 'http://x/api/tokens',
    });
    expect([status, text]).toEqual([401, expect.stringContaining('error')]);
  });

  it('gets no https cookies and does not pass the origin check with X-Forwarded-Proto', async () => {
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'relay.example' };
    expect((await setUp(direct, 'https://127.0.0.1', headers)).status).toBe(403);
    const cookies = (await send(direct, 'GET', '/dashboard/tokens', headers)).headers['set-cookie'];
    expect(String(cookies)).not.toMatch(/Secure|__Host-/);
  });
});

const platformPaths = [
  '/cdn-cgi/handler/scheduled',
  '/cdn-cgi/mf/scheduled',
  '/cdn-cgi/explorer/api/d1/database',
  '/cdn-cgi/trace',
  '/cdn-cgi',
  '//cdn-cgi/handler/scheduled',
  '/.//cdn-cgi/trace',
  '/x/../cdn-cgi/trace',
  '/%63dn-cgi/trace',
  '/%2563dn-cgi/trace',
  '/%2Fcdn-cgi%2Ftrace',
  '/%5Ccdn-cgi/trace',
  '/CDN-CGI/trace',
  '/cdn-cgi/v1/models',
  '/cdn-cgi?x=1',
];

describe('a path reserved by Cloudflare', () => {
  it.each(platformPaths)('answers %s with a 404 for GET and POST', async (path) => {
    for (const method of ['GET', 'POST']) {
      const { status, text } = await send(direct, method, path, { authorization: `Bearer ${adminKey}` });
      expect([status, JSON.parse(text).error.code]).toEqual([404, 'route_not_found']);
    }
  });

  it('is allowed inside another path or query', async () => {
    const { token } = await direct.token();
    const headers = { authorization: `Bearer ${token}` };
    expect((await send(direct, 'GET', '/v1/models?from=/cdn-cgi/trace', headers)).status).toBe(200);
  });
});

it('opens no Cap’n Proto session for CONNECT', async () => {
  const answer = await new Promise<string>((resolve) => {
    const { hostname, port } = new URL(direct.url);
    const socket = connect(Number(port), hostname, () =>
      socket.write('CONNECT miniflare-unsafe-internal-capnp-connect HTTP/1.1\r\nHost: x\r\n\r\n'),
    );
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.once('close', () => resolve(''));
  });
  expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
});

it('answers a refused request at once, before its body has arrived', async () => {
  const { hostname, port } = new URL(direct.url);
  const startedAtMs = Date.now();
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer none\r\nContent-Type: application/json\r\nContent-Length: 90000000\r\n\r\n{',
      ),
    );
    socket.once('error', reject);
    socket.on('data', (data) => {
      text += data;
      const [head = '', body = ''] = text.split('\r\n\r\n');
      if (body.length < Number(/content-length: (\d+)/i.exec(head)?.[1])) return;
      socket.destroy();
      resolve(text);
    });
  });
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  expect(Date.now() - startedAtMs).toBeLessThan(2_000);
});

describe('a client behind a trusted proxy', () => {
  it.each([
    [elsewhere, elsewhere],
    ['198.51.100.1, 203.0.113.7', elsewhere],
    ['203.0.113.7, 10.0.0.1', elsewhere],
    ['198.51.100.1, 203.0.113.7, 10.0.0.1, 127.0.0.9', elsewhere],
    ['203.0.113.7:49152', elsewhere],
    ['::ffff:203.0.113.7', elsewhere],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['10.0.0.1', '10.0.0.1'],
    ['198.51.100.1, unknown', '127.0.0.1'],
    ['198.51.100.1, unknown, 10.0.0.1', '10.0.0.1'],
    ['', '127.0.0.1'],
  ])('with X-Forwarded-For: %s has the address %s', async (forwarded, address) => {
    expect(await isSeenAs(proxied, address, { 'X-Forwarded-For': forwarded })).toBe(true);
  });

  it('cannot choose its address by entries to the left of its own', async () => {
    const forwarded = { 'X-Forwarded-For': ['203.0.113.7', '198.51.100.1'] };
    expect(await isSeenAs(proxied, elsewhere, forwarded)).toBe(false);
    expect(await isSeenAs(proxied, '198.51.100.1', forwarded)).toBe(true);
  });

  it('cannot choose its address by CF-Connecting-IP', async () => {
    expect(await isSeenAs(proxied, elsewhere, { 'CF-Connecting-IP': elsewhere })).toBe(false);
  });

  it('signs in over https with Secure cookies and the __Host- prefix', async () => {
    const headers = { Host: 'relay.example', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': elsewhere };
    const { status, headers: answered } = await setUp(proxied, 'https://relay.example', headers);
    expect(status).toBe(303);
    expect(String(answered['set-cookie'])).toMatch(/__Host-oo8_session=[^;]+;.*Secure/);
  });

  it.each([
    ['http', '203.0.113.7', false],
    ['https', '203.0.113.7', true],
    ['HTTPS', '203.0.113.7', true],
    ['https, http', '203.0.113.7, 10.0.0.1', true],
    ['https, http', '198.51.100.1, 203.0.113.7', false],
    ['https', '203.0.113.7, 10.0.0.1', true],
    ['wss', '203.0.113.7', false],
  ])(
    'gets the scheme from X-Forwarded-Proto: %s with X-Forwarded-For: %s',
    async (scheme, forwarded, isSecure) => {
      const headers = { 'X-Forwarded-Proto': scheme, 'X-Forwarded-For': forwarded };
      const { headers: answered } = await send(proxied, 'GET', '/dashboard/tokens', headers);
      expect(/Secure/.test(String(answered['set-cookie']))).toBe(isSecure);
    },
  );
});

/** Sends the form that creates the first account. */
function setUp(relay: TestRelay, origin: string, headers: Record<string, string>): Promise<Answer> {
  const form = new URLSearchParams({
    admin_key: adminKey,
    name: 'Ada',
    email: 'ada@example.com',
    password: 'correct horse battery',
  });
  const type = 'application/x-www-form-urlencoded';
  return send(relay, 'POST', '/dashboard/setup', { ...headers, origin, 'content-type': type }, `${form}`);
}
