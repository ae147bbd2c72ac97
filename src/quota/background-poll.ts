// Asking an upstream how a response in the background is, and what it cost when it is over.
// https://platform.openai.com/docs/guides/background
import { createMeter, type Meter } from '../formats/meter.ts';
import type { Usage } from '../formats/usage.ts';
import { AlarmClock } from '../lib/alarm-clock.ts';
import { type Charge, chargeFor, costOfCharge } from '../metering/charge.ts';
import { estimate } from '../metering/estimate.ts';
import { exchange } from '../providers/exchange.ts';
import { baseUrlOf } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import type { LiveChannel } from '../routing/catalog.ts';
import type { KeyRing } from '../routing/key-ring.ts';
import type { BackgroundOrder, Poll, Polled } from './background.ts';
import type { Settlement } from './quota.ts';

/** Where channels and their keys come from. */
export interface Upstreams {
  channel(id: string): Promise<LiveChannel | null>;
  keys: KeyRing;
}

/** An upstream that takes longer to say how a response is has not answered. */
export const pollTimeoutMs = 10_000;

/** The states in which a response is still worked on. */
const runningStates: ReadonlySet<unknown> = new Set(['queued', 'in_progress']);

/** A poll through the relay's own channels. */
export function pollThrough(upstreams: Upstreams): Poll {
  return async (order, cancel) => {
    try {
      return await ask(upstreams, order, cancel);
    } catch (error) {
      const { id: requestId } = order.row;
      console.warn(
        JSON.stringify({ event: 'background-response-unanswered', requestId, error: String(error) }),
      );
      return { outcome: 'unanswered' };
    }
  };
}

async function ask(upstreams: Upstreams, order: BackgroundOrder, cancel: boolean): Promise<Polled> {
  const channel = await upstreams.channel(order.channelId);
  if (channel === null) throw new Error('there is no such channel any more');
  const response = await call(upstreams, channel, order, cancel);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status === 404) return { outcome: 'gone' };
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { status } = JSON.parse(new TextDecoder().decode(bytes)) as { status?: unknown };
  if (runningStates.has(status)) return { outcome: 'running' };
  return { outcome: 'ended', settlement: settlementOf(order, channel, bytes, String(status)) };
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
  const clock = new AlarmClock();
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
    // Read under the same deadline.
    return new Response(await response.arrayBuffer(), { status: response.status });
  } finally {
    clock.stop();
  }
}

function settlementOf(
  order: BackgroundOrder,
  channel: LiveChannel,
  bytes: Uint8Array,
  status: string,
): Settlement {
  const meter = createMeter('responses', 'json');
  meter.push(bytes);
  meter.end();
  const told = meter.usage();
  const { typicalInput, row } = order;
  const usage = told ?? estimate(typicalInput && { typicalInput }, meter, null).passed;
  const charge = chargeOf(order, channel, usage, meter);
  return {
    row: {
      ...row,
      errorCode: status === 'completed' ? null : (meter.error ?? `response_${status}`),
      inputTokens: usage.inputTokens,
      cachedTokens: usage.cachedTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
      outputTokens: usage.outputTokens,
      reasoningTokens: usage.reasoningTokens,
      usageSource: told === null ? 'estimated' : 'upstream',
      costNanoUsd: charge === null ? null : costOfCharge(charge),
      charge,
      durationMs: Date.now() - row.createdAtMs,
    },
    tokens: usage.inputTokens + usage.outputTokens,
  };
}

/** null: the model has no price. What other models ran up costs as the response's own does: their prices are not at hand. */
function chargeOf(
  { rates, multiplier, row }: BackgroundOrder,
  { provider }: LiveChannel,
  usage: Usage,
  meter: Meter,
): Charge | null {
  if (rates === null) return null;
  const terms = { tier: meter.serviceTier, region: meter.servedIn };
  const charged = {
    provider,
    model: row.upstreamModel ?? '',
    usage,
    others: meter.otherModelUsage,
    terms,
    multiplier,
  };
  return chargeFor(charged, rates, () => null);
}
