// Builds the request for an upstream: its address, its headers, its body. Nothing is sent here.
import { inEmbeddingsDialect } from '../../formats/openai-embeddings/index.ts';
import { ownTarget, type TranslationTarget } from '../../formats/registry.ts';
import { type RerankDialect, writeRerankRequest } from '../../formats/rerank/request.ts';
import type { JsonObject } from '../../lib/json.ts';
import { memberText, removeMember, replaceMember, topLevelMembers } from '../../lib/json-members.ts';
import { chatFactsOf, mayReadUsageOption } from '../../providers/presets.ts';
import { type AdaptedBody, baseUrlOf, type UpstreamTarget } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import { allowedQuery } from '../../providers/request-allowlist.ts';
import type { ChannelKey } from '../../routing/key-ring.ts';
import type { Call } from '../call.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { formContentType } from '../request/form.ts';
import { startUpload } from '../request/upload.ts';
import type { UploadedAudio } from '../request/uploaded-audio.ts';
import { holdsForeignReasoning, translateConversation } from '../translation/conversation.ts';
import { translateEmbeddings } from '../translation/embeddings.ts';
import type { TranslatedRequest } from '../translation/translation.ts';
import { headersForUpstream } from './headers.ts';

/** Returns where a request goes, before the provider makes a URL of it. */
export function targetFor(
  call: Call,
  { facts }: Plan,
  { channel, upstreamModel }: PricedRoute,
  key: ChannelKey,
  translated: TranslatedRequest | null,
): UpstreamTarget {
  return {
    baseUrl: baseUrlOf(providers[channel.provider], channel.baseUrl),
    operation: translated?.operation ?? call.endpoint.operation,
    model: upstreamModel,
    suffix: call.suffix,
    search: translated === null ? queryFor(call, channel.provider) : searchOf(translated),
    streams: facts.stream,
    settings: channel.settings,
    key: key.value,
  };
}

function queryFor({ request, endpoint }: Call, provider: PricedRoute['channel']['provider']): string {
  return allowedQuery(request.url, provider, endpoint.operation === 'stored-response');
}

/** The caller's query is not meant for another provider. Gemini streams events only when asked. */
function searchOf({ operation }: TranslatedRequest): string {
  return operation === 'stream-generate-content' ? '?alt=sse' : '';
}

export function headersFor(
  call: Call,
  plan: Plan,
  { channel, translateTo: target }: PricedRoute,
  translated: TranslatedRequest | null,
): Headers {
  const isTranslated = translated !== null && isOfAnotherFormat(call, target);
  const headers = headersForUpstream(call.request.headers, channel, isTranslated);
  addBetas(headers, translated?.betas ?? []);
  if (plan.body.type === 'json') headers.set('content-type', 'application/json');
  if (plan.body.type === 'form') headers.set('content-type', formContentType(plan.body.boundary));
  return headers;
}

/** A request that is only rewritten still goes to a provider of the caller's format. */
function isOfAnotherFormat({ endpoint }: Call, target: TranslationTarget | null): boolean {
  if (target === null) return false;
  return target.type !== 'conversation' || target.format !== ownTarget(endpoint)?.format;
}

/** Beside those that the caller or the channel's own headers name. */
function addBetas(headers: Headers, betas: readonly string[]): void {
  if (betas.length === 0) return;
  const named = (headers.get('anthropic-beta') ?? '').split(',').map((beta) => beta.trim());
  const all = new Set([...named.filter((beta) => beta !== ''), ...betas]);
  headers.set('anthropic-beta', [...all].join(','));
}

interface Outgoing {
  body: ArrayBuffer | string | ReadableStream | null;
  uploaded: Promise<void> | null;
  usageSwitchedOn: boolean;
  translated: TranslatedRequest | null;
}

const asItIs = { uploaded: null, usageSwitchedOn: false, translated: null };

export function outgoingBody(
  call: Call,
  plan: Plan,
  route: PricedRoute,
  abort: AbortController,
  uploaded: UploadedAudio | null,
): Outgoing {
  switch (plan.body.type) {
    case 'none':
      return { ...asItIs, body: null };
    case 'form': {
      const { body, done } = startUpload(plan.body, route.upstreamModel, abort, uploaded);
      return { ...asItIs, body, uploaded: done };
    }
    case 'json': {
      const target = route.translateTo ?? targetForRewrite(call, plan, route);
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

/** Returns the body as the provider wants it, or null if it needs no change. */
export function adaptedBody(
  { provider }: PricedRoute['channel'],
  { body }: Outgoing,
  headers: Headers,
  target: UpstreamTarget,
): AdaptedBody | null {
  const { adapt } = providers[provider];
  if (adapt === undefined || body === null || body instanceof ReadableStream) return null;
  return adapt(typeof body === 'string' ? body : new TextDecoder().decode(body), headers, target);
}

/** A conversation that holds another provider's reasoning is rewritten in its own format. */
function targetForRewrite(call: Call, plan: Plan, route: PricedRoute): TranslationTarget | null {
  return holdsForeignReasoning(call, plan, route) ? ownTarget(call.endpoint) : null;
}

function translate(call: Call, plan: Plan, route: PricedRoute, target: TranslationTarget): TranslatedRequest {
  switch (target.type) {
    case 'conversation':
      return translateConversation(call, plan, route, target.format);
    case 'embeddings':
      return translateEmbeddings(call, plan, route, target.format);
  }
}

/** Returns the caller's JSON with only the necessary changes, in place. */
function editedText(call: Call, plan: Plan, route: PricedRoute, text: string, value: unknown) {
  if (call.endpoint.operation === 'rerank') {
    return {
      text: writeRerankRequest(rerankDialect(route), text, value, route.upstreamModel),
      usageSwitchedOn: false,
    };
  }
  const asked =
    plan.cost.isAskedInBody && !mayReadUsageOption(route.channel) ? removeMember(text, 'usage') : text;
  const named =
    call.pathModel === null ? withModel(asked, route.upstreamModel, plan.facts.model ?? plan.model) : asked;
  const { provider } = route.channel;
  if (call.endpoint.operation === 'embeddings' && (provider === 'voyage' || provider === 'jina')) {
    return { text: inEmbeddingsDialect(provider, named, value as JsonObject), usageSwitchedOn: false };
  }
  const askForUsage =
    call.endpoint.format.needsUsageOption === true &&
    plan.facts.stream &&
    plan.facts.includeUsage !== true &&
    chatFactsOf(route.channel)?.refusesStreamOptions !== true;
  // The cost stands beside the usage, so who asks for it gets both.
  return {
    text: askForUsage ? withUsage(named) : named,
    usageSwitchedOn: askForUsage && !plan.cost.isShown,
  };
}

/** Writes the upstream's name of the model. A name given twice becomes one: an upstream might read the other one. */
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

/** Returns which rerank API a route's upstream has. */
export function rerankDialect({ channel }: PricedRoute): RerankDialect {
  return channel.provider === 'cohere' || channel.provider === 'voyage' ? channel.provider : 'jina';
}
