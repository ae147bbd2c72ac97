// Translates a conversation for an upstream of another format (reads it, adapts it, writes it), and its answer back. Pure; stream.ts owns the
// bytes of streams.
import { type AnswerEdit, fitRequest } from '../../formats/answer-edit.ts';
import { errorOfEnd, isContentPart, isFailedEnd, withKnownEnds } from '../../formats/answer-end.ts';
import { withoutBillingLine } from '../../formats/claude-code-billing-line.ts';
import { eventsOfResponse } from '../../formats/events-of-response.ts';
import type { ApiFormat, FormatId } from '../../formats/format-id.ts';
import type { NeutralError, NeutralRequest, NeutralResponse } from '../../formats/neutral.ts';
import { portableStateMark } from '../../formats/portable-state.ts';
import { wantsReasoning } from '../../formats/reasoning.ts';
import { ownTarget } from '../../formats/registry.ts';
import { upstreamErrorBody } from '../../formats/upstream-error.ts';
import type { AnswerContext, CallerFormat, ConversationFormat } from '../../formats/wire-format.ts';
import type { JsonObject } from '../../lib/json.ts';
import { isDeeperThan } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { chatFactsOf } from '../../providers/presets.ts';
import type { Call } from '../call.ts';
import { relayLimits } from '../limits.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { withoutCostOption } from '../request/cost-options.ts';
import { cacheKeyOf, sessionOf } from '../request/session.ts';
import { callerFraming, streamTypeOf } from '../response/pings.ts';
import { cutAnswer } from '../upstream/upstream-errors.ts';
import { responseOfStream, StreamTranslator } from './stream.ts';
import {
  jsonOf,
  refuseLoss,
  type TranslatedRequest,
  type Translation,
  type WholeAnswer,
} from './translation.ts';

/** Throws RelayError `invalid_request` for a malformed conversation, one that is too deep, or a loss that the caller forbids. */
export function translateConversation(
  call: Call,
  plan: Plan,
  route: PricedRoute,
  target: FormatId,
): TranslatedRequest {
  const given = plan.body.type === 'json' ? (plan.body.value as JsonObject) : {};
  const body = withoutCostOption(given, plan.cost, call.endpoint.format);
  refuseDepth(body);
  const format = call.formats.conversation(target);
  const caller = call.formats.caller(call.endpoint, body);
  if (caller === null) throw new RelayError('internal_error', 'This endpoint cannot be translated.');
  const request = readRequest(caller, body, plan, route);
  const { provider } = route.channel;
  const customTools = format.takesCustomTools(provider);
  const fitted = fitRequest(request, format.toolNames, { customTools });
  const facts = chatFactsOf(route.channel);
  const { promptCache = true } = route.channel.settings;
  const upstream = { model: route.upstreamModel, provider, promptCache, ...(facts !== null && { facts }) };
  const fitting = forProvider(fitted.request, call, plan, provider, target);
  const written = format.writeRequest(fitting, upstream);
  refuseLoss(call, written.dropped, route.model);
  const context = contextOf(call, plan, request, body);
  const answer = {
    call,
    caller,
    format,
    context,
    edit: fitted.answerEdit(written.answerTool, written.wrapped),
  };
  return {
    operation: format.operationFor(plan.facts.stream),
    text: JSON.stringify(written.body),
    ...(written.betas && { betas: written.betas }),
    translation: translationOf(answer, written.dropped),
  };
}

/** Removes what is meant for another provider, and passes the caller's session on as OpenAI's cache key. */
function forProvider(
  request: NeutralRequest,
  call: Call,
  { body }: Plan,
  provider: PricedRoute['channel']['provider'],
  format: FormatId,
): NeutralRequest {
  if (provider === 'anthropic') return request;
  const fitting = withoutBillingLine(request);
  const isOpenai = provider === 'openai' || provider === 'azure';
  const isOwnFormat = ownTarget(call.endpoint)?.format === format;
  if (!isOpenai || isOwnFormat || fitting.promptCacheKey !== undefined) return fitting;
  const session = sessionOf(call, body);
  if (session === null) return fitting;
  return { ...fitting, promptCacheKey: cacheKeyOf(call.identity.accountId, session) };
}

/** Translators recurse; this bounds the depth. */
function refuseDepth(body: JsonObject): void {
  const { translatedLevels } = relayLimits;
  if (!isDeeperThan(body, translatedLevels)) return;
  const message = `The request is nested more than ${translatedLevels} levels deep, and its model's provider speaks another format.`;
  throw new RelayError('invalid_request', message);
}

interface Answer {
  call: Call;
  caller: CallerFormat;
  format: ConversationFormat;
  context: AnswerContext;
  edit: AnswerEdit;
}

