// One small request straight through a channel, for whoever set it up: does it answer, and how fast?

import type { OperationId } from '../../formats/format-id.ts';
import { AlarmClock } from '../../lib/alarm-clock.ts';
import { wordsWithCause } from '../../lib/relay-error.ts';
import type { FetchUpstream, Send } from '../../providers/call.ts';
import { exchange } from '../../providers/exchange.ts';
import { baseUrlOf } from '../../providers/provider.ts';
import type { ProviderName } from '../../providers/provider-name.ts';
import { providers } from '../../providers/registry.ts';
import { type LiveChannel, upstreamNameOf } from '../../routing/catalog.ts';
import type { KeyRing } from '../../routing/key-ring.ts';
import type { ModelLists } from '../../routing/model-lists.ts';

/** What became of the request. `error` is for the operator: the upstream's own words. */
export interface ChannelTrial {
  ok: boolean;
  status: number | null;
  latency_ms: number;
  error?: string;
}

/** Bounds of a trial. */
export const trialLimits = { waitMs: 30_000, errorCharacters: 1_000 } as const;

/** What a trial needs of the relay. */
export interface TrialServices {
  keys: KeyRing;
  modelLists: ModelLists;
  sendToAi: Send | null;
  resend: FetchUpstream;
}

interface Trial {
  operation: OperationId;
  body(model: string): object;
}

const chat: Trial = {
  operation: 'chat-completions',
  body: (model) => ({ model, messages: [{ role: 'user', content: 'Say hi.' }] }),
};
const rerank: Trial = {
  operation: 'rerank',
  body: (model) => ({ model, query: 'a', documents: ['a', 'b'] }),
};
const embed: Trial = { operation: 'embeddings', body: (model) => ({ model, input: 'hi' }) };
const messages: Trial = {
  operation: 'messages',
  body: (model) => ({ model, max_tokens: 16, messages: [{ role: 'user', content: 'Say hi.' }] }),
};
const generate: Trial = {
  operation: 'generate-content',
  body: () => ({ contents: [{ role: 'user', parts: [{ text: 'Say hi.' }] }] }),
};
const trials: Record<ProviderName, Trial> = {
  openai: chat,
  azure: chat,
  'openai-compatible': chat,
  anthropic: messages,
  bedrock: messages,
  gemini: generate,
  vertex: generate,
  'workers-ai': chat,
  cohere: rerank,
  jina: embed,
  voyage: embed,
};

/**
 * Sends it, with `model` or one that the channel serves, by that key or the first. `upstreamModel` is what was tried; null: the
 * channel names none. Never throws.
 */
export async function tryChannel(
  channel: LiveChannel,
  model: string | undefined,
  keyId: string | null,
  services: TrialServices,
): Promise<{ trial: ChannelTrial; upstreamModel: string | null }> {
  const startedAtMs = Date.now();
  let upstreamModel: string | null = null;
  const ended = (status: number | null, error?: string) => ({
    trial: {
      ok: error === undefined,
      status,
      latency_ms: Date.now() - startedAtMs,
      ...(error !== undefined && { error }),
    },
    upstreamModel,
  });
  try {
    const name = model ?? (await services.modelLists.namesOf(channel, startedAtMs))[0];
    if (name === undefined)
      return ended(null, 'The channel names no model to try. Give one: {"model": "…"}.');
    upstreamModel = upstreamNameOf(channel, name);
    const { response, text } = await sendTrial(channel, name, keyId, services);
    return ended(response.status, faultOf(response, text)?.slice(0, trialLimits.errorCharacters));
  } catch (error) {
    return ended(null, wordsWithCause(error));
  }
}

async function sendTrial(
  channel: LiveChannel,
  name: string,
  keyId: string | null,
  { keys, sendToAi, resend }: TrialServices,
): Promise<{ response: Response; text: string }> {
  const provider = providers[channel.provider];
  const model = upstreamNameOf(channel, name);
  const trial = trialOf(channel, model);
  const headers = new Headers({ 'content-type': 'application/json', ...channel.headers });
  const { value: key } = await keys.keyOf(channel, keyId);
  const target = {
    baseUrl: baseUrlOf(provider, channel.baseUrl),
    operation: trial.operation,
    model,
    suffix: '',
    search: '',
    streams: false,
    settings: channel.settings,
    key,
  };
  const text = JSON.stringify(trial.body(model));
  const body = provider.adapt?.(text, headers, target).text ?? text;
  const abort = new AbortController();
  const clock = new AlarmClock();
  clock.after(trialLimits.waitMs, () => abort.abort());
  try {
    const { waitMs: firstByteMs } = trialLimits;
    const request = { url: provider.url(target), method: 'POST', headers, body, abort, clock, firstByteMs };
    const response = await exchange(provider, request, target, {
      sendToAi,
      resend,
      runOn: () => undefined,
    });
    return { response, text: await response.text() };
  } finally {
    clock.stop();
  }
}

/** What keeps the answer from being one, in words for the operator; undefined: nothing. A page with 200 is no model's answer. */
function faultOf({ ok, status, headers }: Response, text: string): string | undefined {
  const location = headers.get('location');
  if (status >= 300 && status < 400)
    return `The upstream answered ${status}: its address is another${location === null ? '' : `, ${location}`}.`;
  if (!ok) return text.trim() === '' ? `The upstream answered ${status} and said nothing.` : text;
  try {
    const error: unknown = (JSON.parse(text) as { error?: unknown } | null)?.error ?? null;
    return error === null ? undefined : text;
  } catch {
    return `The upstream answered ${status} with what is no JSON: ${text}`;
  }
}

/** Vertex's Claude has a form of its own, and so have embedders. */
function trialOf({ provider }: LiveChannel, model: string): Trial {
  if (provider === 'vertex' && model.includes('claude')) return messages;
  return provider === 'workers-ai' && /\b(bge|embed)/.test(model) ? embed : trials[provider];
}
