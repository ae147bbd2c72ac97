// A stream without a bound on a token with very little left: it ends in the middle with the format's own error, every
// official SDK raises, and the token is in debt by no more than one step of a reservation.
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { SdkWorld } from '../support/sdk-world.ts';

const messages = [{ role: 'user' as const, content: 'Never stop.' }];

interface Case {
  name: string;
  model: string;
  stream(url: string, token: string): Promise<AsyncIterable<unknown>>;
  raises: new (...given: never[]) => Error;
  /** What the upstream begins with, and goes on with. */
  first: string;
  piece(index: number): string;
}

/** A hundred tokens of the relay's estimate. */
const text = 'words and ... '.repeat(22).slice(0, 300);
const openai = (url: string, apiKey: string) => new OpenAI({ apiKey, baseURL: url, maxRetries: 0 });
const event = (value: { type: string }) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const chatPiece = () =>
  data({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: text } }] });

const cases: readonly Case[] = [
  {
    name: 'OpenAI chat, usage not asked for',
    model: 'own-openai',
    stream: (url, token) =>
      openai(url, token).chat.completions.create({ model: 'own-openai', messages, stream: true }),
    raises: OpenAI.APIError,
    first: '',
    piece: chatPiece,
  },
  {
    name: 'OpenAI chat, usage asked for',
    model: 'own-openai',
    stream: (url, token) =>
      openai(url, token).chat.completions.create({
        model: 'own-openai',
        messages,
        stream: true,
        stream_options: { include_usage: true },
      }),
    raises: OpenAI.APIError,
    first: '',
    piece: chatPiece,
  },
  {
    name: 'OpenAI responses',
    model: 'own-openai',
    stream: (url, token) =>
      openai(url, token).responses.create({ model: 'own-openai', input: 'Never stop.', stream: true }),
    raises: OpenAI.APIError,
    first: '',
    piece: (index) =>
      event({ type: 'response.output_text.delta', sequence_number: index, delta: text } as { type: string }),
  },
  {
    name: 'Anthropic messages, with a bound far beyond what is left',
    model: 'own-anthropic',
    stream: (baseURL, apiKey) =>
      new Anthropic({ apiKey, baseURL, maxRetries: 0 }).messages.create({
        model: 'own-anthropic',
        max_tokens: 64_000,
        messages,
        stream: true,
      }),
    raises: Anthropic.APIError,
    first: event({
      type: 'message_start',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        content: [],
        usage: { input_tokens: 5, output_tokens: 1 },
      },
    } as { type: string }),
    piece: () =>
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as {
        type: string;
      }),
  },
  {
    name: 'Gemini generateContent',
    model: 'own-gemini',
    stream: (baseUrl, apiKey) =>
      new GoogleGenAI({ apiKey, httpOptions: { baseUrl } }).models.generateContentStream({
        model: 'own-gemini',
        contents: 'Never stop.',
      }),
    raises: ApiError,
    first: '',
    piece: () => data({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0 }] }),
  },
];

/** USD a million tokens of output; SPEC section 6 reserves a stream 2,000 tokens at a time. */
const price = { input: 0, output: 10 };
const stepUsd = 0.02;
const quotaUsd = 0.025;

/** The tests; `world` is there when they run. */
export function spentQuotaTests(world: () => SdkWorld): void {
  describe.each(cases.map((one) => [one.name, one] as const))('a stream of %s', (_name, one) => {
    it('ends in the middle when the quota does', async () => {
      const { upstream, relay } = world();
      await relay.manage('PUT', `/api/prices/${one.model}`, price);
      const { id, token } = await relay.token({ quota_usd: quotaUsd });
      let open = true;
      upstream.handler = async (_request, response) => {
        response.once('close', () => {
          open = false;
        });
        await talk(one, response);
      };
      const { items, error } = await iterate(one.stream(relay.url, token));
      expect(error).toBeInstanceOf(one.raises);
      expect(error?.message).toMatch(/does not fit the quota/);
      expect(items).toBeGreaterThan(10);
      const balance = await balanceAtRest(world(), id);
      expect(balance.spent_usd).toBeGreaterThan(quotaUsd / 2);
      expect(balance.spent_usd - quotaUsd).toBeLessThanOrEqual(stepUsd);
      expect(open).toBe(false);
    });
  });
}

/** A stream that fits its reservation to the end, though half a step before it nothing more could be had. */
export function fittingStreamTests(world: () => SdkWorld): void {
  it('does not end a stream whose own bound fits what is left', async () => {
    const { upstream, relay } = world();
    await relay.manage('PUT', '/api/prices/own-openai', price);
    const { token } = await relay.token({ quota_usd: stepUsd });
    upstream.handler = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let index = 0; index < 18; index++) {
        response.write(chatPiece());
        await delay(60);
      }
      const usage = { prompt_tokens: 5, completion_tokens: 1_900, total_tokens: 1_905 };
      response.end(`${data({ object: 'chat.completion.chunk', choices: [], usage })}data: [DONE]\n\n`);
    };
    const bounded = { model: 'own-openai', messages, stream: true as const, max_tokens: 2_000 };
    const { items, error } = await iterate(openai(relay.url, token).chat.completions.create(bounded));
    expect(error).toBeNull();
    expect(items).toBe(18);
  });
}

/** Two to three thousand tokens a second: as fast as the fastest providers. */
async function talk({ first, piece }: Case, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (first !== '') response.write(first);
  for (let index = 0; !response.destroyed && index < 2_000; index++) {
    response.write(piece(index));
    await delay(40);
  }
  response.end();
}

async function iterate(stream: Promise<AsyncIterable<unknown>>) {
  let items = 0;
  try {
    for await (const _ of await stream) items += 1;
    return { items, error: null };
  } catch (error) {
    return { items, error: error as Error };
  }
}

async function balanceAtRest({ relay }: SdkWorld, id: string): Promise<{ spent_usd: number }> {
  for (;;) {
    const balance = await relay.manage<{ spent_usd: number; open_requests: number }>(
      'GET',
      `/api/tokens/${id}`,
    );
    if (balance.open_requests === 0) return balance;
    await delay(50);
  }
}
