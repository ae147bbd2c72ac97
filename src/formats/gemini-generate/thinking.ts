// How much to think, for each generation of Gemini.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest, ReasoningEffort } from '../neutral.ts';
import { budgetOf, effortOf, fitEffort, wantsReasoning } from '../reasoning.ts';
import type { GeminiThinking, GeminiTraits } from './model-traits.ts';

/** `thinkingConfig`, or nothing. */
export function writeThinking(
  request: NeutralRequest,
  traits: GeminiTraits,
  drops: DroppedPaths,
): JsonObject {
  const requested = request.reasoning;
  if (requested === undefined) return {};
  const includeThoughts =
    wantsReasoning(requested) && requested.includeThoughts !== false ? { includeThoughts: true } : {};
  const { thinking } = traits;
  switch (thinking.type) {
    case 'none':
      if (wantsReasoning(requested)) drops.fields(request, 'reasoning');
      return {};
    case 'level': {
      const effort = effortOf(requested);
      // Thinking cannot be switched off: the least level is next to it.
      const level =
        effort === undefined ? {} : { thinkingLevel: levelOfEffort(fitEffort(effort, thinking.levels)) };
      return { thinkingConfig: { ...includeThoughts, ...level } };
    }
    case 'budget':
      return { thinkingConfig: { ...includeThoughts, ...budgetFor(request, thinking) } };
  }
}

function budgetFor(
  { reasoning }: NeutralRequest,
  { budget }: Extract<GeminiThinking, { type: 'budget' }>,
): JsonObject {
  const tokens = budgetOf(reasoning);
  if (tokens === undefined) return {};
  if (tokens === 'dynamic') return { thinkingBudget: -1 };
  if (tokens === 0 && budget.mayBeOff) return { thinkingBudget: 0 };
  return { thinkingBudget: Math.min(Math.max(tokens, budget.least), budget.most) };
}

const efforts: Readonly<Record<string, ReasoningEffort>> = {
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

export function effortOfLevel(level: string | undefined): ReasoningEffort | undefined {
  const name = level?.toUpperCase() ?? '';
  return Object.hasOwn(efforts, name) ? efforts[name] : undefined;
}

/** The level of an effort that has one; those above `high` are HIGH. */
function levelOfEffort(effort: ReasoningEffort): string {
  return Object.keys(efforts).find((level) => efforts[level] === effort) ?? 'HIGH';
}
