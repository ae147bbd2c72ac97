// What Gemini's generations differ in, by the model's name. Source: https://ai.google.dev/gemini-api/docs/thinking
// (2026-11). An unknown name is taken for a current model.

export interface GeminiTraits {
  /** `budget`: thinkingBudget in tokens; `level`: thinkingLevel. */
  thinking: 'none' | 'budget' | 'level';
  /** The range of budgets that may be asked for; 0 too where thinking can be switched off. */
  budget: { least: number; most: number; mayBeOff: boolean };
  /** Thought signatures of function calls are checked, and a call without one is refused. */
  checksSignatures: boolean;
  /** Pictures and files within a function's response, and a resolution for each picture. */
  mediaInResults: boolean;
}

/** Traits by the name, with or without `models/` or a publisher in front. */
export function geminiTraits(model: string): GeminiTraits {
  const version = Number(/gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1] ?? 99);
  return {
    thinking: version >= 3 ? 'level' : version >= 2.5 && !model.includes('image') ? 'budget' : 'none',
    budget: budgetOf(model),
    checksSignatures: version >= 3,
    mediaInResults: version >= 3,
  };
}

function budgetOf(model: string): GeminiTraits['budget'] {
  if (model.includes('pro')) return { least: 128, most: 32_768, mayBeOff: false };
  return { least: model.includes('lite') ? 512 : 1, most: 24_576, mayBeOff: true };
}
