// How much to think, as each generation of Claude is told.
// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking and …/adaptive-thinking
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralMessage, NeutralRequest, ReasoningEffort } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import { budgetOf, effortOf, wantsReasoning } from '../reasoning.ts';
import type { ClaudeTraits } from './model-traits.ts';

/** Anthropic's least budget. */
const leastBudgetTokens = 1_024;

export interface WrittenThinking {
  /** `thinking`, or nothing. */
  members: JsonObject;
  effort: string | undefined;
  isOn: boolean;
}

/** A wish that the model, the choice of tools or the conversation makes impossible is named as dropped. */
export function writeThinking(
  request: NeutralRequest,
  traits: ClaudeTraits,
  choice: JsonObject | null,
  drops: DroppedPaths,
): WrittenThinking {
  const off: WrittenThinking = { members: {}, effort: undefined, isOn: false };
  if (request.reasoning === undefined) return off;
  if (!wantsReasoning(request.reasoning)) {
    return traits.thinking === 'none' ? off : { ...off, members: { thinking: { type: 'disabled' } } };
  }
  const members = thinkingFor(request, traits);
  // A forced call leaves no room for thoughts, and a budget demands that a turn of tool calls begin with one.
  const isForced = choice?.type === 'any' || choice?.type === 'tool';
  const isBlocked = isForced || (traits.thinking === 'budget' && lacksThoughts(request.messages));
  if (members === null || isBlocked) {
    drops.fields(request, 'reasoning');
    return off;
  }
  const effort = traits.thinking === 'adaptive' ? effortFor(effortOf(request.reasoning)) : undefined;
  return { members: { thinking: members }, effort, isOn: true };
}

function thinkingFor(request: NeutralRequest, traits: ClaudeTraits): JsonObject | null {
  const display = request.reasoning?.includeThoughts === false ? { display: 'omitted' } : {};
  switch (traits.thinking) {
    case 'none':
      return null;
    case 'adaptive':
      // These models leave the readable part out unless asked for it.
      return {
        type: 'adaptive',
        display: request.reasoning?.includeThoughts === false ? 'omitted' : 'summarized',
      };
    case 'budget': {
      const wished = budgetOf(request.reasoning);
      const budget =
        wished === undefined || wished === 'dynamic' ? 8_192 : Math.max(wished, leastBudgetTokens);
      const room = (request.maxOutputTokens ?? traits.maxOutputTokens) - 1;
      if (room < leastBudgetTokens) return null;
      return { type: 'enabled', budget_tokens: Math.min(budget, room), ...display };
    }
  }
}

/** Anthropic's levels begin at `low`. */
function effortFor(effort: ReasoningEffort | undefined): string | undefined {
  return effort === 'minimal' ? 'low' : effort;
}

/** Whether the tool loop under way began without a thought of Claude's own: its signature is lost for good. */
function lacksThoughts(messages: readonly NeutralMessage[]): boolean {
  const last = messages.at(-1);
  if (last?.role !== 'user' || !last.parts.some(({ type }) => type === 'tool-result')) return false;
  const turn = messages.findLast(({ role }) => role === 'assistant');
  return !turn?.parts.some(
    (part) => part.type === 'reasoning' && part.proof?.origin === 'anthropic-messages',
  );
}
