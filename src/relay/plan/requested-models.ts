// The models that a request may come to, in the order in which they are tried: the named one or those of an alias, then those of
// `x-relay-fallback`. Pure.
import type { ReasoningEffort } from '../../formats/neutral.ts';
import { readReasoningSuffix } from '../../formats/reasoning.ts';
import type { Catalog } from '../../routing/catalog.ts';
import { fallbackNames, modelsOfNames } from '../../routing/wished-models.ts';
import type { Call } from '../call.ts';

/** One of the models. */
export interface ModelCandidate {
  model: string;
  /** The reasoning effort that the model's name asks for (`…-high`), or null. */
  effort: ReasoningEffort | null;
}

/** The models that a request may come to. */
export interface RequestedModels {
  /** As the caller names it, for the log: an alias stays one. */
  named: string | null;
  /** The alias that was named, or null if a model was. */
  alias: string | null;
  /** No model twice; empty: the request names none. */
  models: ModelCandidate[];
}

/** Throws RelayError `invalid_request` for a fallback header that is too long. */
export function requestedModels(call: Call, named: string | null, catalog: Catalog): RequestedModels {
  if (named === null) return { named, alias: null, models: [] };
  const members = catalog.alias(named);
  const names = modelsOfNames([named, ...fallbackNames(call.request.headers)], catalog);
  const candidates = names.map((name) => candidateOf(name, call, catalog));
  const models = [
    ...new Map(candidates.map((candidate) => [`${candidate.model} ${candidate.effort}`, candidate])).values(),
  ];
  return {
    named: members === null ? (candidates[0]?.model ?? named) : named,
    alias: members === null ? null : named,
    models,
  };
}

/** Families whose names may end in an effort; other vendors have models with such names. */
const suffixedFamilies = /^(?:[\w-]+\/)?(gpt-|o\d|claude-|gemini-)/;

/** Reads the suffix as the effort, if no channel names the model itself and its family has efforts. */
function candidateOf(name: string, { endpoint }: Call, catalog: Catalog): ModelCandidate {
  const { purpose, format } = endpoint;
  const isTalk = format.task === 'conversation' && (purpose === 'answer' || purpose === 'count');
  const suffix = isTalk ? readReasoningSuffix(name) : null;
  const isMeant = suffix !== null && suffixedFamilies.test(name) && !catalog.names(name);
  return isMeant ? suffix : { model: name, effort: null };
}
