// The official OpenAI SDK: every endpoint that both it and the relay have.
import OpenAI, { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { baseUrlForms, collect, raisedBy, type SdkWorld } from '../../support/sdk-world.ts';

const greeting = 'Hello relay';
const messages = [{ role: 'user' as const, content: greeting }];

/** Defines the tests; `world` exists when they run. */
export function openaiClientTests(world: () => SdkWorld): void {
  const client = (baseURL = `${world().relay.url}/v1`) =>
    new OpenAI({ apiKey: world().token, baseURL, maxRetries: 0 });

  describe.concurrent('the OpenAI SDK', () => {
    it.each(baseUrlForms)('calls and streams with %s as base URL', async (_what, of) => {
      const openai = client(of(world().relay.url));
      const answer = await openai.chat.completions.create({ model: 'gpt-4o', messages });
      expect(answer.choices[0]?.message.content).toContain(greeting);
      const chunks = await collect(
        await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true }),
      );
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain(greeting);
      expect((await openai.models.list()).data.map(({ id }) => id)).toContain('gpt-4o');
    });

    it('gets usage in a stream only if requested', async () => {
      const params = { model: 'gpt-4o', messages, stream: true } as const;
      const withUsage = await collect(
        await client().chat.completions.create({ ...params, stream_options: { include_usage: true } }),
      );
      expect(withUsage.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
      expect(withUsage.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
      const withoutUsage = await collect(await client().chat.completions.create(params));
      expect(withoutUsage.some((chunk) => 'usage' in chunk || chunk.choices.length === 0)).toBe(false);
    });

    it('exposes the request id and the usage of an answer', async () => {
      const { data, request_id } = await client()
        .chat.completions.create({ model: 'gpt-4o', messages })
        .withResponse();
      expect(request_id).toMatch(/^req_/);
      expect(data.usage?.total_tokens).toBeGreaterThan(0);
    });

    it('uses its streaming helper', async () => {
      const stream = client().chat.completions.stream({ model: 'gpt-4o', messages });
      expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop');
    });

    it('completes text in the legacy endpoint, streamed and not', async () => {
      const params = { model: 'gpt-3.5-turbo-instruct', prompt: greeting };
      expect((await client().completions.create(params)).choices[0]?.text).toContain(greeting);
      const chunks = await collect(await client().completions.create({ ...params, stream: true }));
      expect(chunks.map((chunk) => chunk.choices[0]?.text).join('')).toContain(greeting);
    });

    it('creates a response, retrieves it and its input, cancels and deletes it', async () => {
      const { responses } = client();
      const made = await responses.create({ model: 'gpt-4o', input: greeting });
      expect(made.output_text).toContain(greeting);
      expect((await responses.retrieve(made.id)).id).toBe(made.id);
      expect((await collect(responses.inputItems.list(made.id))).length).toBe(1);
      expect((await responses.cancel(made.id)).id).toBe(made.id);
      await responses.delete(made.id);
      expect(await raisedBy(() => responses.retrieve(made.id))).toBeInstanceOf(OpenAI.NotFoundError);
    });

    it('streams a response, and continues the conversation by its id', async () => {
      const { responses } = client();
      const events = await collect(
        await responses.create({ model: 'gpt-4o', input: greeting, stream: true }),
      );
      const last = events.at(-1);
      if (last?.type !== 'response.completed') throw new Error(`ended with ${last?.type}`);
      expect(last.response.usage?.output_tokens).toBeGreaterThan(0);
      const next = await responses.create({
        model: 'gpt-4o',
        input: 'And now?',
        previous_response_id: last.response.id,
      });
      expect(next.previous_response_id).toBe(last.response.id);
      const final = await responses.stream({ model: 'gpt-4o', input: greeting }).finalResponse();
      expect(final.output_text).toContain(greeting);
    });

    it('counts the input of a response', async () => {
      expect(
        (await client().responses.inputTokens.count({ model: 'gpt-4o', input: greeting })).input_tokens,
      ).toBeGreaterThan(0);
    });

    it('finds no response of another account and none without an owner', async () => {
      const error = await raisedBy(() =>
        client().responses.create({ model: 'gpt-4o', input: 'hi', previous_response_id: 'resp_x' }),
      );
      expect(error).toBeInstanceOf(OpenAI.NotFoundError);
      expect(await raisedBy(() => client().responses.retrieve('resp_x'))).toBeInstanceOf(
        OpenAI.NotFoundError,
      );
    });

    it('embeds in base64 (its default) and as numbers', async () => {
      const params = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 8 };
      const packed = await client().embeddings.create(params);
      const plain = await client().embeddings.create({ ...params, encoding_format: 'float' });
      expect(packed.data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
      expect(packed.data[0]?.embedding[0]).toBeCloseTo(plain.data[0]?.embedding[0] ?? 0, 5);
    });

    it('moderates, with and without a model', async () => {
      expect((await client().moderations.create({ input: greeting })).results[0]?.flagged).toBe(false);
      const named = await client().moderations.create({
        model: 'omni-moderation-latest',
        input: [greeting, greeting],
      });
      expect(named.results).toHaveLength(2);
    });

    it('generates speech as binary audio and as events', async () => {
      const params = { model: 'gpt-4o-mini-tts', voice: 'alloy', input: greeting } as const;
      const speech = await client().audio.speech.create(params);
      expect(speech.headers.get('content-type')).toBe('audio/mpeg');
      expect((await speech.arrayBuffer()).byteLength).toBeGreaterThan(100);
      expect(
        await (await client().audio.speech.create({ ...params, stream_format: 'sse' })).text(),
      ).toContain('speech.audio.done');
    });

    it('transcribes and translates uploads with `model` after the file', async () => {
      const file = await toFile(Buffer.alloc(300_000, 1), 'speech.wav', { type: 'audio/wav' });
      const { transcriptions, translations } = client().audio;
      expect((await transcriptions.create({ model: 'gpt-4o-transcribe', file })).text).toContain(
        '300000 bytes',
      );
      expect(await transcriptions.create({ model: 'whisper-1', file, response_format: 'text' })).toContain(
        '300000',
      );
      const events = await collect(
        await transcriptions.create({ model: 'gpt-4o-transcribe', file, stream: true }),
      );
      expect(events.at(-1)?.type).toBe('transcript.text.done');
      expect((await translations.create({ model: 'whisper-1', file })).text).toContain('speech.wav');
    });

    it('creates and edits images', async () => {
      const made = await client().images.generate({ model: 'gpt-image-1', prompt: 'a pixel' });
      expect(made.data?.[0]?.b64_json).toMatch(/^[A-Za-z0-9+/]+=*$/);
      const image = await toFile(Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64'), 'image.png', {
        type: 'image/png',
      });
      expect(
        (await client().images.edit({ model: 'gpt-image-1', image, prompt: 'bluer' })).data,
      ).toHaveLength(1);
      expect((await client().images.createVariation({ image })).data).toHaveLength(1);
    });

    it('lists models and retrieves one', async () => {
      const ids = (await collect(client().models.list())).map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(['gpt-4o', 'claude-3-5-sonnet-20241022', 'own-gemini']));
      expect((await client().models.retrieve('gpt-4o')).object).toBe('model');
      expect(await raisedBy(() => client().models.retrieve('no-such-model'))).toBeInstanceOf(
        OpenAI.NotFoundError,
      );
    });
  });
}
