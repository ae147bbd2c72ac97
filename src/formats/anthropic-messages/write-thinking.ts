// How much to think, for each generation of Claude.
// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking and …/adaptive-thinking
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import {
  type NeutralMessage,
  type NeutralRequest,
  type ReasoningEffort,
  reasoningEfforts,
} from '../neutral.ts';
import { budgetOf, effortOf, wantsReasoning } from '../reasoning.ts';
import type { ClaudeTraits } from './model-traits.ts';

/** Anthropic's least budget. */
const leastBudgetTokens = 1_024;

/** Betas that the written thinking needs. https://platform.claude.com/docs/en/build-with-claude/preserved-thinking (2026-11) */
const bindingBeta = 'thinking-binding-controls-2026-08-01';

export interface WrittenThinking {
  /** `thinking`, or nothing. */
  members: JsonObject;
  effort: string | undefined;
  isOn: boolean;
  betas: string[];
  /**
   * Leaves out reasoning of earlier turns. A model that binds it refuses a changed one, and can only be configured for
   * that while it thinks ("If … your requests turn thinking off, remove the thinking by hand",
   * …/preserved-thinking/fix-bound-to-a-different-conversation, 2026-11).
   */
  withoutThoughts: boolean;
}

const unset: WrittenThinking = {
  members: {},
  effort: undefined,
  isOn: false,
  betas: [],
  withoutThoughts: false,
};

/**
 * Writes the thinking members. A request that the model, the tool choice or the conversation rules out is reported as
 * dropped.
 */
export function writeThinking(
  request: NeutralRequest,
  traits: ClaudeTraits,
  choice: JsonObject | null,
  drops: DroppedPaths,
): WrittenThinking {
  const { reasoning } = request;
  // By default these models do not show their text between tool calls.
  if (reasoning === undefined)
    return traits.bindsThoughts ? adaptiveThinking(traits, 'summarized', undefined) : unset;
  if (!wantsReasoning(reasoning)) return switchedOff(request, traits, drops);
  // A forced call leaves no room for thoughts, and a budget demands that a turn of tool calls begin with one.
  const isForced = choice?.type === 'any' || choice?.type === 'tool';
  const isBlocked = isForced || (traits.thinking === 'budget' && lacksThoughts(request.messages));
  const written = isBlocked ? null : switchedOn(request, traits);
  if (written === null) drops.fields(request, 'reasoning');
  return written ?? unset;
}

/** Models that always think do so as little as they can, which is named. */
function switchedOff(request: NeutralRequest, traits: ClaudeTraits, drops: DroppedPaths): WrittenThinking {
  switch (traits.off) {
    case 'unset':
      return unset;
    case 'disabled':
    case 'between_tools':
      return {
        ...unset,
        members: { thinking: { type: traits.off } },
        withoutThoughts: traits.bindsThoughts,
      };
    case 'never':
      drops.fields(request, 'reasoning');
      return adaptiveThinking(traits, 'omitted', 'low');
  }
}

/** Null: the model does not think, or has no room for it. */
function switchedOn(request: NeutralRequest, traits: ClaudeTraits): WrittenThinking | null {
  const isHidden = request.reasoning?.includeThoughts === false;
  switch (traits.thinking) {
    case 'none':
      return null;
    case 'adaptive':
      // These models leave the readable part out unless it is requested.
      return adaptiveThinking(
        traits,
        isHidden ? 'omitted' : 'summarized',
        effortFor(effortOf(request.reasoning), traits),
      );
    case 'budget': {
      const budget = fittingBudget(request, traits);
      if (budget === null) return null;
      const display = isHidden ? { display: 'omitted' } : {};
      const thinking = { type: 'enabled', budget_tokens: budget, ...display };
      return { ...unset, members: { thinking }, isOn: true };
    }
  }
}

/** Configures models that bind reasoning to leave out reasoning whose history has changed, instead of answering 400. */
function adaptiveThinking(
  { bindsThoughts }: ClaudeTraits,
  display: 'omitted' | 'summarized',
  effort: string | undefined,
): WrittenThinking {
  const binding = bindsThoughts ? { block_binding: { prefix_mismatch_behavior: 'drop_block' } } : {};
  const thinking = { type: 'adaptive', display, ...binding };
  return { ...unset, members: { thinking }, effort, isOn: true, betas: bindsThoughts ? [bindingBeta] : [] };
}

/** Null: the answer's bound leaves no room for the least budget. */
function fittingBudget(request: NeutralRequest, traits: ClaudeTraits): number | null {
  const requested = budgetOf(request.reasoning);
  const budget =
    requested === undefined || requested === 'dynamic' ? 8_192 : Math.max(requested, leastBudgetTokens);
  const room = (request.maxOutputTokens ?? traits.maxOutputTokens) - 1;
  return room < leastBudgetTokens ? null : Math.min(budget, room);
}

/** Returns the model's highest effort that is not above the requested one. Anthropic's begin at `low`. */
function effortFor(effort: ReasoningEffort | undefined, { efforts }: ClaudeTraits): string | undefined {
  if (effort === undefined) return undefined;
  const most = reasoningEfforts.indexOf(effort);
  return efforts.findLast((one) => reasoningEfforts.indexOf(one) <= most) ?? efforts[0];
}

/** Whether the current tool loop began without reasoning of Claude's own: its signature cannot be recovered. */
function lacksThoughts(messages: readonly NeutralMessage[]): boolean {
  const last = messages.at(-1);
  if (last?.role !== 'user' || !last.parts.some(({ type }) => type === 'tool-result')) return false;
  const turn = messages.findLast(({ role }) => role === 'assistant');
  return !turn?.parts.some(
    (part) => part.type === 'reasoning' && part.signature?.origin === 'anthropic-messages',
  );
}
