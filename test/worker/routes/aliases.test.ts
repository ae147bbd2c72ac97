// Fallback across models, by an operator's alias or by the caller's header.
import { beforeEach, describe, expect, it } from 'vitest';
import { fallbackLimits } from '../../../src/routing/requested-names.ts';
import { expectRefusal } from './expect-refusal.ts';
import { type OpenRelay, openRelay, type Received } from './open-relay.ts';
import { ownHeader, refusals } from './routes.ts';

let relay: OpenRelay;
let token: string;
let tokenId: string;
/** Models whose upstream fails. */
let down: Set<string>;

const answered = (model: string) =>
  Response.json({
    id: 'c',
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  });
const modelOf = ({ body }: Received): string => JSON.parse(body).model;

let serial = 0;
/** Returns a name of this test only, since a model that one test fails is cooling down in the next. */
const named = (name: string) => `${name}-${serial}`;

beforeEach(async () => {
  serial += 1;
  relay = openRelay();
  down = new Set();
  relay.upstream = (request) => {
    const model = modelOf(request);
    return down.has(model) ? Response.json({ error: { message: 'Down' } }, { status: 503 }) : answered(model);
  };
  for (const model of ['one', 'two', 'three'].map(named)) {
    for (const place of ['x', 'y']) {
      const channel = { name: `${model} ${place}`, provider: 'openai-compatible', models: [model] };
      await relay.channel({ ...channel, base_url: `https://${place}.test/v1`, priority: model.length });
    }
    await relay.manage('PUT', `/prices/${model}`, { input: 1, output: 1 });
  }
  ({ token, id: tokenId } = await relay.token());
});

const send = (model: string, headers: Record<string, string> = {}, key = token) =>
  relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', key), ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 16 }),
  });
const put = (name: string, models: string[]) =>
  relay.manage('PUT', `/aliases/${encodeURIComponent(name)}`, { models });
const sentTo = () => relay.received.map(modelOf);

describe('aliases', () => {
  it('serves an alias by its first model, and names that model in the response', async () => {
    await put('our/smart', [named('one'), named('two')]);
    const reply = await send('our/smart');
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, named('one')]);
    expect(sentTo()).toEqual([named('one')]);
    expect((await send(named('one'))).headers.get('x-relay-model')).toBeNull();
  });

  it('fails over to the second model when every channel of the first failed, and remembers that', async () => {
    await put(named('smart'), [named('one'), named('two')]);
    down.add(named('one'));
    const reply = await send(named('smart'));
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, named('two')]);
    expect(sentTo()).toEqual([named('one'), named('one'), named('two')]);
    relay.received.length = 0;
    expect((await send(named('smart'))).status).toBe(200);
    expect(sentTo()).toEqual([named('two')]);
  });

  it('serves an alias by the second model where no channel serves the first', async () => {
    await put(named('smart'), ['nobody-has-this', named('three')]);
    expect((await send(named('smart'))).headers.get('x-relay-model')).toBe(named('three'));
    await put(named('empty'), ['nobody-has-this']);
    const none = await send(named('empty'));
    expect([none.status, none.body.error.code]).toEqual([404, 'model_not_found']);
  });

  it('requires every model of an alias to be allowed, whatever the alias is called', async () => {
    await put(named('smart'), [named('one'), named('two')]);
    const narrow = await relay.token({ models: [named('one'), named('smart')] });
    const message = expectRefusal(
      await send(named('smart'), {}, narrow.token),
      'openai',
      refusals.modelNotAllowed,
    );
    expect(message).toContain(`\`${named('two')}\``);
    const wide = await relay.token({ models: [named('one'), named('two')] });
    expect((await send(named('smart'), {}, wide.token)).status).toBe(200);
  });

  it('lists an alias only for tokens that may call it', async () => {
    await put(named('smart'), [named('one'), named('two')]);
    const narrow = await relay.token({ models: [named('one')] });
    const listed = async (key: string) => {
      const { body } = await relay.fetch('/v1/models', { headers: ownHeader('openai', key) });
      return body.data.map(({ id }: { id: string }) => id).includes(named('smart'));
    };
    expect([await listed(token), await listed(narrow.token)]).toEqual([true, false]);
    const single = (key: string) =>
      relay.fetch(`/v1/models/${named('smart')}`, { headers: ownHeader('openai', key) });
    expect([(await single(token)).status, (await single(narrow.token)).status]).toEqual([200, 403]);
  });

  it('reserves at the highest price of an alias’s models, and charges the one that answered', async () => {
    await put(named('smart'), [named('one'), named('two')]);
    await relay.manage('PUT', `/prices/${named('two')}`, { input: 100_000, output: 100_000 });
    const poor = await relay.token({ quota_usd: 0.01 });
    expect((await send(named('smart'), {}, poor.token)).status).toBe(429);
    expect((await send(named('one'), {}, poor.token)).status).toBe(200);
    expect((await relay.manage('GET', `/tokens/${poor.id}`)).body.spent_usd).toBe(0.000012);
  });

  it('applies an alias’s own price first', async () => {
    await put(named('smart'), [named('one')]);
    await relay.manage('PUT', `/prices/${named('smart')}`, { input: 5, output: 0 });
    await send(named('smart'));
    expect((await relay.manage('GET', `/tokens/${tokenId}`)).body.spent_usd).toBe(0.00005);
  });

  it('rejects an invalid request to an alias for its own error, not for the name', async () => {
    await put(named('smart'), [named('one')]);
    const narrow = await relay.token({ models: [named('one')] });
    const reply = await relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ownHeader('openai', narrow.token) },
      body: JSON.stringify({ model: named('smart'), messages: 7 }),
    });
    expect([reply.status, reply.body.error.param]).toEqual([400, 'messages']);
  });
});

