// One try at an upstream: which channel and key, what the request looks like there, what came back.
import type { JsonObject } from '../formats/observation.ts';
import { inEmbeddingsDialect } from '../formats/openai-embeddings/index.ts';
import { type RerankDialect, writeRerankRequest } from '../formats/rerank/request.ts';
import { formatOf, type TranslationTarget } from '../formats/translations.ts';
import { memberText, replaceMember, topLevelMembers } from '../lib/json-members.ts';
import { RelayError } from '../lib/relay-error.ts';
import { callUpstream } from '../providers/call.ts';
import { providers } from '../providers/registry.ts';
import type { ChannelKey } from '../routing/key-ring.ts';
import { selectRoute } from '../routing/select.ts';
import type { Admitted } from './admitted.ts';
import type { Call } from './call.ts';
import { headersForUpstream, searchForUpstream } from './headers.ts';
import type { Plan, PricedRoute } from './plan.ts';
import { holdsCarry, translateConversation } from './translate.ts';
import { translateEmbeddings } from './translate-embeddings.ts';
import type { TranslatedRequest, Translation } from './translation.ts';
import { startUpload } from './upload.ts';

/** An upstream's response, and how it was got. */
export interface Sent {
  upstream: Response;
  route: PricedRoute;
  key: ChannelKey;
  abort: AbortController;
  /** How the answer becomes the caller's; null: the upstream speaks the caller's format. */
  translation: Translation | null;
  /** The relay switched usage reporting on; what that adds is to be taken out again. */
  usageSwitchedOn: boolean;
}

/** Throws RelayError when there is no answer at all. The attempt is on the ticket either way. */
export async function send(request: Admitted, abort: AbortController): Promise<Sent> {
  const { call, plan, ticket, services, clock } = request;
  const route = selectRoute(plan.routes, Math.random());
  if (route === null) throw new RelayError('model_not_found', 'No channel serves this model at the moment.');
  ticket.route = route;
  const key = await services.keys.keyOf(route.channel, Math.random());
  const startedAtMs = Date.now();
  const note = (status: number | null, error: string | null) =>
    ticket.attempts.push({
      channelId: route.channel.id,
      keyId: key.id,
      status,
      error,
      durationMs: Date.now() - startedAtMs,
    });
  try {
    const { body, uploaded, usageSwitchedOn, translated } = outgoingBody(call, plan, route, abort);
    const translation = translated?.translation ?? null;
    ticket.dropped = translation?.dropped ?? [];
    const calling = callUpstream({
      url: urlFor(call, route, translated),
      method: call.request.method,
      headers: headersFor(call, plan, route, key, translated),
      body,
      abort,
      clock,
    });
    // The upstream may answer before it has everything; the rest must be taken in all the same.
    if (uploaded !== null) call.background(uploaded.catch(() => undefined));
    const upstream = await (uploaded === null ? calling : orUploadFailure(calling, uploaded, abort));
    ticket.ttfbMs = Date.now() - call.startedAtMs;
    note(upstream.status, null);
    return { upstream, route: route, key, abort, usageSwitchedOn, translation };
  } catch (error) {
    note(null, error instanceof RelayError ? error.code : 'aborted');
    throw error;
  }
}

function urlFor(
  call: Call,
  { channel, upstreamModel }: PricedRoute,
  translated: TranslatedRequest | null,
): string {
  const provider = providers[channel.provider];
  const baseUrl = (channel.baseUrl ?? provider.defaultBaseUrl ?? '').replace(/\/+$/, '');
  return provider.url({
    baseUrl,
    operation: translated?.operation ?? call.endpoint.operation,
    model: upstreamModel,
    suffix: call.suffix,
    search: translated === null ? searchForUpstream(call.request.url) : searchOf(translated),
  });
}

/** Of the caller's query nothing is meant for another provider; Gemini streams events only when asked. */
function searchOf({ operation }: TranslatedRequest): string {
  return operation === 'stream-generate-content' ? '?alt=sse' : '';
}

function headersFor(
  call: Call,
  plan: Plan,
  { channel }: PricedRoute,
  key: ChannelKey,
  translated: TranslatedRequest | null,
): Headers {
  // Beta headers and an SDK's telemetry are meant for the provider of the caller's format.
  const own = translated === null ? call.request.headers : new Headers({ accept: 'application/json' });
  const headers = headersForUpstream(own, channel.headers);
  if (key.value !== null) providers[channel.provider].authorize(headers, key.value);
  if (channel.provider === 'anthropic' && !headers.has('anthropic-version')) {
    headers.set('anthropic-version', '2023-06-01');
  }
  if (plan.body.type === 'json') headers.set('content-type', 'application/json');
  return headers;
}

