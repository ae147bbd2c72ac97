// How much to think, in the three ways in which formats say it: efforts (OpenAI, Anthropic's newer models,
// Gemini 3's levels), budgets of tokens (Anthropic, Gemini 2.5), and suffixes of a model's name for clients that
// can say neither. One table, also in the README.
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

/** What stands between the paragraphs of thoughts where they have to be one text. */
export const paragraphBreak = '\n\n';

/** The wish as an effort; undefined when nothing was wished, or the model shall decide. */
export function effortOf(request: ReasoningRequest | undefined): ReasoningEffort | undefined {
  if (request === undefined) return undefined;
  if (request.effort !== undefined) return request.effort;
  if (request.budgetTokens === undefined || request.budgetTokens === 'dynamic') return undefined;
  return effortOfBudget(request.budgetTokens);
}

/** The nearest effort whose budget is at least half way to the next: what a budget came from it goes back to. */
function effortOfBudget(budgetTokens: number): ReasoningEffort {
  if (budgetTokens <= 0) return 'none';
  const some = reasoningEfforts.filter((effort) => effort !== 'none');
  return some.reduce((nearest, effort) =>
    Math.abs(effortBudgets[effort] - budgetTokens) < Math.abs(effortBudgets[nearest] - budgetTokens)
      ? effort
      : nearest,
  );
}

/** The wish as a budget; undefined when nothing was wished. */
export function budgetOf(request: ReasoningRequest | undefined): number | 'dynamic' | undefined {
  if (request === undefined) return undefined;
  if (request.budgetTokens !== undefined) return request.budgetTokens;
  return request.effort === undefined ? undefined : effortBudgets[request.effort];
}

/** Whether a number of tokens is wished for: that the model shall decide needs no saying where it does so anyway. */
export function namesBudget(request: ReasoningRequest | undefined): boolean {
  return typeof request?.budgetTokens === 'number';
}

/** Whether any thinking is wished for: a wish that is not an explicit none. */
export function wantsReasoning(request: ReasoningRequest | undefined): boolean {
  return request !== undefined && request.effort !== 'none' && request.budgetTokens !== 0;
}

/** The effort that a model takes and that is nearest to the one wished for; the higher of two equally near. */
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
