// What Gemini's model families take, by the model's name: one line a family, the first that fits. Read in 2026-11 on
// https://ai.google.dev/gemini-api/docs/generate-content/thinking and the pages that a line names. An unknown name is taken
// for a current model.
import type { ReasoningEffort } from '../neutral.ts';

/** The least and the most tokens of thinking, and 0 if thinking can be switched off. */
interface Budget {
  least: number;
  most: number;
  mayBeOff: boolean;
}

/** How a model is configured to think. Levels are named by their efforts (thinking.ts). */
export type GeminiThinking =
  | { type: 'none' }
  /** thinkingBudget in tokens. */
  | { type: 'budget'; budget: Budget }
  /** thinkingLevel: "Thinking level … is not supported for this model." is a 400. */
  | { type: 'level'; levels: readonly ReasoningEffort[] };

export interface GeminiTraits {
  thinking: GeminiThinking;
  /** Thought signatures of function calls are checked, and a call without one is refused. */
  checksSignatures: boolean;
  /** Pictures and files within a function's response, and a resolution for each picture. */
  mediaInResults: boolean;
}

const all = ['minimal', 'low', 'medium', 'high'] as const;
const none: GeminiThinking = { type: 'none' };

/** A family's line holds for its versions from `from` on, up to those of the lines before. */
const families: readonly { name: RegExp; from: number; thinking: GeminiThinking }[] = [
  // Open models behind the same API.
  { name: /gemma-[123]\b/, from: 0, thinking: none },
  // /gemini-api/docs/image-generation; https://github.com/maximhq/bifrost/issues/7287 (2026-09-17).
  { name: /flash.*image/, from: 3, thinking: { type: 'level', levels: ['minimal', 'high'] } },
  { name: /pro.*image/, from: 3, thinking: { type: 'level', levels: ['low', 'high'] } },
  // docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/3-5-flash-lite and 3-1-flash-lite.
  { name: /flash-lite/, from: 3, thinking: { type: 'level', levels: all } },
  // docs.cloud.google.com/gemini-enterprise-agent-platform/models/guides/gemini-3-8-flash: LOW, MEDIUM, HIGH, as 3.7 Flash.
  { name: /flash/, from: 3.7, thinking: { type: 'level', levels: ['low', 'medium', 'high'] } },
  { name: /flash/, from: 3, thinking: { type: 'level', levels: all } },
  // The same guide: 3.1 Pro has LOW, MEDIUM, HIGH. 3 Pro: https://github.com/egoist/chatwise-releases/issues/1206 (2025-12).
  { name: /pro/, from: 3.1, thinking: { type: 'level', levels: ['low', 'medium', 'high'] } },
  { name: /pro/, from: 3, thinking: { type: 'level', levels: ['low', 'high'] } },
  { name: /./, from: 3, thinking: { type: 'level', levels: ['low', 'medium', 'high'] } },
  // /gemini-api/docs/thinking#set-budget.
  { name: /image/, from: 0, thinking: none },
  {
    name: /pro/,
    from: 2.5,
    thinking: { type: 'budget', budget: { least: 128, most: 32_768, mayBeOff: false } },
  },
  {
    name: /lite/,
    from: 2.5,
    thinking: { type: 'budget', budget: { least: 512, most: 24_576, mayBeOff: true } },
  },
  { name: /./, from: 2.5, thinking: { type: 'budget', budget: { least: 1, most: 24_576, mayBeOff: true } } },
];

/** Traits by the name, with or without `models/` or a publisher in front. */
export function geminiTraits(model: string): GeminiTraits {
  const version = Number(/gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1] ?? 99);
  const family = families.find(({ name, from }) => name.test(model) && version >= from);
  return {
    thinking: family?.thinking ?? none,
    checksSignatures: version >= 3,
    mediaInResults: version >= 3,
  };
}
