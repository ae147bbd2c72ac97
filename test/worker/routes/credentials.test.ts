// The shared suite of credentials: every route with every kind of token.
import { beforeAll, describe, expect, it } from 'vitest';
import { mintSecret } from '../../../src/tokens/secret.ts';
import { expectRefusal, expectRequestId } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay, type Reply } from './open-relay.ts';
import { everyRoute, isList, ownHeader, refusals, type TestRoute } from './routes.ts';

const headerNames = { openai: 'Authorization', anthropic: 'x-api-key', gemini: 'x-goog-api-key' };
/** A header that the route does not read. */
const strangeHeaders = { openai: 'x-api-key', anthropic: 'x-goog-api-key', gemini: 'x-api-key' };

let relay: OpenRelay;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  const made = async (fields: object) => (await relay.token(fields)).token;
  tokens.good = await made({});
  tokens.disabled = await made({ status: 'disabled' });
  tokens.expired = await made({ expires_at: '2026-01-01T00:00:00Z' });
  tokens.otherModel = await made({ models: ['some-other-model', 'o9-*'] });
  tokens.otherAddress = await made({ allowed_ips: ['10.0.0.0/8', '2001:db8::/32'] });
  const deleted = await relay.token();
  await relay.manage('DELETE', `/tokens/${deleted.id}`);
  tokens.deleted = deleted.token;
});

/** Calls the route. */
function call(route: TestRoute, headers: Record<string, string>, query = ''): Promise<Reply> {
  const { method, path, body } = route;
  return relay.fetch(path + query, { method, headers: { ...route.headers, ...headers }, body: body() });
}

function withToken(route: TestRoute, token: string | undefined, headers: Record<string, string> = {}) {
  return call(route, { ...ownHeader(route.format, token ?? ''), ...headers });
}

/** Returns the token with one character changed. */
const mistype = (token = '') => token.slice(0, 20) + (token[20] === 'a' ? 'b' : 'a') + token.slice(21);

describe.each(everyRoute.map((route) => [route.name, route] as const))('%s', (_, route) => {
  it('requires a token, and names the header for it', async () => {
    const message = expectRefusal(await call(route, {}), route.format, refusals.invalidKey);
    expect(message).toMatch(/No API key was given.*`/);
  });

  it('distinguishes a mistyped token from an unknown one', async () => {
    const malformed = await withToken(route, mistype(tokens.good));
    expect(expectRefusal(malformed, route.format, refusals.invalidKey)).toMatch(/malformed/);
    const unknown = await withToken(route, mintSecret());
    expect(expectRefusal(unknown, route.format, refusals.invalidKey)).toMatch(
      /does not exist or was deleted/,
    );
  });

  it('refuses a deleted, a disabled and an expired token', async () => {
    expectRefusal(await withToken(route, tokens.deleted), route.format, refusals.invalidKey);
    expectRefusal(await withToken(route, tokens.disabled), route.format, refusals.disabled);
    expectRefusal(await withToken(route, tokens.expired), route.format, refusals.expired);
  });

  it.skipIf(route.model === null)('refuses a model that the token does not allow, and names it', async () => {
    const reply = await withToken(route, tokens.otherModel);
    expect(expectRefusal(reply, route.format, refusals.modelNotAllowed)).toContain(`\`${route.model}\``);
  });

  it('refuses a client address that the token does not allow', async () => {
    const from = (ip: string) => withToken(route, tokens.otherAddress, { 'cf-connecting-ip': ip });
    expectRefusal(await from('192.0.2.7'), route.format, refusals.ipNotAllowed);
    expectRefusal(await withToken(route, tokens.otherAddress), route.format, refusals.ipNotAllowed);
    expect((await from('10.1.2.3')).status).not.toBe(403);
    expect((await from('2001:db8::7')).status).not.toBe(403);
  });

  it('accepts a valid token in the API’s own header and in Authorization', async () => {
    for (const headers of [
      ownHeader(route.format, tokens.good ?? ''),
      { authorization: `Bearer ${tokens.good}` },
    ]) {
      const reply = await call(route, headers);
      expect(reply.status, reply.text).toBe(route.path.includes('resp_strange') ? 404 : 200);
      expectRequestId(reply, isList(route) ? shapeOf(route, headers) : route.format);
    }
  });

  it('prefers the credential whose checksum is right', async () => {
    const stale = { ...ownHeader(route.format, 'sk-ant-stale'), authorization: `Bearer ${tokens.disabled}` };
    const known =
      route.format === 'openai'
        ? { authorization: `Bearer ${tokens.disabled}`, 'x-api-key': 'stale' }
        : stale;
    expectRefusal(await call(route, known), route.format, refusals.disabled);
  });
});

it('finds the valid one of several credentials in one header', async () => {
  const good = tokens.good ?? '';
  const [chat, messages, generate] = ['/v1/chat/completions', '/v1/messages', ':generateContent'].map((end) =>
    everyRoute.find(({ path }) => path.endsWith(end)),
  );
  if (chat === undefined || messages === undefined || generate === undefined) throw new Error('no route');
  const twice = (name: string, values: string[]) => {
    const headers = new Headers();
    for (const value of values) headers.append(name, value);
    return Object.fromEntries(headers);
  };
  const bearers = twice('authorization', ['Bearer stale', `Bearer ${good}`]);
  for (const reply of [
    await call(chat, bearers),
    await call(messages, twice('x-api-key', [mistype(good), good])),
    await call(generate, {}, `?key=stale&key=${good}`),
  ])
    expect(reply.status, reply.text).toBe(200);
});

/** Returns the format of a list, which follows the headers: a Gemini list requested with Bearer is OpenAI's. */
function shapeOf({ format }: TestRoute, headers: Record<string, string>) {
  return format === 'gemini' && 'authorization' in headers ? 'openai' : format;
}

const relaying = everyRoute.filter((route) => !isList(route));

it.each(relaying.map((route) => [route.name, route] as const))(
  '%s names the right header when the token came in another',
  async (_, route) => {
    for (const header of [strangeHeaders[route.format], 'api-key']) {
      const message = expectRefusal(
        await call(route, { [header]: tokens.good ?? '' }),
        route.format,
        refusals.invalidKey,
      );
      expect(message).toContain(`\`${header}\``);
      expect(message).toContain(headerNames[route.format]);
    }
  },
);

it('accepts `?key=` at the Gemini endpoints only', async () => {
  const gemini = everyRoute.find(({ format }) => format === 'gemini');
  const openai = everyRoute[0];
  if (gemini === undefined || openai === undefined) throw new Error('no route');
  expect((await call(gemini, {}, `?key=${tokens.good}`)).status).toBe(200);
  const message = expectRefusal(await call(openai, {}, `?key=${tokens.good}`), 'openai', refusals.invalidKey);
  expect(message).toContain('`?key=`');
});
