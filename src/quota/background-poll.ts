// Polls an upstream for a background response: its state, and its cost at the end.
// https://platform.openai.com/docs/guides/background
import type { Config } from '../config.ts';
import { createMeter } from '../formats/meter.ts';
import { openaiResponses } from '../formats/openai-responses/index.ts';
import { DeadlineTimer } from '../lib/deadline-timer.ts';
import { logWarning } from '../lib/log.ts';
import { exchange } from '../providers/exchange.ts';
import { baseUrlOf } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import type { LiveChannel } from '../routing/catalog.ts';
import { findChannel } from '../routing/environment-channels.ts';
import { KeyRing } from '../routing/key-ring.ts';
import type { Poll, Polled } from './background.ts';
import { endingOfMeter, settlementOf } from './background-ending.ts';
import type { BackgroundEnding, BackgroundOrder } from './records.ts';

/** The source of channels and their keys. */
export interface Upstreams {
  channel(id: string): Promise<LiveChannel | null>;
  keys: KeyRing;
}

/** A poll that takes longer than this counts as unanswered. */
const pollTimeoutMs = 10_000;

/** Returns the channels of that database and configuration as upstreams. */
export function upstreamsOf(db: D1Database, config: Config): Upstreams {
  const keys = new KeyRing(config.encryptionKeys);
  return { channel: (id) => findChannel(db, config, id), keys };
}

/** Returns a poll that calls the relay's own channels. */
export function pollThrough(upstreams: Upstreams): Poll {
  return async (order, cancel) => {
    try {
      return await request(upstreams, order, cancel);
    } catch (error) {
      const { id: requestId } = order.row;
      logWarning('background-response-unanswered', { requestId, error });
      return { outcome: 'unanswered' };
    }
  };
}

async function request(upstreams: Upstreams, order: BackgroundOrder, cancel: boolean): Promise<Polled> {
  const channel = await upstreams.channel(order.channelId);
  if (channel === null) throw new Error('there is no such channel any more');
  const response = await call(upstreams, channel, order, cancel);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status === 404) return { outcome: 'gone' };
  if (!response.ok) throw new Error(`status ${response.status}`);
  const ending = endingOf(bytes, channel.provider);
  return ending === null
    ? { outcome: 'running' }
    : { outcome: 'ended', settlement: settlementOf(order, ending, Date.now()) };
}

/** Returns how the response ended, or null if it is still running. Throws for a body that is not a response. */
function endingOf(bytes: Uint8Array, provider: LiveChannel['provider']): BackgroundEnding | null {
  const meter = createMeter(openaiResponses, 'json');
  meter.push(bytes);
  meter.end();
  if (meter.responseStatus === null) throw new Error('it answers with something that is no response');
  return endingOfMeter(meter, provider);
}

async function call(
  { keys }: Upstreams,
  channel: LiveChannel,
  { responseId, keyId, row }: BackgroundOrder,
  cancel: boolean,
): Promise<Response> {
  const provider = providers[channel.provider];
  const key = await keys.keyOf(channel, keyId);
  const target = {
    baseUrl: baseUrlOf(provider, channel.baseUrl),
    operation: 'stored-response',
    model: row.upstreamModel ?? '',
    suffix: `/${encodeURIComponent(responseId)}${cancel ? '/cancel' : ''}`,
    search: '',
    streams: false,
    settings: channel.settings,
    key: key.value,
  } as const;
  const clock = new DeadlineTimer();
  const abort = new AbortController();
  clock.after(pollTimeoutMs, () => abort.abort());
  try {
    const request = {
      url: provider.url(target),
      method: cancel ? 'POST' : 'GET',
      headers: new Headers(channel.headers),
      body: null,
      abort,
      clock,
      firstByteMs: pollTimeoutMs,
    };
    const response = await exchange(provider, request, target, { sendToAi: null, runOn: () => undefined });
    // The body is read under the same deadline.
    return new Response(await response.arrayBuffer(), { status: response.status });
  } finally {
    clock.stop();
  }
}