describe('/api/aliases', () => {
  it('reads, lists and deletes aliases, and rejects an alias of an alias', async () => {
    await put(named('smart'), [named('one')]);
    expect((await relay.manage('GET', `/aliases/${named('smart')}`)).body.models).toEqual([named('one')]);
    const { body } = await relay.manage('GET', '/aliases?limit=200');
    expect(body.data.map(({ name }: { name: string }) => name)).toContain(named('smart'));
    await expect(put(named('nested'), [named('smart')])).rejects.toThrow('400');
    await expect(put(named('wild'), ['gpt-*'])).rejects.toThrow('400');
    await expect(put(named('none'), [])).rejects.toThrow('400');
    await relay.manage('DELETE', `/aliases/${named('smart')}`);
    await expect(relay.manage('GET', `/aliases/${named('smart')}`)).rejects.toThrow('404');
    expect((await send(named('smart'))).status).toBe(404);
  });
});

describe('x-relay-fallback', () => {
  it('tries the models of x-relay-fallback in order', async () => {
    down = new Set([named('one'), named('two')]);
    const reply = await send(named('one'), { 'x-relay-fallback': `${named('two')}, ${named('three')}` });
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, named('three')]);
    expect(sentTo()).toEqual(['one', 'one', 'two', 'two', 'three'].map(named));
    expect(relay.received.every(({ headers }) => !headers.has('x-relay-fallback'))).toBe(true);
  });

  it('rejects x-relay-fallback with a 403 that names the model that is not allowed', async () => {
    const narrow = await relay.token({ models: [named('one')] });
    const reply = await send(named('one'), { 'x-relay-fallback': named('two') }, narrow.token);
    expect(expectRefusal(reply, 'openai', refusals.modelNotAllowed)).toContain(`\`${named('two')}\``);
    expect(relay.received).toEqual([]);
  });

  it('limits the number of models in x-relay-fallback', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`).join(',');
    const most = await send(named('one'), { 'x-relay-fallback': names(fallbackLimits.fallbackModels) });
    expect(most.status).toBe(200);
    const over = await send(named('one'), {
      'x-relay-fallback': names(fallbackLimits.fallbackModels + 1),
    });
    expect([over.status, over.body.error.message]).toEqual([
      400,
      expect.stringContaining('x-relay-fallback'),
    ]);
  });

  it('logs both the requested and the used model', async () => {
    down.add(named('one'));
    await send(named('one'), { 'x-relay-fallback': named('two') });
    await expect
      .poll(async () => (await relay.manage('GET', `/logs?token=${tokenId}`)).body.data[0], {
        timeout: 8_000,
      })
      .toMatchObject({ requested_model: named('one'), upstream_model: named('two'), status: 200 });
  });
});
