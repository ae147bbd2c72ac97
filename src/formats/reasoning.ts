// How much to think, in the three ways of the formats: efforts (OpenAI, Anthropic's newer models, Gemini 3's levels),
// budgets of tokens (Anthropic, Gemini 2.5), and suffixes of a model's name for clients that have neither. The table is
// also in the documentation.
import { type ReasoningEffort, type ReasoningRequest, reasoningEfforts } from './neutral.ts';

/**
 * Tokens of each effort. `low`, `medium` and `high` are those of Google's own OpenAI-compatible endpoint
 * (https://ai.google.dev/gemini-api/docs/openai#thinking, 2026-11); `minimal` is Anthropic's least budget.
 */
const effortBudgets: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 65_536,
};

/** Separates the paragraphs of reasoning in one text. */
export const paragraphBreak = '\n\n';

/** Returns the request as an effort. Undefined if nothing is requested, or if the model decides. */
export function effortOf(request: ReasoningRequest | undefined): ReasoningEffort | undefined {
  if (request === undefined) return undefined;
  if (request.effort !== undefined) return request.effort;
  if (request.budgetTokens === undefined || request.budgetTokens === 'dynamic') return undefined;
  return effortOfBudget(request.budgetTokens);
}

/** Returns the effort with the nearest budget. A budget that was made of an effort returns to it. */
function effortOfBudget(budgetTokens: number): ReasoningEffort {
  if (budgetTokens <= 0) return 'none';
  const some = reasoningEfforts.filter((effort) => effort !== 'none');
  return some.reduce((nearest, effort) =>
    Math.abs(effortBudgets[effort] - budgetTokens) < Math.abs(effortBudgets[nearest] - budgetTokens)
      ? effort
      : nearest,
  );
}

/** Returns the request as a budget. Undefined if nothing is requested. */
export function budgetOf(request: ReasoningRequest | undefined): number | 'dynamic' | undefined {
  if (request === undefined) return undefined;
  if (request.budgetTokens !== undefined) return request.budgetTokens;
  return request.effort === undefined ? undefined : effortBudgets[request.effort];
}

/** Whether a number of tokens is requested. That the model decides is the default and needs no member. */
export function namesBudget(request: ReasoningRequest | undefined): boolean {
  return typeof request?.budgetTokens === 'number';
}

/** Whether any reasoning is requested: not an explicit none. */
export function wantsReasoning(request: ReasoningRequest | undefined): boolean {
  return request !== undefined && request.effort !== 'none' && request.budgetTokens !== 0;
}

/** Returns the model's effort that is nearest to the requested one, the higher of two equally near. */
export function fitEffort(effort: ReasoningEffort, allowed: readonly ReasoningEffort[]): ReasoningEffort {
  const distance = (other: ReasoningEffort) =>
    Math.abs(reasoningEfforts.indexOf(other) - reasoningEfforts.indexOf(effort));
  return allowed.reduce(
    (nearest, other) => (distance(other) <= distance(nearest) ? other : nearest),
    allowed[0] ?? effort,
  );
}

/** `claude-sonnet-4-5-high` → the model and `high`; null: the name ends in no such suffix. `-thinking` is medium. */
export function readReasoningSuffix(model: string): { model: string; effort: ReasoningEffort } | null {
  const found = /^(.+)-(thinking|high|medium|low|minimal)$/.exec(model);
  if (found === null) return null;
  const [, name = '', suffix] = found;
  return { model: name, effort: suffix === 'thinking' ? 'medium' : (suffix as ReasoningEffort) };
}