function translationOf(answer: Answer, dropped: readonly string[]): Translation {
  const { call, caller, format, context, edit } = answer;
  return {
    format,
    dropped,
    whole: (text) => wholeAnswer(text, answer),
    wholeOfStream: (text) => wholeOfStream(text, answer),
    stream: () =>
      new StreamTranslator({
        call,
        caller,
        context,
        edit,
        reader: format.eventReader(),
        streamOfWhole: (text) => streamOfWhole(text, answer),
      }),
    streamOfWhole: (text) => streamOfWhole(text, answer),
    streamType: streamTypeOf(context.framing),
  };
}

function readRequest(
  caller: CallerFormat,
  body: JsonObject,
  { facts }: Plan,
  { model, effort }: PricedRoute,
): NeutralRequest {
  const read = caller.readRequest(body, { model: model ?? '', stream: facts.stream });
  if (!read.ok) {
    const details = read.param === null ? {} : { param: read.param };
    throw new RelayError('invalid_request', read.message, details);
  }
  return effort === null ? read.request : withEffort(read.request, effort);
}

/** Adds the effort that the model's name asks for, unless the request has its own. */
function withEffort(request: NeutralRequest, effort: NonNullable<PricedRoute['effort']>): NeutralRequest {
  if (wantsReasoning(request.reasoning)) return request;
  const reasoning = { effort, budgetTokens: undefined, includeThoughts: true, summary: undefined };
  return { ...request, reasoning, paths: { ...request.paths, reasoning: 'model' } };
}

function contextOf(call: Call, plan: Plan, request: NeutralRequest, body: JsonObject): AnswerContext {
  return {
    request,
    body,
    model: request.model,
    answerId: call.requestId.replace('req_', ''),
    nowSeconds: Math.floor(call.startedAtMs / 1000),
    isKept: plan.storesResponse,
    framing: callerFraming(call),
  };
}

function wholeAnswer(text: string, answer: Answer): WholeAnswer {
  return writtenWhole(answer.format.readResponse(jsonOf(text)), answer);
}

/** Throws RelayError `upstream_error` when the stream was cut: a whole answer cannot express that. */
function wholeOfStream(text: string, answer: Answer): WholeAnswer {
  const { response, isWhole } = responseOfStream(text, answer.format.eventReader());
  if (!isWhole && response.error === null) throw cutAnswer();
  return writtenWhole(response, answer);
}

function writtenWhole(read: NeutralResponse, answer: Answer): WholeAnswer {
  const { call, caller, context, edit } = answer;
  const response = edit.response(withKnownEnds(read));
  const failure = failureOf(response, call.endpoint.format.api);
  const isFinal = failure !== null && wasCharged(response);
  if (failure !== null && !hasAnswer(response)) return { ...errorAnswer(failure, call), isFinal };
  const written = caller.writeResponse(response, context);
  if (failure === null || call.endpoint.format.api !== 'anthropic')
    return { status: 200, ...written, hasFailed: failure !== null, isFinal };
  // A message has no member for a failure: the error holds the message.
  const error = errorAnswer(failure, call);
  return { ...error, body: { ...error.body, partial_message: written.body }, isFinal };
}

/** Returns the error, or the end of the first answer if no answer ended well. */
function failureOf({ error, candidates }: NeutralResponse, api: ApiFormat): NeutralError | null {
  if (error !== null) return error;
  const [first] = candidates;
  if (first === undefined || !candidates.every(({ stop }) => isFailedEnd(stop))) return null;
  // Gemini's clients read the reason, also without output.
  return api === 'gemini' && !first.parts.some(isContentPart) ? null : errorOfEnd(first.stop);
}

function hasAnswer({ error, candidates }: NeutralResponse): boolean {
  return error === null && candidates.some(({ parts }) => parts.some(isContentPart));
}

function wasCharged(response: NeutralResponse): boolean {
  return hasAnswer(response) || (response.usage?.outputTokens ?? 0) > 0;
}

function errorAnswer(failure: NeutralError, { endpoint, requestId }: Call): WholeAnswer {
  const error = { ...failure, status: failure.status ?? 502 };
  const body = upstreamErrorBody(endpoint.format.api, error, requestId);
  return { status: error.status, body, dropped: [], hasFailed: true, isFinal: false };
}

function streamOfWhole(text: string, { caller, format, context, edit }: Answer): string {
  const writer = caller.eventWriter(context);
  const events = eventsOfResponse(withKnownEnds(format.readResponse(jsonOf(text))));
  const written = events.flatMap((event) => edit.event(event)).map((event) => writer.write(event));
  return written.join('') + writer.end();
}

/**
 * Whether a conversation holds what its own provider would refuse: state that the relay put there for another provider,
 * or, at Claude, reasoning without a signature, which a relay passed on from another model (others behind Anthropic's API
 * sign none). It must be read and written again then.
 */
export function holdsForeignReasoning(call: Call, { body }: Plan, route: PricedRoute): boolean {
  if (body.type !== 'json') return false;
  if (body.text.includes(portableStateMark)) return true;
  const { format, purpose } = call.endpoint;
  if (purpose !== 'answer' || format.holdsForeignReasoning === undefined) return false;
  return format.holdsForeignReasoning(body.value as JsonObject, body.text, route.upstreamModel);
}
