// The official Anthropic SDK.
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { baseUrlForms, collect, raisedBy, type SdkWorld } from '../../support/sdk-world.ts';

const greeting = 'Hello relay';
const params = {
  model: 'claude-3-5-sonnet-20241022',
  max_tokens: 200,
  messages: [{ role: 'user' as const, content: greeting }],
};

/** Defines the tests; `world` exists when they run. */
export function anthropicClientTests(world: () => SdkWorld): void {
  const client = (baseURL = world().relay.url) =>
    new Anthropic({ apiKey: world().token, baseURL, maxRetries: 0 });

  describe.concurrent('the Anthropic SDK', () => {
    it.each(baseUrlForms)('calls and streams with %s as base URL', async (_what, of) => {
      const anthropic = client(of(world().relay.url));
      const answer = await anthropic.messages.create(params);
      expect(answer.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining(greeting) });
      const events = await collect(await anthropic.messages.create({ ...params, stream: true }));
      expect(events.at(-1)?.type).toBe('message_stop');
      expect((await anthropic.models.list()).data.map(({ id }) => id)).toContain(params.model);
    });

    it('uses its streaming helper', async () => {
      const message = await client().messages.stream(params).finalMessage();
      expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining(greeting) });
      expect(message.usage.output_tokens).toBeGreaterThan(1);
    });

    it('accepts an auth token (Bearer)', async () => {
      const { relay, token } = world();
      const bearer = new Anthropic({ apiKey: null, authToken: token, baseURL: relay.url, maxRetries: 0 });
      expect((await bearer.messages.create(params)).stop_reason).toBe('end_turn');
    });

    it('exposes the request id', async () => {
      const { request_id } = await client().messages.create(params).withResponse();
      expect(request_id).toMatch(/^req_/);
    });

    it('counts tokens, with and without the beta header', async () => {
      const { model, messages } = params;
      expect((await client().messages.countTokens({ model, messages })).input_tokens).toBeGreaterThan(0);
      const beta = await client().beta.messages.countTokens({
        model,
        messages,
        betas: ['token-counting-2024-11-01'],
      });
      expect(beta.input_tokens).toBeGreaterThan(0);
    });

    it('pages through the models, forwards and backwards', async () => {
      const all = (await client().models.list({ limit: 1000 })).data.map(({ id }) => id);
      const paged = (await collect(client().models.list({ limit: 3 }))).map(({ id }) => id);
      expect(all.length).toBeGreaterThan(6);
      expect(paged).toEqual(all);
      const before = await client().models.list({ before_id: all[4] ?? '', limit: 2 });
      expect(before.data.map(({ id }) => id)).toEqual(all.slice(2, 4));
    });

    it('retrieves one model', async () => {
      expect(await client().models.retrieve(params.model)).toMatchObject({ id: params.model, type: 'model' });
      expect(await raisedBy(() => client().models.retrieve('no-such-model'))).toBeInstanceOf(
        Anthropic.NotFoundError,
      );
    });
  });
}
