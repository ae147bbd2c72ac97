// Tests an unbounded stream on a token with very little quota left: it ends in the middle with the format's own
// error, every official SDK raises, and the overdraft is at most one step of a reservation.
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { SdkWorld } from '../../support/sdk-world.ts';
import { streamingClients } from './mid-stream.ts';

/** A hundred tokens by the relay's estimate. */
const text = 'words and ... '.repeat(22).slice(0, 300);
const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value: { type: string; [field: string]: unknown }) => `event: ${value.type}\n${data(value)}`;
const usage = { input_tokens: 5, output_tokens: 1 };
const message = { id: 'm', type: 'message', role: 'assistant', content: [], usage };
const chatPiece = () =>
  data({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: text } }] });

/** How an upstream begins and continues, by the recording of that format. */
const talks: Record<string, { first?: string; piece(index: number): string }> = {
  'chat-stream.sse': { piece: chatPiece },
  'completions-stream.sse': {
    piece: () => data({ id: 'c', object: 'text_completion', choices: [{ index: 0, text }] }),
  },
  'responses-stream.sse': {
    piece: (index) => named({ type: 'response.output_text.delta', sequence_number: index, delta: text }),
  },
  'messages-stream.sse': {
    first: named({ type: 'message_start', message }),
    piece: () => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  },
  'generate-stream.sse': {
    piece: () => data({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0 }] }),
  },
};

/** USD per million output tokens; a stream reserves 2,000 tokens at a time. */
const price = { input: 0, output: 10 };
const stepUsd = 0.02;
const quotaUsd = 0.025;

/** Defines the tests; `world` exists when they run. */
export function spentQuotaTests(world: () => SdkWorld): void {
  describe.each(streamingClients.map((one) => [one.name, one] as const))('a stream of %s', (_name, one) => {
    it('ends in the middle when the quota is spent', async () => {
      const { upstream, relay } = world();
      await relay.manage('PUT', '/api/prices/own-*', price);
      const { id, token } = await relay.token({ quota_usd: quotaUsd });
      let open = true;
      upstream.handler = async (_request, response) => {
        response.once('close', () => {
          open = false;
        });
        await talk(one.file, response);
      };
      const { items, error } = await iterate(one.stream(relay.url, token));
      expect(error).toBeInstanceOf(one.raises);
      expect(error?.message).toMatch(/does not fit the quota/);
      expect(items).toBeGreaterThan(10);
      const balance = await balanceAtRest(world(), id);
      expect(balance.spent_usd).toBeGreaterThan(quotaUsd * 0.95);
      expect(balance.spent_usd - quotaUsd).toBeLessThanOrEqual(stepUsd);
      expect(open).toBe(false);
    });
  });
}

/** Tests a stream that fits its reservation, although no more could be reserved half a step before its end. */
export function fittingStreamTests(world: () => SdkWorld): void {
  it('does not end a stream whose own limit fits the remaining quota', async () => {
    const { upstream, relay } = world();
    await relay.manage('PUT', '/api/prices/own-*', price);
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
    const client = new OpenAI({ apiKey: token, baseURL: relay.url, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const bounded = { model: 'own-openai', messages, stream: true as const, max_tokens: 2_000 };
    const { items, error } = await iterate(client.chat.completions.create(bounded));
    expect(error).toBeNull();
    expect(items).toBe(18);
  });
}

/** Streams two to three thousand tokens a second, as fast as the fastest providers. */
async function talk(file: string, response: ServerResponse): Promise<void> {
  const { first = '', piece = chatPiece } = talks[file] ?? {};
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
