// The official Google Gen AI SDK.
import { ApiError, GoogleGenAI } from '@google/genai';
import { describe, expect, it } from 'vitest';
import { baseUrlForms, collect, raisedBy, type SdkWorld } from '../../support/sdk-world.ts';

const greeting = 'Hello relay';
const params = { model: 'gemini-2.0-flash', contents: greeting };

/** Defines the tests; `world` exists when they run. */
export function geminiClientTests(world: () => SdkWorld): void {
  const client = (baseUrl = world().relay.url) =>
    new GoogleGenAI({ apiKey: world().token, httpOptions: { baseUrl } });

  describe.concurrent('the Google Gen AI SDK', () => {
    it.each(baseUrlForms)('calls and streams with %s as base URL', async (_what, of) => {
      const { models } = client(of(world().relay.url));
      expect((await models.generateContent(params)).text).toContain(greeting);
      const chunks = await collect(await models.generateContentStream(params));
      expect(chunks.map((chunk) => chunk.text).join('')).toContain(greeting);
      expect((await models.list()).page.map(({ name }) => name)).toContain('models/gemini-2.0-flash');
    });

    it('reads the usage of the last chunk', async () => {
      const chunks = await collect(await client().models.generateContentStream(params));
      expect(chunks.at(-1)?.usageMetadata?.candidatesTokenCount).toBeGreaterThan(1);
    });

    it('supports API version v1', async () => {
      const { relay, token } = world();
      const v1 = new GoogleGenAI({ apiKey: token, apiVersion: 'v1', httpOptions: { baseUrl: relay.url } });
      expect((await v1.models.generateContent(params)).text).toContain(greeting);
    });

    it('chats over two turns', async () => {
      const chat = client().chats.create({ model: params.model });
      await chat.sendMessage({ message: 'first' });
      expect((await chat.sendMessage({ message: 'second' })).text).toContain('second');
    });

    it('counts tokens', async () => {
      expect((await client().models.countTokens(params)).totalTokens).toBeGreaterThan(0);
    });

    it('embeds one text and several', async () => {
      const { models } = client();
      const one = await models.embedContent({
        model: 'gemini-embedding-001',
        contents: greeting,
        config: { outputDimensionality: 4 },
      });
      expect(one.embeddings?.[0]?.values).toHaveLength(4);
      const two = await models.embedContent({ model: 'gemini-embedding-001', contents: ['a', 'b'] });
      expect(two.embeddings).toHaveLength(2);
    });

    it('pages through the models and retrieves one', async () => {
      const { models } = client();
      const names = (await collect(await models.list({ config: { pageSize: 3 } }))).map(({ name }) => name);
      const all = (await models.list({ config: { pageSize: 1000 } })).page.map(({ name }) => name);
      expect(all.length).toBeGreaterThan(6);
      expect(names).toEqual(all);
      expect((await models.get({ model: params.model })).name).toBe(`models/${params.model}`);
      const error = await raisedBy(() => models.get({ model: 'no-such-model' }));
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ status: 404 });
    });
  });
}
