// The names that a caller wishes for, as models: an alias stands for several, `x-relay-fallback` adds more. Pure.
import { isModelName, modelNameRule } from '../formats/request-checks.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { Catalog } from './catalog.ts';

/** The limits of wishing. */
export const wishLimits = {
  /** Models that `x-relay-fallback` may name. */
  fallbackModels: 5,
} as const;

/** The names in their order, each alias in its place by what it stands for. A name may come twice. */
export function modelsOfNames(names: readonly string[], catalog: Pick<Catalog, 'alias'>): string[] {
  return names.flatMap((name) => catalog.alias(name) ?? [name]);
}

/** The comma-separated names of `x-relay-fallback`. Throws RelayError `invalid_request`: too many, or none of models. */
export function fallbackNames(headers: Headers): string[] {
  const header = headers.get('x-relay-fallback');
  if (header === null) return [];
  const names = header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (!names.every(isModelName))
    throw new RelayError('invalid_request', `The header x-relay-fallback must list ${modelNameRule}.`);
  if (names.length <= wishLimits.fallbackModels) return names;
  const message = `The header x-relay-fallback may name ${wishLimits.fallbackModels} models at most; it names ${names.length}.`;
  throw new RelayError('invalid_request', message);
}
