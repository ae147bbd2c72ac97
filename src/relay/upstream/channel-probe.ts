// Checks of a channel for its operator: one small request straight through it, and the upstream's list of models.
import { errorTextOfBody } from '../../formats/error-text.ts';
import type { OperationId } from '../../formats/format-id.ts';
import { DeadlineTimer } from '../../lib/deadline-timer.ts';
import { messageWithCause } from '../../lib/relay-error.ts';
import { errorMessage } from '../../metering/error-message.ts';
import type { FetchUpstream, Send } from '../../providers/call.ts';
import { exchange } from '../../providers/exchange.ts';
import { baseUrlOf } from '../../providers/provider.ts';
import type { ProviderName } from '../../providers/provider-name.ts';
import { providers } from '../../providers/registry.ts';
import { type LiveChannel, upstreamNameOf } from '../../routing/catalog.ts';
import type { KeyRing } from '../../routing/key-ring.ts';
import type { ModelLists } from '../../routing/model-lists.ts';
import { secretsOfTarget } from '../../routing/target-secrets.ts';
import type { RelayServices } from '../call.ts';

/** The result of a probe. `error` is the upstream's own text, for the operator. */
interface ProbeResult {
  ok: boolean;
  status: number | null;
  latency_ms: number;
  error?: string;
}

/** Bounds of a probe. */
export const probeLimits = { waitMs: 30_000, errorCharacters: 1_000 } as const;

/** What a probe needs of the relay. */
interface ProbeServices {
  keys: KeyRing;
  modelLists: ModelLists;
  sendToAi: Send | null;
  resend: FetchUpstream;
}

interface Probe {
  operation: OperationId;
  body(model: string): object;
}

const chat: Probe = {
  operation: 'chat-completions',
  body: (model) => ({ model, messages: [{ role: 'user', content: 'Say hi.' }] }),
};
const rerank: Probe = {
  operation: 'rerank',
  body: (model) => ({ model, query: 'a', documents: ['a', 'b'] }),
};
const embed: Probe = { operation: 'embeddings', body: (model) => ({ model, input: 'hi' }) };
const messages: Probe = {
  operation: 'messages',
  body: (model) => ({ model, max_tokens: 16, messages: [{ role: 'user', content: 'Say hi.' }] }),
};
const generate: Probe = {
  operation: 'generate-content',
  body: () => ({ contents: [{ role: 'user', parts: [{ text: 'Say hi.' }] }] }),
};
const probes: Record<ProviderName, Probe> = {
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
async function probeChannel(
  channel: LiveChannel,
  model: string | undefined,
  keyId: string | null,
  services: ProbeServices,
): Promise<{ probe: ProbeResult; upstreamModel: string | null }> {
  const startedAtMs = Date.now();
  let upstreamModel: string | null = null;
  const ended = (status: number | null, error?: string) => ({
    probe: {
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
    const { response, text } = await sendProbe(channel, name, keyId, services);
    return ended(response.status, faultOf(response, text)?.slice(0, probeLimits.errorCharacters));
  } catch (error) {
    return ended(null, messageWithCause(error));
  }
}

async function sendProbe(
  channel: LiveChannel,
  name: string,
  keyId: string | null,
  { keys, sendToAi, resend }: ProbeServices,
): Promise<{ response: Response; text: string }> {
  const provider = providers[channel.provider];
  const model = upstreamNameOf(channel, name);
  const probe = probeOf(channel, model);
  const headers = new Headers({ 'content-type': 'application/json', ...channel.headers });
  const { value: key } = await keys.keyOf(channel, keyId);
  const target = {
    baseUrl: baseUrlOf(provider, channel.baseUrl),
    operation: probe.operation,
    model,
    suffix: '',
    search: '',
    streams: false,
    settings: channel.settings,
    key,
  };
  const text = JSON.stringify(probe.body(model));
  const body = provider.adapt?.(text, headers, target).text ?? text;
  const abort = new AbortController();
  const clock = new DeadlineTimer();
  clock.after(probeLimits.waitMs, () => abort.abort());
  try {
    const { waitMs: firstByteMs } = probeLimits;
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

/** Returns why the response is not an answer, for the operator, or undefined if it is one. A web page with status 200 is not. */
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

/** Vertex's Claude and embedding models need another probe. */
function probeOf({ provider }: LiveChannel, model: string): Probe {
  if (provider === 'vertex' && model.includes('claude')) return messages;
  return provider === 'workers-ai' && /\b(bge|embed)/.test(model) ? embed : probes[provider];
}

type CheckServices = ProbeServices & Pick<RelayServices, 'catalog' | 'health'>;

/**
 * Sends one small request through a channel. One that succeeds also ends the cooldowns of its channel, key and model;
 * one that fails is noted for the operator.
 */
export async function testChannel(
  services: CheckServices,
  channelId: string,
  model: string | undefined,
  keyId: string | null,
) {
  const current = await services.catalog.current(Date.now(), () => undefined);
  const channel = current.channel(channelId);
  if (channel === null) return { ok: false, status: null, latency_ms: 0, error: 'There is no such channel.' };
  const startedAtMs = Date.now();
  const { probe, upstreamModel } = await probeChannel(channel, model, keyId, services);
  const tried = upstreamModel === null ? {} : { upstreamModel };
  const place = { channelId, keyId: keyId ?? channel.keys[0]?.id ?? null, ...tried };
  const reports: Promise<unknown>[] = [];
  const background = (work: Promise<unknown>) => reports.push(work);
  if (probe.ok) services.health.succeeded(place, startedAtMs, probe.latency_ms, background);
  else {
    const secrets = secretsOfTarget(
      channel,
      await services.keys.keyOf(channel, place.keyId).catch(() => null),
    );
    const text = errorTextOfBody(probe.status ?? 0, probe.error ?? '');
    const failure = { status: probe.status, message: errorMessage(text, { secrets }) };
    services.health.testFailed({ channelId, keyId: place.keyId }, failure, background);
  }
  await Promise.all(reports);
  return probe;
}

/** Fetches the models of a channel's upstream. Returns null, with the reason, when it has no list or does not answer. */
export async function discoverModels({ catalog, modelLists }: CheckServices, channelId: string) {
  const channel = (await catalog.current(Date.now(), () => undefined)).channel(channelId);
  if (channel === null) return { models: null, error: 'There is no such channel.' };
  try {
    const models = await modelLists.discover(channel);
    if (models !== null) return { models };
    return { models, error: 'This kind of upstream has no list of models.', hasList: false };
  } catch (error) {
    return { models: null, error: messageWithCause(error) };
  }
}
