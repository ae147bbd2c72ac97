// Which model an upstream's own fallback chose: that one is billed. Only if the request named others, or the usage
// says so. Any other name in an answer (a snapshot, a deployment, a gateway's) means the requested model.
// https://openrouter.ai/docs/guides/routing/model-fallbacks ("priced using the model that was ultimately used")
// and https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback (2026-11).
import { isObject } from '../formats/json-reader.ts';
import type { Meter } from '../formats/meter.ts';
import { isSameModel, makersModel } from './price-table.ts';

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

/** The model that answered, as the log names it. */
export interface AnsweringModel {
  name: string | null;
  /** The upstream answered with another known model, and nobody had named it. */
  isSubstitute: boolean;
}

/** The names of a route's model. */
interface RouteNames {
  /** As callers name it. Null for stored responses. */
  model: string | null;
  upstreamModel: string;
}

/**
 * Returns the catalog's name of the model that answered. Another name counts only if the request named it, or if the price table knows both
 * as different models: snapshots, deployments, and gateways have names of their own for the same model.
 */
export function answeringModel(request: Fields, route: RouteNames, meter: Meter): AnsweringModel {
  const { model, upstreamModel } = route;
  const named = meter.servedModel ?? meter.model;
  const own = model ?? upstreamModel;
  if (named === null || named === upstreamModel || named === model) return { name: own, isSubstitute: false };
  const served = servedModelOf(request, [upstreamModel, own], meter);
  if (served !== null) return { name: served.named, isSubstitute: false };
  const isSubstitute = areDifferent(upstreamModel, named) && (model === null || areDifferent(model, named));
  return { name: isSubstitute ? named : own, isSubstitute };
}

const cachedPairs = 1_000;
const differentPairs = new Map<string, boolean>();

/** Names that mean whichever model their maker chooses: https://api-docs.deepseek.com/quick_start/pricing (2026-11) for DeepSeek's. */
const isPointer = /^deepseek-(chat|reasoner)$|-latest$/;

/** Whether the price table knows both names, as different models. Names repeat, so that each pair is compared once. */
function areDifferent(one: string, other: string): boolean {
  if (isPointer.test(one)) return false;
  const pair = `${one}\n${other}`;
  const known = differentPairs.get(pair);
  if (known !== undefined) return known;
  const models = isSameModel(one, other) ? [null] : [makersModel(one), makersModel(other)];
  const [first, second] = models;
  const verdict = first !== null && second !== null && first !== second;
  if (differentPairs.size >= cachedPairs) differentPairs.clear();
  differentPairs.set(pair, verdict);
  return verdict;
}