interface Outgoing {
  body: ArrayBuffer | string | ReadableStream | null;
  uploaded: Promise<void> | null;
  usageSwitchedOn: boolean;
  translated: TranslatedRequest | null;
}

const asItIs = { uploaded: null, usageSwitchedOn: false, translated: null };

function outgoingBody(call: Call, plan: Plan, route: PricedRoute, abort: AbortController): Outgoing {
  switch (plan.body.type) {
    case 'none':
      return { ...asItIs, body: null };
    case 'form': {
      const { body, done } = startUpload(plan.body, route.upstreamModel, abort);
      return { ...asItIs, body, uploaded: done };
    }
    case 'json': {
      const target = route.target ?? targetForCarries(call, plan);
      if (target !== null) {
        const translated = translate(call, plan, route, target);
        return { ...asItIs, body: translated.text, translated };
      }
      const edited = editedText(call, plan, route, plan.body.text, plan.body.value);
      const body = edited.text === plan.body.text ? plan.body.bytes : edited.text;
      return { ...asItIs, body, usageSwitchedOn: edited.usageSwitchedOn };
    }
  }
}

/** A conversation that holds another provider's proofs is written anew for its own format. */
function targetForCarries(call: Call, plan: Plan): TranslationTarget | null {
  const format = holdsCarry(plan) ? formatOf(call.endpoint.operation) : null;
  return format && { type: 'conversation', format };
}

function translate(call: Call, plan: Plan, route: PricedRoute, target: TranslationTarget): TranslatedRequest {
  switch (target.type) {
    case 'conversation':
      return translateConversation(call, plan, route, target.format);
    case 'embeddings':
      return translateEmbeddings(call, plan, route, target.dialect);
  }
}

/** The caller's JSON with only what must change changed, in place. */
function editedText(call: Call, plan: Plan, route: PricedRoute, text: string, value: unknown) {
  if (call.endpoint.operation === 'rerank') {
    return {
      text: writeRerankRequest(rerankDialect(route), text, value, route.upstreamModel),
      usageSwitchedOn: false,
    };
  }
  const named = call.pathModel === null ? withModel(text, route.upstreamModel, plan.model) : text;
  const { kind } = call.endpoint;
  const { provider } = route.channel;
  if (call.endpoint.operation === 'embeddings' && (provider === 'voyage' || provider === 'jina')) {
    return { text: inEmbeddingsDialect(provider, named, value as JsonObject), usageSwitchedOn: false };
  }
  const askForUsage =
    (kind === 'chat' || kind === 'completions') && plan.facts.stream && plan.facts.includeUsage !== true;
  return { text: askForUsage ? withUsage(named) : named, usageSwitchedOn: askForUsage };
}

/** The model's name there. A name given twice is made one: an upstream might read the other one. */
function withModel(text: string, upstreamModel: string, model: string | null): string {
  const names = topLevelMembers(text).filter(({ key }) => key === 'model');
  return upstreamModel === model && names.length <= 1
    ? text
    : replaceMember(text, 'model', JSON.stringify(upstreamModel));
}

function withUsage(text: string): string {
  const options = topLevelMembers(text).findLast(({ key }) => key === 'stream_options');
  const before = options === undefined ? 'null' : memberText(text, options);
  const after = before.startsWith('{')
    ? replaceMember(before, 'include_usage', 'true')
    : '{"include_usage":true}';
  return replaceMember(text, 'stream_options', after);
}

/** Which rerank API a route's upstream has. */
export function rerankDialect({ channel }: PricedRoute): RerankDialect {
  return channel.provider === 'cohere' || channel.provider === 'voyage' ? channel.provider : 'jina';
}

/** A call that was aborted because its upload failed fails for the upload's reason. */
async function orUploadFailure(
  calling: Promise<Response>,
  uploaded: Promise<void>,
  abort: AbortController,
): Promise<Response> {
  try {
    return await calling;
  } catch (error) {
    if (abort.signal.aborted) await uploaded;
    throw error;
  }
}
