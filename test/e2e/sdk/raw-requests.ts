// Tests what no SDK shows: unusual credentials, pages of other origins, Claude Code's side calls, wrong paths.
import { describe, expect, it } from 'vitest';
import { adminKey } from '../../support/relay.ts';
import type { SdkWorld } from '../../support/sdk-world.ts';

const chatBody = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] });
const generateBody = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] });
const messagesBody = JSON.stringify({
  model: 'claude-3-5-sonnet-20241022',
  max_tokens: 10,
  messages: [{ role: 'user', content: 'hi' }],
});
const generatePath = '/v1beta/models/gemini-2.0-flash:generateContent';

/** Defines the tests; `world` exists when they run. */
export function rawRequestTests(world: () => SdkWorld): void {
  const post = (path: string, headers: Record<string, string>, body: string) =>
    fetch(world().relay.url + path, { method: 'POST', headers, body });

  describe('a credential', () => {
    it('is accepted in `?key=` as in x-goog-api-key, and never reaches the upstream', async () => {
      const { token, upstream } = world();
      expect((await post(`${generatePath}?key=${token}`, {}, generateBody)).status).toBe(200);
      expect((await post(generatePath, { 'x-goog-api-key': token }, generateBody)).status).toBe(200);
      upstream.handler = (_request, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      const query = `?key=${token}&alt=json&fields=candidates`;
      await post(`/v1beta/models/own-gemini:generateContent${query}`, {}, generateBody);
      const received = upstream.received.at(-1);
      expect(received?.path).toBe('/v1beta/models/own-gemini:generateContent');
      expect(JSON.stringify(received?.headers)).not.toContain('sk-oo8-');
      expect(received?.headers['x-goog-api-key']).toBe('own-key');
    });

    it('is accepted as Bearer on every route', async () => {
      const authorization = `Bearer ${world().token}`;
      expect((await post('/v1/messages', { authorization }, messagesBody)).status).toBe(200);
      expect((await post(generatePath, { authorization }, generateBody)).status).toBe(200);
    });

    it('may be stale if a valid Bearer is present', async () => {
      const headers = { 'x-api-key': 'sk-ant-stale', authorization: `Bearer ${world().token}` };
      expect((await post('/v1/messages', headers, messagesBody)).status).toBe(200);
    });

    it.each([
      ['/v1/chat/completions', chatBody, 'x-api-key', 'Authorization: Bearer'],
      ['/v1/chat/completions', chatBody, 'x-goog-api-key', 'Authorization: Bearer'],
      ['/v1/chat/completions', chatBody, 'api-key', 'Authorization: Bearer'],
      ['/v1/messages', messagesBody, 'x-goog-api-key', 'x-api-key'],
      [generatePath, generateBody, 'x-api-key', 'x-goog-api-key'],
    ])(
      'at %s (%#) in another format’s header gets a 401 that names the right header',
      async (path, body, header, right) => {
        const answer = await post(path, { [header]: world().token }, body);
        const text = await answer.text();
        expect(answer.status).toBe(401);
        expect(text).toContain(right);
        expect(text).toContain(header);
      },
    );

    it.each([
      ['/v1/chat/completions', chatBody, 'Authorization: Bearer'],
      ['/v1/messages', messagesBody, 'x-api-key'],
      [generatePath, generateBody, 'x-goog-api-key'],
    ])('at %s gets a 401 that names the header if missing', async (path, body, header) => {
      const answer = await post(path, {}, body);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
      expect(await answer.text()).toContain(header);
    });
  });

  describe('a page of another origin', () => {
    const origin = 'https://app.example';

    it('may send a preflight request without a credential', async () => {
      const answer = await fetch(`${world().relay.url}/v1/chat/completions`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,x-stainless-os,anthropic-beta',
        },
      });
      expect(answer.status).toBe(204);
      expect(['*', origin]).toContain(answer.headers.get('access-control-allow-origin'));
      expect(answer.headers.get('access-control-allow-headers')).toMatch(
        /authorization.*x-stainless-os.*anthropic-beta/,
      );
      expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    });

    it.each([
      ['/v1/chat/completions', chatBody],
      ['/v1/messages', messagesBody],
      [generatePath, generateBody],
    ])('may call %s and read the request id', async (path, body) => {
      const answer = await post(path, { origin, authorization: `Bearer ${world().token}` }, body);
      expect(answer.status).toBe(200);
      expect(['*', origin]).toContain(answer.headers.get('access-control-allow-origin'));
      expect(answer.headers.get('access-control-expose-headers')).toMatch(/x-request-id/);
      expect(answer.headers.get('access-control-expose-headers')).toMatch(/retry-after/);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    });

    it('may read an error', async () => {
      const answer = await post('/v1/chat/completions', { origin }, chatBody);
      expect(answer.status).toBe(401);
      expect(['*', origin]).toContain(answer.headers.get('access-control-allow-origin'));
    });

    it('may not call the management API', async () => {
      const authorization = `Bearer ${adminKey}`;
      const actual = await fetch(`${world().relay.url}/api/tokens`, { headers: { origin, authorization } });
      expect(actual.headers.get('access-control-allow-origin')).toBeNull();
      const preflightHeaders = {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      };
      const preflight = await fetch(`${world().relay.url}/api/tokens`, {
        method: 'OPTIONS',
        headers: preflightHeaders,
      });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  describe('Claude Code’s side calls', () => {
    it('are answered with a 204 without a credential', async () => {
      const { url } = world().relay;
      expect((await fetch(`${url}/api/hello`, { method: 'HEAD' })).status).toBe(204);
      expect((await fetch(`${url}/api/hello`)).status).toBe(204);
      expect((await post('/api/event_logging/batch', {}, '{"events":[]}')).status).toBe(204);
    });
  });

  describe('a path', () => {
    it('gets a 404 in the route’s format if it does not exist', async () => {
      const { url } = world().relay;
      const openai = await fetch(`${url}/v1/no/such/thing`, { method: 'POST' });
      expect([openai.status, (await errorOf(openai)).type]).toEqual([404, 'invalid_request_error']);
      const gemini = await fetch(`${url}/v1beta/models/gemini-2.0-flash:noSuchVerb`, { method: 'POST' });
      expect([gemini.status, (await errorOf(gemini)).status]).toEqual([404, 'NOT_FOUND']);
    });

    it('gets a 405 that names the allowed method', async () => {
      const answer = await fetch(`${world().relay.url}/v1/chat/completions`);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    });

    it('is recognized with %3A, doubled prefixes and repeated slashes', async () => {
      const headers = { authorization: `Bearer ${world().token}` };
      for (const path of [
        '//v1//chat/completions/',
        '/v1/v1/chat/completions',
        '/v1beta/v1/chat/completions',
        '/chat/completions',
      ])
        expect([path, (await post(path, headers, chatBody)).status]).toEqual([path, 200]);
      for (const path of [
        generatePath.replace(':', '%3A'),
        generatePath.replace('/v1beta', '/v1'),
        `/v1${generatePath}`,
      ])
        expect([path, (await post(path, headers, generateBody)).status]).toEqual([path, 200]);
    });

    it('answers HEAD like GET for a list', async () => {
      const headers = { authorization: `Bearer ${world().token}` };
      const answer = await fetch(`${world().relay.url}/v1/models`, { method: 'HEAD', headers });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    });
  });
}

async function errorOf(response: Response): Promise<{ type?: string; status?: string }> {
  return ((await response.json()) as { error: { type?: string; status?: string } }).error;
}
