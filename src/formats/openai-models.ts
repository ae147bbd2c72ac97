// What OpenAI's own models refuse, by their names: sending it would be a 400. Names of models that are not
// OpenAI's say nothing. https://platform.openai.com/docs/guides/reasoning and the models' own pages, 2026-11.
import type { ReasoningEffort } from './neutral.ts';
import { reasoningEfforts } from './neutral.ts';

/** What is known of a model. */
export interface ModelTraits {
  /** Whether it thinks before it answers; undefined: not known. */
  reasons: boolean | undefined;
  /** Temperature, top_p, penalties, logprobs and stop are refused, unless it is told not to think (5.1 and newer). */
  refusesSampling(effort: ReasoningEffort | undefined): boolean;
  /** The efforts it takes; null: not known. */
  efforts: readonly ReasoningEffort[] | null;
  /** `prompt_cache_breakpoint` on content parts (gpt-5.6 and newer). */
  takesCacheBreakpoints: boolean;
  /** `parallel_tool_calls` is refused by the o-series, which never makes several calls. */
  refusesParallelSwitch: boolean;
  /** chat's `web_search_options` is only for models made for it. */
  searches: boolean;
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
  };
}

/** `gpt-5.6-sol` → 5.6; null for what is no gpt with a number. */
function versionOf(name: string): number | null {
  const found = /^gpt-(\d+(?:\.\d+)?)/.exec(name);
  return found === null ? null : Number(found[1]);
}

function effortsOf(name: string, version: number): readonly ReasoningEffort[] {
  if (/-pro\b/.test(name) && version === 5) return ['high'];
  if (version < 5 || /^gpt-5-codex/.test(name)) return ['low', 'medium', 'high'];
  if (version < 5.1) return ['minimal', 'low', 'medium', 'high'];
  if (version < 5.2 && !name.includes('codex-max')) return ['none', 'low', 'medium', 'high'];
  if (version < 5.6) return ['none', 'low', 'medium', 'high', 'xhigh'];
  return ['none', 'low', 'medium', 'high', 'xhigh', 'max'];
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
