// Writes a neutral answer as a whole chat completion, as OpenAI does. Reasoning is in `reasoning_content` and pictures
// in `images`, which clients of DeepSeek and OpenRouter read.
// https://platform.openai.com/docs/api-reference/chat/object
import type { JsonObject } from '../../lib/json.ts';
import { answerFacts, blockedCandidate, errorOfEnd, explainedParts, isFailedEnd } from '../answer-end.ts';
import { customInputOf, isCustomTool } from '../custom-tools.ts';
import { writeDataUrl } from '../data-url.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type {
  MediaPart,
  NeutralCandidate,
  NeutralPart,
  NeutralRequest,
  NeutralResponse,
  ToolCallPart,
} from '../neutral.ts';
import { writeOpenaiError } from '../openai-error.ts';
import { writeLogprobs } from '../openai-parts.ts';
import { callIdWithState, PortableStateCollector } from '../portable-state.ts';
import { paragraphBreak } from '../reasoning.ts';
import type { AnswerContext, WrittenResponse } from '../wire-format.ts';
import { writeAnnotation } from './citations.ts';
import { writeStop } from './stop-reason.ts';
import { writeChatUsage } from './usage.ts';

/** The answer on the wire. One that broke off in an error is OpenAI's error body. */
export function writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse {
  const { error, candidates, usage } = response;
  if (error !== null) return { body: { error: writeOpenaiError(error) }, dropped: [] };
  const dropped = new DroppedPaths();
  const choices = response.promptBlock === null ? candidates : [blockedCandidate(response.promptBlock)];
  const body = {
    id: `chatcmpl-${context.answerId}`,
    object: 'chat.completion',
    created: response.createdAtSeconds ?? context.nowSeconds,
    model: context.model,
    choices: choices.map((candidate, index) => writeChoice(candidate, index, context, dropped)),
    ...(usage && { usage: writeChatUsage(usage) }),
    ...(response.serviceTier !== null && { service_tier: response.serviceTier }),
  };
  return { body, dropped: dropped.list };
}

function writeChoice(
  { parts, stop }: NeutralCandidate,
  index: number,
  context: AnswerContext,
  dropped: DroppedPaths,
): JsonObject {
  parts.forEach((part, at) => {
    if (!hasContent(part)) dropped.add(part.at || `candidates[${index}].parts[${at}]`);
  });
  const logprobs = parts.flatMap((part) => (part.type === 'text' ? (part.logprobs ?? []) : []));
  return {
    index,
    message: writeMessage(explainedParts({ parts, stop }), context, dropped),
    logprobs: logprobs.length > 0 ? { content: writeLogprobs(logprobs), refusal: null } : null,
    finish_reason: writeStop(stop, answerFacts(parts)),
    // Where OpenRouter puts it: https://openrouter.ai/docs/api/reference/errors-and-debugging (2026-11).
    ...(isFailedEnd(stop) && { error: writeOpenaiError(errorOfEnd(stop)) }),
  };
}

function hasContent(part: NeutralPart): boolean {
  if (part.type === 'media')
    return imageUrl(part) !== null || (part.kind === 'audio' && part.source.type === 'base64');
  return part.type !== 'opaque' && part.type !== 'web-search' && part.type !== 'tool-result';
}

function writeMessage(
  parts: readonly NeutralPart[],
  context: AnswerContext,
  dropped: DroppedPaths,
): JsonObject {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const refusals = parts.flatMap((part) => (part.type === 'refusal' ? [part.text] : []));
  const thoughts = parts.flatMap((part) =>
    part.type === 'reasoning' && part.text !== '' ? [part.text] : [],
  );
  const images = parts.flatMap((part) => (part.type === 'media' ? (imageUrl(part) ?? []) : []));
  const audio = parts.find((part) => part.type === 'media' && part.kind === 'audio');
  const calls = writeCalls(parts, context.request);
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.join(''),
    refusal: refusals.length === 0 ? null : refusals.join(''),
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join(paragraphBreak) }),
    annotations: writeAnnotations(parts, dropped),
    ...(images.length > 0 && { images: images.map(imageMember) }),
    ...(audio?.type === 'media' && writeAudio(audio, context)),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function writeAnnotations(parts: readonly NeutralPart[], dropped: DroppedPaths): JsonObject[] {
  const annotations: JsonObject[] = [];
  let offset = 0;
  for (const part of parts) {
    if (part.type !== 'text') continue;
    for (const citation of part.citations ?? []) {
      const written = writeAnnotation(citation, offset, part.text.length);
      if (written === null) dropped.add('citations');
      else annotations.push(written);
    }
    offset += part.text.length;
  }
  return annotations;
}

/** Returns the URL of a picture, or null for other media. */
export function imageUrl({ kind, source }: MediaPart): string | null {
  if (kind !== 'image') return null;
  if (source.type === 'url') return source.url;
  return source.type === 'base64' ? writeDataUrl(source.mediaType, source.data) : null;
}

/** A picture as OpenRouter answers with it. */
export function imageMember(url: string, index: number): JsonObject {
  return { type: 'image_url', image_url: { url }, index };
}

/** How long OpenAI stores spoken answers. The relay stores none, but the member is required. */
export const audioLifetimeSeconds = 3_600;

function writeAudio(
  { source, transcript, providerId }: MediaPart,
  { answerId, nowSeconds }: AnswerContext,
): JsonObject {
  if (source.type !== 'base64') return {};
  const expires_at = nowSeconds + audioLifetimeSeconds;
  return {
    audio: {
      id: providerId ?? `audio_${answerId}`,
      data: source.data,
      expires_at,
      transcript: transcript ?? '',
    },
  };
}

/** Writes the calls, in order. Each contains what its provider requires back and no member of chat can hold. */
function writeCalls(parts: readonly NeutralPart[], request: NeutralRequest): JsonObject[] {
  const carries = new PortableStateCollector();
  return parts.flatMap<JsonObject>((part) => {
    if (part.type !== 'reasoning' || isForeign(part.signature)) carries.add(part);
    if (part.type !== 'tool-call') return [];
    return [writeCall(part, callIdWithState(part.id, carries.take(part.signature)), request)];
  });
}

/** Chat's own signatures are for clients of chat. Others need a portable state. */
export function isForeign(signature: { origin: string } | undefined): boolean {
  return signature !== undefined && signature.origin !== 'openai-chat';
}

function writeCall(call: ToolCallPart, id: string, request: NeutralRequest): JsonObject {
  const { name } = call;
  if (call.custom) return { id, type: 'custom', custom: { name, input: call.arguments } };
  if (isCustomTool(request, name))
    return { id, type: 'custom', custom: { name, input: customInputOf(call.arguments) } };
  return {
    id,
    type: 'function',
    function: { name, arguments: call.arguments === '' ? '{}' : call.arguments },
  };
}
