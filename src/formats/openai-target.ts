// What both of OpenAI's formats need to know of the upstream that a request is written for.
import { createHash } from 'node:crypto';
import type { DroppedPaths } from './dropped-paths.ts';
import type { NeutralMessage, NeutralRequest, ReasoningEffort } from './neutral.ts';
import { type ModelTraits, openaiModelTraits } from './openai-models.ts';
import { effortOf, fitEffort } from './reasoning.ts';
import type { RequestTarget } from './wire-format.ts';

/** One request on its way to one upstream: what its writers share. */
export interface Writing {
  request: NeutralRequest;
  target: RequestTarget;
  traits: ModelTraits;
  /** OpenAI itself, or Azure with the same models: what imitators may refuse is known there. */
  genuine: boolean;
  /** The effort that is sent. Undefined: none. */
  effort: ReasoningEffort | undefined;
  dropped: DroppedPaths;
}

/** Starts writing a request. Reasoning that the model is known not to have is dropped here. */
export function startWriting(request: NeutralRequest, target: RequestTarget, dropped: DroppedPaths): Writing {
  const genuine = target.provider === 'openai' || target.provider === 'azure';
  const traits = openaiModelTraits(target.model);
  const requested = effortOf(request.reasoning);
  const refused = genuine && traits.reasons === false;
  // Switching off reasoning that the model does not have is no loss.
  if (refused && requested !== undefined && requested !== 'none') dropped.fields(request, 'reasoning');
  const effort = requested === undefined || refused ? undefined : fittingEffort(requested, genuine, traits);
  return { request, target, traits, genuine, effort, dropped };
}

/** Imitators take the three that all know, and what OpenRouter adds downwards; OpenAI what the model takes. */
function fittingEffort(effort: ReasoningEffort, genuine: boolean, { efforts }: ModelTraits): ReasoningEffort {
  if (genuine) return efforts === null ? effort : fitEffort(effort, efforts);
  return fitEffort(effort, ['none', 'minimal', 'low', 'medium', 'high']);
}

/** Temperature and its like, where the model takes them; else named. */
export function samplingFields({ request, genuine, traits, effort, dropped }: Writing): {
  temperature?: number;
  top_p?: number;
} {
  const { temperature, topP } = request;
  if (genuine && traits.refusesSampling(effort)) {
    dropped.fields(request, 'temperature', 'topP');
    return {};
  }
  // Anthropic's and Gemini's scales end at 1 and 2; OpenAI's is Gemini's.
  return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { top_p: topP }) };
}

const maximumUserIdCharacters = 64;

/** The end user's id: OpenAI refuses one of more than 64 characters (Claude Code's has 140), so it is hashed. */
export function fittingUserId(userId: string): string {
  return userId.length <= maximumUserIdCharacters
    ? userId
    : createHash('sha256').update(userId).digest('hex');
}

/** The service tier: Anthropic's name for no priority is OpenAI's `default`. */
export function openaiServiceTier(tier: string): string {
  return tier === 'standard_only' ? 'default' : tier;
}

/** Members that only OpenAI has, but in both of its formats. */
const sharedOpaque = ['prompt_cache_retention', 'prompt_cache_options', 'moderation'];

/**
 * Members that the neutral form has no field for: its own format's go back as they were, those that OpenAI's
 * two formats share go from one to the other, all others are named.
 */
export function opaqueFields(
  { request, genuine, dropped }: Writing,
  origin: 'openai-chat' | 'openai-responses',
): Record<string, unknown> {
  const { opaque } = request;
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(opaque.fields)) {
    const shared = genuine && opaque.origin.startsWith('openai-') && sharedOpaque.includes(name);
    const completion =
      origin === 'openai-chat' && opaque.origin === 'openai-completions' && name === 'logit_bias';
    if (opaque.origin === origin || shared || completion) fields[name] = value;
    else dropped.add(name);
  }
  return fields;
}

/** Whether the answer may call tools only one at a time. The o-series refuses the field. */
export function parallelField({ request, genuine, traits, dropped }: Writing): {
  parallel_tool_calls?: boolean;
} {
  const { parallelToolCalls, tools } = request;
  if (parallelToolCalls === undefined || tools.length === 0) return {};
  if (genuine && traits.refusesParallelSwitch) {
    if (!parallelToolCalls) return {};
    dropped.fields(request, 'parallelToolCalls');
    return {};
  }
  return { parallel_tool_calls: parallelToolCalls };
}

/** Groups messages in runs of one role: each run is one turn. */
export function runsOfRole(messages: readonly NeutralMessage[]): NeutralMessage[][] {
  const runs: NeutralMessage[][] = [];
  for (const message of messages) {
    const last = runs.at(-1);
    if (last?.[0]?.role === message.role) last.push(message);
    else runs.push([message]);
  }
  return runs;
}
