// Writes the neutral form as a Responses request. Nothing is stored unless the caller requests it, and reasoning comes
// back encrypted, so the client's own history suffices. https://platform.openai.com/docs/api-reference/responses/create
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import { type OpenaiAnswerSchema, openaiAnswerSchema } from '../json-schema-openai.ts';
import type { NeutralRequest } from '../neutral.ts';
import {
  fittingUserId,
  opaqueFields,
  openaiServiceTier,
  samplingFields,
  startWriting,
  type Writing,
} from '../openai-target.ts';
import { namesBudget } from '../reasoning.ts';
import type { RequestTarget, WrittenRequest } from '../wire-format.ts';
import { writeInput } from './write-input.ts';
import { writeTools } from './write-tools.ts';

/** Returns the body, and the caller's paths of what it does not express. */
export function writeRequest(request: NeutralRequest, target: RequestTarget): WrittenRequest {
  const dropped = new DroppedPaths();
  const writing = startWriting(request, target, dropped);
  dropped.fields(request, 'topK', 'seed', 'frequencyPenalty', 'presencePenalty', 'audioOutput');
  if (request.stopSequences.length > 0) dropped.fields(request, 'stopSequences');
  if ((request.candidateCount ?? 1) > 1) dropped.fields(request, 'candidateCount');
  if (request.outputModalities?.some((modality) => modality !== 'text'))
    dropped.fields(request, 'outputModalities');
  const opaque = opaqueFields(writing, 'openai-responses');
  const { responseFormat } = request;
  const answer = responseFormat?.type === 'json-schema' ? openaiAnswerSchema(responseFormat) : null;
  const body = {
    model: target.model,
    ...writeConversation(writing),
    ...(request.stream && { stream: true }),
    ...writeTools(writing),
    ...writeLimits(writing),
    ...samplingFields(writing),
    ...writeText(writing, answer),
    ...writeAccount(request),
    ...opaque,
    ...writeInclude(writing, opaque.include),
  };
  return { body, dropped: dropped.list, ...(answer?.wrapped && { wrapped: answer.wrapped }) };
}

/** Instructions without any input are refused: a system prompt that is alone is the input. */
function writeConversation(writing: Writing): JsonObject {
  const { system, previousResponseId, opaque } = writing.request;
  const instructions = system.map(({ text }) => text).join('\n\n');
  const input = writeInput(writing);
  const isContinued =
    previousResponseId !== undefined || ['conversation', 'prompt'].some((key) => key in opaque.fields);
  if (instructions === '') return { input };
  if (input.length > 0 || isContinued) return { instructions, input };
  return { input: [{ type: 'message', role: 'developer', content: instructions }] };
}

/** Less is refused. */
const minimumOutputTokens = 16;

function writeLimits({ request, genuine, traits, effort, dropped }: Writing): JsonObject {
  const { maxOutputTokens: limit, reasoning } = request;
  if (limit !== undefined && limit < minimumOutputTokens) dropped.fields(request, 'maxOutputTokens');
  if (namesBudget(reasoning) && effort === undefined) dropped.fields(request, 'reasoning');
  // Anthropic and Gemini show their reasoning if they reason; here that must be requested separately.
  const summary = reasoning?.summary ?? (reasoning?.includeThoughts ? 'auto' : undefined);
  const reasons = !(genuine && traits.reasons === false) && effort !== 'none';
  const member = {
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && reasons && { summary }),
  };
  return {
    ...(limit !== undefined && { max_output_tokens: Math.max(limit, minimumOutputTokens) }),
    ...(Object.keys(member).length > 0 && { reasoning: member }),
  };
}

/** Writes the format of the answer. */
function writeText({ request, dropped }: Writing, answer: OpenaiAnswerSchema | null): JsonObject {
  const { responseFormat, verbosity, paths } = request;
  const format = responseFormat && writeFormat(responseFormat, answer);
  if (responseFormat?.type === 'json-schema' && responseFormat.strict && format?.strict !== true)
    dropped.add(`${paths.responseFormat ?? 'text.format'}.strict`);
  const text = { ...(format && { format }), ...(verbosity !== undefined && { verbosity }) };
  return Object.keys(text).length === 0 ? {} : { text };
}

/** Strict only if it was requested and the schema allows it. */
function writeFormat(
  format: NonNullable<NeutralRequest['responseFormat']>,
  answer: OpenaiAnswerSchema | null,
): JsonObject {
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'json') return { type: 'json_object' };
  const { name, description } = format;
  const { schema, strict } = answer ?? openaiAnswerSchema(format);
  return { type: 'json_schema', name, ...(description !== undefined && { description }), schema, strict };
}

/** Encrypted reasoning is refused for models that are known not to reason. */
function writeInclude(writing: Writing, given: unknown): JsonObject {
  const { request, genuine, traits, effort, dropped } = writing;
  const { logprobs } = request;
  const logprobsRefused = genuine && traits.refusesSampling(effort);
  if (logprobsRefused) dropped.fields(request, 'logprobs');
  const wantsLogprobs = logprobs !== undefined && !logprobsRefused;
  const include = [
    ...(Array.isArray(given) ? given : []),
    ...(genuine && traits.reasons === false ? [] : ['reasoning.encrypted_content']),
    ...(wantsLogprobs ? ['message.output_text.logprobs'] : []),
  ];
  return {
    ...(include.length > 0 && { include }),
    ...(wantsLogprobs && logprobs.top > 0 && { top_logprobs: logprobs.top }),
  };
}

/** Whose request it is and what becomes of it. */
function writeAccount(request: NeutralRequest): JsonObject {
  const { userId, metadata, serviceTier, promptCacheKey, store, previousResponseId } = request;
  return {
    store: store ?? false,
    ...(userId !== undefined && { safety_identifier: fittingUserId(userId) }),
    ...(metadata !== undefined && { metadata }),
    ...(serviceTier !== undefined && { service_tier: openaiServiceTier(serviceTier) }),
    ...(promptCacheKey !== undefined && { prompt_cache_key: promptCacheKey }),
    ...(previousResponseId !== undefined && { previous_response_id: previousResponseId }),
  };
}
