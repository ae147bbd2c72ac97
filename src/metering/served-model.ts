// Which model an upstream's own fallback chose: that one is billed. Only if the request named others, or the usage
// says so. Any other name in an answer (a snapshot, a deployment, a gateway's) means the requested model.
// https://openrouter.ai/docs/guides/routing/model-fallbacks ("priced using the model that was ultimately used")
// and https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback (2026-11).
import { isObject } from '../formats/json-reader.ts';
import type { Meter } from '../formats/meter.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A model other than the requested one answered. `named`: the request or the answer names it like this. */
export interface ServedModel {
  named: string;
  /** The other models that the request names, for a price if the served one has none. */
  others: readonly string[];
}

/** Returns null if the requested model answered, as far as can be known. `names`: its names here and upstream. */
export function servedModelOf(request: Fields, names: readonly string[], meter: Meter): ServedModel | null {
  const others = otherModels(request);
  const isOpen = others.length > 0 || hasFreeChoice(request);
  const answering = meter.servedModel ?? (isOpen ? meter.model : null);
  if (answering === null || names.some((name) => isSameModel(name, answering))) return null;
  const named = others.find((name) => isSameModel(name, answering)) ?? answering;
  return { named, others };
}

/** OpenRouter's `models`, and `fallbacks` of Anthropic (objects) and OpenRouter (names). */
function otherModels({ models, fallbacks }: Fields): string[] {
  const listed = [models, fallbacks].flatMap((list) => (Array.isArray(list) ? list : []));
  const names = listed.map((entry) => (isObject(entry) ? entry.model : entry));
  return names.filter((name) => typeof name === 'string');
}

/** The provider chooses: a stored preset, its default fallbacks, its router. */
function hasFreeChoice({ preset, fallbacks, model }: Fields): boolean {
  const isRouter = typeof model === 'string' && /(^|\/)(auto|router)(:|$)|^@preset\/|@preset\//.test(model);
  return preset !== undefined || typeof fallbacks === 'string' || isRouter;
}

/** Returns whether two names mean the same model, ignoring maker, variant, date, and the order of words. */
export function isSameModel(one: string, other: string): boolean {
  return wordsOf(one) === wordsOf(other);
}

function wordsOf(name: string): string {
  const bare = name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^((us|eu|apac|global|jp|au)\.)?(anthropic|amazon|meta)\./, '')
    .replace(/[:@].*$/, '')
    .replace(/-v\d+$/, '')
    .replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{4}|\d{2}-\d{2}|\d{4}|latest|\d{3})$/, '');
  return bare
    .split(/[-._\s]+/)
    .toSorted()
    .join(' ');
}
