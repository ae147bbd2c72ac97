// The neutral form to a Messages request. https://docs.anthropic.com/en/api/messages
// What Claude's API refuses is left out and named; src/docs/formats-and-translation.md lists the rewrites.
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest } from '../neutral.ts';
import type { RequestTarget, WrittenRequest } from '../wire-format.ts';
import { type ClaudeTraits, claudeTraits } from './model-traits.ts';
import { withCacheMarkers } from './write-cache.ts';
import { writeMessages, writeSystem } from './write-messages.ts';
import { writeResponseFormat } from './write-response-format.ts';
import { writeThinking } from './write-thinking.ts';
import { writeToolChoice, writeTools } from './write-tools.ts';

export function writeRequest(request: NeutralRequest, target: RequestTarget): WrittenRequest {
  const drops = new DroppedPaths();
  const traits = claudeTraits(target.model);
  const format = writeResponseFormat(request, traits);
  const tools = writeTools(request, traits, drops);
  const choice = fittingChoice(writeToolChoice(request, format.tool, drops), request, traits, drops);
  const thinking = writeThinking(request, traits, choice, drops);
  const allTools = format.tool === null ? tools : [...tools, format.tool];
  const system = writeSystem(request, format.instruction, drops);
  const body: JsonObject = {
    model: target.model,
    max_tokens: request.maxOutputTokens ?? traits.maxOutputTokens,
    ...(system.length > 0 && { system }),
    messages: writeMessages(thinking.withoutThoughts ? withoutThoughts(request) : request, drops),
    ...(allTools.length > 0 && { tools: allTools }),
    ...(choice !== null && allTools.length > 0 && { tool_choice: choice }),
    ...stopSequencesOf(request, drops),
    ...samplingFor(request, traits, thinking.isOn, drops),
    ...thinking.members,
    ...outputConfig(thinking.effort, format.native),
    ...(request.userId !== undefined && { metadata: { user_id: request.userId } }),
    ...tierOf(request, drops),
    ...(request.stream && { stream: true }),
    ...(request.opaque.origin === 'anthropic-messages' && request.opaque.fields),
  };
  dropOthers(request, drops);
  return {
    body: withCacheMarkers(body, request, target),
    dropped: drops.list,
    ...(format.tool && { answerTool: String(format.tool.name) }),
    ...(format.wrapped && { wrapped: format.wrapped }),
    ...(thinking.betas.length > 0 && { betas: thinking.betas }),
  };
}

/**
 * Returns the choice that the model takes. If a forced call is refused, the model decides, which is reported as a loss.
 */
function fittingChoice(
  choice: JsonObject | null,
  request: NeutralRequest,
  { forcedTools }: ClaudeTraits,
  drops: DroppedPaths,
): JsonObject | null {
  if (forcedTools || (choice?.type !== 'any' && choice?.type !== 'tool')) return choice;
  drops.fields(request, 'toolChoice');
  const { name: _, ...rest } = choice;
  return { ...rest, type: 'auto' };
}

function withoutThoughts(request: NeutralRequest): NeutralRequest {
  const messages = request.messages.map((message) => ({
    ...message,
    parts: message.parts.filter(({ type }) => type !== 'reasoning'),
  }));
  return { ...request, messages };
}

/** Returns the stop sequences. Anthropic: "each stop sequence must contain non-whitespace" (seen 2026-11). */
function stopSequencesOf({ stopSequences, paths }: NeutralRequest, drops: DroppedPaths): JsonObject {
  const visible = stopSequences.filter((sequence, index) => {
    const isVisible = sequence.trim() !== '';
    const path = paths.stopSequences ?? '';
    if (!isVisible) drops.add(stopSequences.length === 1 ? path : `${path}[${index}]`);
    return isVisible;
  });
  return visible.length === 0 ? {} : { stop_sequences: visible };
}

function outputConfig(effort: string | undefined, format: JsonObject | null): JsonObject {
  if (effort === undefined && format === null) return {};
  return { output_config: { ...(effort !== undefined && { effort }), ...(format !== null && { format }) } };
}

function tierOf(request: NeutralRequest, drops: DroppedPaths): JsonObject {
  switch (request.serviceTier) {
    case undefined:
      return {};
    case 'auto':
    case 'standard_only':
      return { service_tier: request.serviceTier };
    case 'default':
      return { service_tier: 'standard_only' };
    default:
      drops.fields(request, 'serviceTier');
      return {};
  }
}

/** Reports fields that Claude's API has no member for. A value that equals the default is no loss. */
function dropOthers(request: NeutralRequest, drops: DroppedPaths): void {
  drops.fields(request, 'seed', 'logprobs', 'audioOutput', 'metadata', 'promptCacheKey', 'echo');
  if (request.frequencyPenalty !== 0) drops.fields(request, 'frequencyPenalty');
  if (request.presencePenalty !== 0) drops.fields(request, 'presencePenalty');
  if (request.candidateCount !== 1) drops.fields(request, 'candidateCount');
  if (request.verbosity !== 'medium') drops.fields(request, 'verbosity');
  if (request.store === true) drops.fields(request, 'store');
  if (request.outputModalities?.some((modality) => modality !== 'text'))
    drops.fields(request, 'outputModalities');
  drops.opaqueFields(request, 'anthropic-messages');
}

/**
 * Writes sampling. Models after Opus 4.6 take none. With thinking, temperature must be 1, top_p at least 0.95 and top_k
 * absent (https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#feature-compatibility). Claude's
 * temperatures end at 1.
 */
function samplingFor(
  request: NeutralRequest,
  traits: ClaudeTraits,
  isThinking: boolean,
  drops: DroppedPaths,
): JsonObject {
  const { temperature, topP, topK } = request;
  const members: Record<string, number> = {};
  const temperatureIsTaken = traits.sampling && !isThinking;
  if (temperature !== undefined && temperature !== 1) {
    if (!temperatureIsTaken || temperature > 1) drops.fields(request, 'temperature');
    if (temperatureIsTaken) members.temperature = Math.min(1, temperature);
  }
  const topPIsTaken =
    traits.sampling &&
    (!isThinking || (topP ?? 0) >= 0.95) &&
    (traits.bothSampling || members.temperature === undefined);
  if (topP !== undefined && topP !== 1) {
    if (topPIsTaken) members.top_p = topP;
    else drops.fields(request, 'topP');
  }
  if (topK !== undefined) {
    if (temperatureIsTaken) members.top_k = topK;
    else drops.fields(request, 'topK');
  }
  return members;
}
