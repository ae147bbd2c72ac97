// What OpenAI's own models refuse with a 400, by their names. Names of other models mean nothing.
// https://platform.openai.com/docs/guides/reasoning and the models' own pages, 2026-11.
import type { ReasoningEffort } from './neutral.ts';

/** What is known of a model. */
export interface ModelTraits {
  /** Whether it thinks before it answers; undefined: not known. */
  reasons: boolean | undefined;
  /** Temperature, top_p, penalties, logprobs and stop are refused, unless reasoning is switched off (5.1 and newer). */
  refusesSampling(effort: ReasoningEffort | undefined): boolean;
  /** The efforts it takes; null: not known. */
  efforts: readonly ReasoningEffort[] | null;
  /** `prompt_cache_breakpoint` on content parts (gpt-5.6 and newer). */
  takesCacheBreakpoints: boolean;
  /** `parallel_tool_calls` is refused by the o-series, which never makes several calls. */
  refusesParallelSwitch: boolean;
  /** chat's `web_search_options` is only for models made for it. */
  searches: boolean;
  /**
   * Chat completions refuse functions with this effort (undefined: none is requested); the Responses API takes them.
   */
  refusesChatFunctions(effort: ReasoningEffort | undefined): boolean;
}

/** The traits of a model, with or without a vendor's name before it (`openai/gpt-5`). */
export function openaiModelTraits(model: string): ModelTraits {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const version = versionOf(name);
  const oSeries = /^o\d/.test(name);
  const reasons = oSeries || (version !== null && version >= 5 && !name.includes('-chat'));
  const old = version !== null || /^(chatgpt-4o|davinci|babbage)/.test(name);
  return {
    reasons: reasons ? true : old ? false : undefined,
    refusesSampling: (effort) => reasons && !(effort === 'none' && version !== null && version >= 5.1),
    efforts: reasons ? effortsOf(name, oSeries ? 0 : (version ?? 0)) : null,
    takesCacheBreakpoints: reasons && version !== null && version >= 5.6,
    refusesParallelSwitch: oSeries,
    searches: name.includes('search'),
    refusesChatFunctions: (effort) => reasons && refusesChatFunctions(name, version ?? 0, effort),
  };
}

/**
 * "Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use function tools,
 * use /v1/responses or set reasoning_effort to 'none'." From GPT-5.5 on also without a requested effort; GPT-5.4
 * reasons only if requested. Models that always reason take no functions there.
 * https://github.com/BerriAI/litellm/pull/34569 (2026-07), https://github.com/livekit/agents/pull/7169 (2026-09),
 * https://github.com/jeffdafoe/llm-memory-api/pull/178 (2026-04),
 * https://developers.openai.com/api/docs/guides/deployment-checklist ("require Responses for tool calling", 2026-11)
 */
function refusesChatFunctions(name: string, version: number, effort: ReasoningEffort | undefined): boolean {
  if (version < 5.4) return false;
  if (version < 5.5) return effort !== undefined && effort !== 'none';
  const takesNone = effortsOf(name, version)?.includes('none') ?? true;
  return !takesNone || effort !== 'none';
}

/** `gpt-5.6-sol` → 5.6; null for what is no gpt with a number. */
function versionOf(name: string): number | null {
  const found = /^gpt-(\d+(?:\.\d+)?)/.exec(name);
  return found === null ? null : Number(found[1]);
}

const thinking = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

/**
 * The efforts of each family, the first line that fits; o-models count as version 0. Read in 2026-11 on
 * https://developers.openai.com/api/docs/guides/reasoning and the models' pages, beside the sources that a line names.
 */
const families: readonly { name: RegExp; from: number; efforts: readonly ReasoningEffort[] }[] = [
  // Neither 6.2 Astra nor 6.2 Sol takes none or minimal: /api/docs/guides/latest-model/gpt-6.2-astra ("Using GPT-6.2"), and the data of
  // @earendil-works/pi-ai 1.6.0. dev.to/routerbase_com (2026-11-19) saw max refused by chat completions; these pages list it.
  { name: /^gpt/, from: 6.2, efforts: thinking },
  // /api/docs/guides/deployment-checklist and the same data: 6.1 Terra takes none, 6.1 Sol does not.
  { name: /sol/, from: 6.1, efforts: thinking },
  // /api/docs/guides/latest-model, "Using GPT-6": Sol and Luna take none, Astra does not. Nor do the Cyber models (the same data).
  { name: /astra/, from: 6, efforts: thinking },
  { name: /cyber/, from: 5.6, efforts: thinking },
  // The API's own list: https://github.com/pydantic/pydantic-ai/issues/7081 (2026-07).
  { name: /^gpt/, from: 5.6, efforts: ['none', 'low', 'medium', 'high', 'xhigh', 'max'] },
  // https://github.com/anomalyco/models.dev/pull/2296 (2026-06) quotes the pages of 5.3-Codex, 5.4 Pro and 5.5 Pro.
  { name: /-pro\b/, from: 5.2, efforts: ['medium', 'high', 'xhigh'] },
  { name: /-pro\b/, from: 5, efforts: ['high'] },
  { name: /codex/, from: 5.2, efforts: ['low', 'medium', 'high', 'xhigh'] },
  // https://github.com/ben-vargas/ai-sdk-provider-codex-cli/pull/8 (2025-11); none: openai/codex issue 6647 (2025-11).
  { name: /codex-max/, from: 5.1, efforts: ['low', 'medium', 'high', 'xhigh'] },
  { name: /codex-mini/, from: 5.1, efforts: ['medium', 'high'] },
  { name: /codex/, from: 5, efforts: ['low', 'medium', 'high'] },
  { name: /^gpt/, from: 5.2, efforts: ['none', 'low', 'medium', 'high', 'xhigh'] },
  { name: /^gpt/, from: 5.1, efforts: ['none', 'low', 'medium', 'high'] },
  { name: /^gpt/, from: 5, efforts: ['minimal', 'low', 'medium', 'high'] },
  { name: /^o\d/, from: 0, efforts: ['low', 'medium', 'high'] },
];

function effortsOf(model: string, version: number): readonly ReasoningEffort[] | null {
  return families.find(({ name, from }) => name.test(model) && version >= from)?.efforts ?? null;
}
