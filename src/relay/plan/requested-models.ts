// Which models a request may come to, in the order in which they are tried: the one that it names or those that an
// alias stands for, then those of `x-relay-fallback`. Pure.

import type { ReasoningEffort } from '../../formats/neutral.ts';
import { readReasoningSuffix } from '../../formats/reasoning.ts';
import type { Catalog } from '../../routing/catalog.ts';
import { fallbackNames, modelsOfNames } from '../../routing/wished-models.ts';
import type { Call } from '../call.ts';

/** One model that will do. */
export interface Wish {
  model: string;
  /** How much to think, where the model's name says it (`…-high`); null: it does not. */
  effort: ReasoningEffort | null;
}

/** What a request wishes for. */
export interface Wishes {
  /** As the caller names it, for the log: an alias stays one. */
  named: string | null;
  /** The alias that was named; null: a model was. */
  alias: string | null;
  /** No model twice; empty: the request names none. */
  models: Wish[];
}

/** Throws RelayError `invalid_request` for a fallback header that is too long. */
export function wishesOf(call: Call, named: string | null, catalog: Catalog): Wishes {
  if (named === null) return { named, alias: null, models: [] };
  const members = catalog.alias(named);
  const names = modelsOfNames([named, ...fallbackNames(call.request.headers)], catalog);
  const wishes = names.map((name) => wishOf(name, call, catalog));
  const models = [...new Map(wishes.map((wish) => [`${wish.model} ${wish.effort}`, wish])).values()];
  return {
    named: members === null ? (wishes[0]?.model ?? named) : named,
    alias: members === null ? null : named,
    models,
  };
}

/** Families whose names may end in how much to think; other vendors have models that are called so. */
const suffixedFamilies = /^(?:[\w-]+\/)?(gpt-|o\d|claude-|gemini-)/;

/** A model that nobody names itself, of a family with efforts: the suffix is the effort, the rest the model. */
function wishOf(name: string, { endpoint }: Call, catalog: Catalog): Wish {
  const { purpose, format } = endpoint;
  const isTalk = format.task === 'conversation' && (purpose === 'answer' || purpose === 'count');
  const suffix = isTalk ? readReasoningSuffix(name) : null;
  const isMeant = suffix !== null && suffixedFamilies.test(name) && !catalog.names(name);
  return isMeant ? suffix : { model: name, effort: null };
}
