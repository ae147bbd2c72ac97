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

const succeed = (model: string) =>
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
const nameOf = (name: string) => `${name}-${serial}`;

beforeEach(async () => {
  serial += 1;
  relay = openRelay();
  down = new Set();
  relay.upstream = (request) => {
    const model = modelOf(request);
    return down.has(model) ? Response.json({ error: { message: 'Down' } }, { status: 503 }) : succeed(model);
  };
  for (const model of ['one', 'two', 'three'].map(nameOf)) {
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
    await put('our/smart', [nameOf('one'), nameOf('two')]);
    const reply = await send('our/smart');
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, nameOf('one')]);
    expect(sentTo()).toEqual([nameOf('one')]);
    expect((await send(nameOf('one'))).headers.get('x-relay-model')).toBeNull();
  });

  it('fails over to the second model when every channel of the first failed, and remembers that', async () => {
    await put(nameOf('smart'), [nameOf('one'), nameOf('two')]);
    down.add(nameOf('one'));
    const reply = await send(nameOf('smart'));
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, nameOf('two')]);
    expect(sentTo()).toEqual([nameOf('one'), nameOf('one'), nameOf('two')]);
    relay.received.length = 0;
    expect((await send(nameOf('smart'))).status).toBe(200);
    expect(sentTo()).toEqual([nameOf('two')]);
  });

  it('serves an alias by the second model where no channel serves the first', async () => {
    await put(nameOf('smart'), ['nobody-has-this', nameOf('three')]);
    expect((await send(nameOf('smart'))).headers.get('x-relay-model')).toBe(nameOf('three'));
    await put(nameOf('empty'), ['nobody-has-this']);
    const none = await send(nameOf('empty'));
    expect([none.status, none.body.error.code]).toEqual([404, 'model_not_found']);
  });

  it('requires every model of an alias to be allowed, whatever the alias is called', async () => {
    await put(nameOf('smart'), [nameOf('one'), nameOf('two')]);
    const narrow = await relay.token({ models: [nameOf('one'), nameOf('smart')] });
    const message = expectRefusal(
      await send(nameOf('smart'), {}, narrow.token),
      'openai',
      refusals.modelNotAllowed,
    );
    expect(message).toContain(`\`${nameOf('two')}\``);
    const wide = await relay.token({ models: [nameOf('one'), nameOf('two')] });
    expect((await send(nameOf('smart'), {}, wide.token)).status).toBe(200);
  });

  it('lists an alias only for tokens that may call it', async () => {
    await put(nameOf('smart'), [nameOf('one'), nameOf('two')]);
    const narrow = await relay.token({ models: [nameOf('one')] });
    const listed = async (key: string) => {
      const { body } = await relay.fetch('/v1/models', { headers: ownHeader('openai', key) });
      return body.data.map(({ id }: { id: string }) => id).includes(nameOf('smart'));
    };
    expect([await listed(token), await listed(narrow.token)]).toEqual([true, false]);
    const single = (key: string) =>
      relay.fetch(`/v1/models/${nameOf('smart')}`, { headers: ownHeader('openai', key) });
    expect([(await single(token)).status, (await single(narrow.token)).status]).toEqual([200, 403]);
  });

  it('reserves at the highest price of an alias’s models, and charges the one that answered', async () => {
    await put(nameOf('smart'), [nameOf('one'), nameOf('two')]);
    await relay.manage('PUT', `/prices/${nameOf('two')}`, { input: 100_000, output: 100_000 });
    const poor = await relay.token({ quota_usd: 0.01 });
    expect((await send(nameOf('smart'), {}, poor.token)).status).toBe(429);
    expect((await send(nameOf('one'), {}, poor.token)).status).toBe(200);
    expect((await relay.manage('GET', `/tokens/${poor.id}`)).body.spent_usd).toBe(0.000012);
  });

  it('applies an alias’s own price first', async () => {
    await put(nameOf('smart'), [nameOf('one')]);
    await relay.manage('PUT', `/prices/${nameOf('smart')}`, { input: 5, output: 0 });
    await send(nameOf('smart'));
    expect((await relay.manage('GET', `/tokens/${tokenId}`)).body.spent_usd).toBe(0.00005);
  });

  it('rejects an invalid request to an alias for its own error, not for the name', async () => {
    await put(nameOf('smart'), [nameOf('one')]);
    const narrow = await relay.token({ models: [nameOf('one')] });
    const reply = await relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ownHeader('openai', narrow.token) },
      body: JSON.stringify({ model: nameOf('smart'), messages: 7 }),
    });
    expect([reply.status, reply.body.error.param]).toEqual([400, 'messages']);
  });
});

describe('/api/aliases', () => {
  it('reads, lists and deletes aliases, and rejects an alias of an alias', async () => {
    await put(nameOf('smart'), [nameOf('one')]);
    expect((await relay.manage('GET', `/aliases/${nameOf('smart')}`)).body.models).toEqual([nameOf('one')]);
    const { body } = await relay.manage('GET', '/aliases?limit=200');
    expect(body.data.map(({ name }: { name: string }) => name)).toContain(nameOf('smart'));
    await expect(put(nameOf('nested'), [nameOf('smart')])).rejects.toThrow('400');
    await expect(put(nameOf('wild'), ['gpt-*'])).rejects.toThrow('400');
    await expect(put(nameOf('none'), [])).rejects.toThrow('400');
    await relay.manage('DELETE', `/aliases/${nameOf('smart')}`);
    await expect(relay.manage('GET', `/aliases/${nameOf('smart')}`)).rejects.toThrow('404');
    expect((await send(nameOf('smart'))).status).toBe(404);
  });
});

describe('x-relay-fallback', () => {
  it('tries the models of x-relay-fallback in order', async () => {
    down = new Set([nameOf('one'), nameOf('two')]);
    const reply = await send(nameOf('one'), { 'x-relay-fallback': `${nameOf('two')}, ${nameOf('three')}` });
    expect([reply.status, reply.headers.get('x-relay-model')]).toEqual([200, nameOf('three')]);
    expect(sentTo()).toEqual(['one', 'one', 'two', 'two', 'three'].map(nameOf));
    expect(relay.received.every(({ headers }) => !headers.has('x-relay-fallback'))).toBe(true);
  });

  it('rejects x-relay-fallback with a 403 that names the model that is not allowed', async () => {
    const narrow = await relay.token({ models: [nameOf('one')] });
    const reply = await send(nameOf('one'), { 'x-relay-fallback': nameOf('two') }, narrow.token);
    expect(expectRefusal(reply, 'openai', refusals.modelNotAllowed)).toContain(`\`${nameOf('two')}\``);
    expect(relay.received).toEqual([]);
  });

  it('limits the number of models in x-relay-fallback', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`).join(',');
    const most = await send(nameOf('one'), { 'x-relay-fallback': names(fallbackLimits.fallbackModels) });
    expect(most.status).toBe(200);
    const over = await send(nameOf('one'), {
      'x-relay-fallback': names(fallbackLimits.fallbackModels + 1),
    });
    expect([over.status, over.body.error.message]).toEqual([
      400,
      expect.stringContaining('x-relay-fallback'),
    ]);
  });

  it('logs both the requested and the used model', async () => {
    down.add(nameOf('one'));
    await send(nameOf('one'), { 'x-relay-fallback': nameOf('two') });
    await expect
      .poll(async () => (await relay.manage('GET', `/logs?token=${tokenId}`)).body.data[0], {
        timeout: 8_000,
      })
      .toMatchObject({ requested_model: nameOf('one'), upstream_model: nameOf('two'), status: 200 });
  });
});
