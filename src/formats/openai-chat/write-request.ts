// The neutral form to a chat completion request: OpenAI's own, or an imitator's of what all of them take.
// https://platform.openai.com/docs/api-reference/chat/create
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
import { fitToUpstream } from './upstream-facts.ts';
import { writeMessages } from './write-messages.ts';
import { writeTools } from './write-tools.ts';

/** Returns the body, and the caller's paths of what it does not express. */
export function writeRequest(request: NeutralRequest, target: RequestTarget): WrittenRequest {
  const dropped = new DroppedPaths();
  const writing = startWriting(request, target, dropped);
  dropped.fields(request, 'previousResponseId');
  const { responseFormat } = request;
  const answer = responseFormat?.type === 'json-schema' ? openaiAnswerSchema(responseFormat) : null;
  const body = {
    model: target.model,
    messages: writeMessages(writing),
    // The relay bills by the usage that this requests.
    ...(request.stream && { stream: true, stream_options: { include_usage: true } }),
    ...writeTools(writing),
    ...writeLimits(writing),
    ...writeSampling(writing),
    ...writeOutput(writing, answer),
    ...writeAccount(writing),
    ...opaqueFields(writing, 'openai-chat'),
  };
  const fitting = target.facts === undefined ? body : fitToUpstream(body, target.facts, request, dropped);
  return { body: fitting, dropped: dropped.list, ...(answer?.wrapped && { wrapped: answer.wrapped }) };
}

/** OpenAI's name counts reasoning in; its imitators know the older one. */
function writeLimits({ request, genuine, effort, dropped }: Writing): JsonObject {
  const { maxOutputTokens: limit, candidateCount } = request;
  if (namesBudget(request.reasoning) && effort === undefined) dropped.fields(request, 'reasoning');
  return {
    ...(limit !== undefined && { [genuine ? 'max_completion_tokens' : 'max_tokens']: limit }),
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(candidateCount !== undefined && { n: candidateCount }),
  };
}

function writeSampling(writing: Writing): JsonObject {
  const { request, genuine, traits, effort, dropped } = writing;
  const { topK, seed, frequencyPenalty, presencePenalty, logprobs } = request;
  // Imitators that validate their input refuse it, and OpenAI has no such field.
  if (topK !== undefined) dropped.fields(request, 'topK');
  const refused = genuine && traits.refusesSampling(effort);
  if (refused) dropped.fields(request, 'frequencyPenalty', 'presencePenalty', 'logprobs', 'stopSequences');
  return {
    ...samplingFields(writing),
    ...(seed !== undefined && { seed }),
    ...(!refused && {
      ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
      ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
      ...(logprobs && { logprobs: true, ...(logprobs.top > 0 && { top_logprobs: logprobs.top }) }),
      ...writeStopSequences(writing),
    }),
  };
}

const maximumStopSequences = 4;

/** OpenAI takes four. */
function writeStopSequences({ request, genuine, dropped }: Writing): JsonObject {
  const { stopSequences } = request;
  if (stopSequences.length === 0) return {};
  if (!genuine || stopSequences.length <= maximumStopSequences) return { stop: stopSequences };
  dropped.fields(request, 'stopSequences');
  return { stop: stopSequences.slice(0, maximumStopSequences) };
}

function writeOutput(writing: Writing, answer: OpenaiAnswerSchema | null): JsonObject {
  const { request, genuine, dropped } = writing;
  const { audioOutput, verbosity } = request;
  if (!genuine) dropped.fields(request, 'verbosity');
  return {
    ...writeResponseFormat(writing, answer),
    ...writeModalities(writing),
    ...(audioOutput && { audio: audioOutput }),
    ...(verbosity !== undefined && genuine && { verbosity }),
  };
}

function writeModalities({ request, genuine, dropped }: Writing): JsonObject {
  const wanted = request.outputModalities;
  const supported = wanted?.filter((modality) => modality !== 'image' || !genuine);
  if (supported?.length !== wanted?.length) dropped.fields(request, 'outputModalities');
  return supported === undefined || supported.length === 0 ? {} : { modalities: supported };
}

function writeResponseFormat({ request, dropped }: Writing, answer: OpenaiAnswerSchema | null): JsonObject {
  const format = request.responseFormat;
  switch (format?.type) {
    case undefined:
      return {};
    case 'text':
      return { response_format: { type: 'text' } };
    case 'json':
      return { response_format: { type: 'json_object' } };
    case 'json-schema': {
      const { name, description } = format;
      const { schema, strict: isStrict } = answer ?? openaiAnswerSchema(format);
      const strict = format.strict && !isStrict ? undefined : format.strict;
      if (strict !== format.strict)
        dropped.add(`${request.paths.responseFormat ?? 'response_format'}.strict`);
      const described = description === undefined ? {} : { description };
      const json_schema = { name, ...described, schema, ...(strict !== undefined && { strict }) };
      return { response_format: { type: 'json_schema', json_schema } };
    }
  }
}

/** Whose request it is and what becomes of it. Most imitators know `user` and the tier at best. */
function writeAccount({ request, genuine, dropped }: Writing): JsonObject {
  const { userId, metadata, serviceTier, promptCacheKey, store } = request;
  // "The 'metadata' parameter is only allowed when 'store' is enabled."
  const keepsMetadata = genuine && store === true;
  if (!keepsMetadata) dropped.fields(request, 'metadata');
  if (!genuine) dropped.fields(request, 'promptCacheKey', ...(store ? (['store'] as const) : []));
  return {
    ...(userId !== undefined && { [genuine ? 'safety_identifier' : 'user']: fittingUserId(userId) }),
    ...(metadata !== undefined && keepsMetadata && { metadata }),
    ...(serviceTier !== undefined && { service_tier: openaiServiceTier(serviceTier) }),
    ...(genuine && promptCacheKey !== undefined && { prompt_cache_key: promptCacheKey }),
    ...(genuine && store !== undefined && { store }),
  };
}
