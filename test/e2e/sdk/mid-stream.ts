// Tests an error in the middle of a stream, from an upstream that breaks off and from a deleted token: every
// official SDK's iterator returns what arrived before, then raises.

import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { SdkWorld } from '../../support/sdk-world.ts';

const messages = [{ role: 'user' as const, content: 'hi' }];
type Items = Promise<AsyncIterable<unknown>>;

/** An official client that streams. */
export interface StreamingClient {
  name: string;
  /** The recording that the upstream begins. */
  file: string;
  stream(url: string, token: string): Items;
  raises: new (...given: never[]) => Error;
}

const folder = fileURLToPath(new URL('../../fixtures/replay/', import.meta.url).href);
const fixture = (file: string) => readFileSync(folder + file, 'utf8');
const openai = (url: string, apiKey: string) => new OpenAI({ apiKey, baseURL: url, maxRetries: 0 });

/** Every way to stream with them; no output limit is below what a test may need. */
export const streamingClients: readonly StreamingClient[] = [
  {
    name: 'OpenAI chat, without usage',
    file: 'chat-stream.sse',
    stream: (url, token) =>
      openai(url, token).chat.completions.create({ model: 'own-openai', messages, stream: true }),
    raises: OpenAI.APIError,
  },
  {
    name: 'OpenAI chat, with usage',
    file: 'chat-stream.sse',
    stream: (url, token) =>
      openai(url, token).chat.completions.create({
        model: 'own-openai',
        messages,
        stream: true,
        stream_options: { include_usage: true },
      }),
    raises: OpenAI.APIError,
  },
  {
    name: 'OpenAI completions',
    file: 'completions-stream.sse',
    stream: (url, token) =>
      openai(url, token).completions.create({ model: 'own-openai', prompt: 'hi', stream: true }),
    raises: OpenAI.APIError,
  },
  {
    name: 'OpenAI responses',
    file: 'responses-stream.sse',
    stream: (url, token) =>
      openai(url, token).responses.create({ model: 'own-openai', input: 'hi', stream: true }),
    raises: OpenAI.APIError,
  },
  {
    name: 'Anthropic messages',
    file: 'messages-stream.sse',
    stream: (baseURL, apiKey) =>
      new Anthropic({ apiKey, baseURL, maxRetries: 0 }).messages.create({
        model: 'own-anthropic',
        max_tokens: 64_000,
        messages,
        stream: true,
      }),
    raises: Anthropic.APIError,
  },
  {
    name: 'Gemini generateContent',
    file: 'generate-stream.sse',
    stream: (baseUrl, apiKey) =>
      new GoogleGenAI({ apiKey, httpOptions: { baseUrl } }).models.generateContentStream({
        model: 'own-gemini',
        contents: 'hi',
      }),
    raises: ApiError,
  },
];

/** Defines the tests; `world` exists when they run. */
export function midStreamTests(world: () => SdkWorld): void {
  describe.each(streamingClients.map((client) => [client.name, client] as const))(
    'a stream of %s',
    (_name, client) => {
      const events = fixture(client.file)
        .split(/(?<=\n\n|\r\n\r\n)/)
        .slice(0, 4);

      it('raises an error when the upstream resets the connection between two events', async () => {
        const { upstream, relay, token } = world();
        upstream.handler = async (_request, response) => {
          begin(response);
          for (const event of events) {
            response.write(event);
            await delay(20);
          }
          response.socket?.resetAndDestroy();
        };
        const { items, error } = await iterate(client.stream(relay.url, token));
        expect(error).toBeInstanceOf(client.raises);
        expect(error?.message).toMatch(/connection to the model provider broke off/i);
        expect(items.length).toBeGreaterThanOrEqual(3);
      });

      it('raises an error within two seconds of the token’s deletion, and aborts the upstream', async () => {
        const { upstream, relay } = world();
        const { id, token } = await relay.token();
        const closed = Promise.withResolvers<void>();
        upstream.handler = async (_request, response) => {
          begin(response);
          response.once('close', () => closed.resolve());
          for (let count = 0; !response.destroyed && count < 200; count++) {
            response.write(events[Math.min(count, events.length - 1)]);
            await delay(50);
          }
        };
        let deletedAt = 0;
        const { items, error } = await iterate(client.stream(relay.url, token), async () => {
          await relay.manage('DELETE', `/api/tokens/${id}`);
          deletedAt = performance.now();
        });
        expect(performance.now() - deletedAt).toBeLessThan(2_000);
        expect(error).toBeInstanceOf(client.raises);
        expect(error?.message).toMatch(/was deleted/);
        expect(items.length).toBeGreaterThanOrEqual(3);
        await closed.promise;
      });
    },
  );

  it('ends Gemini’s JSON array with the error as its last element when the stream fails', async () => {
    const { upstream, relay, token } = world();
    const elements = fixture('generate-array.json')
      .split(/(?<=\r\n\}\r\n)/)
      .slice(0, 3);
    upstream.handler = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' });
      for (const element of elements) {
        response.write(element);
        await delay(20);
      }
      response.socket?.resetAndDestroy();
    };
    const answer = await fetch(`${relay.url}/v1beta/models/own-gemini:streamGenerateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': token },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }),
    });
    const array = (await answer.json()) as { error?: { code: number; status: string } }[];
    expect(array).toHaveLength(4);
    expect(array.at(-1)?.error).toMatchObject({ code: 502, status: 'UNAVAILABLE' });
  });
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** Returns what the iterator yielded, and what it raised. `onThird` is awaited after the third item. */
async function iterate(
  stream: Items,
  onThird?: () => Promise<void>,
): Promise<{ items: unknown[]; error: Error | null }> {
  const items: unknown[] = [];
  try {
    for await (const item of await stream) {
      items.push(item);
      if (items.length === 3) await onThird?.();
    }
    return { items, error: null };
  } catch (error) {
    return { items, error: error as Error };
  }
}
