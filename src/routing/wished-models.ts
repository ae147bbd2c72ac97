// The model names of a request: an alias stands for several, and `x-relay-fallback` adds more. Pure.
import { isModelName, modelNameRule } from '../formats/request-checks.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { Catalog } from './catalog.ts';

/** Limits of requested names. */
export const requestedModelLimits = {
  /** The most models that `x-relay-fallback` may name. */
  fallbackModels: 5,
} as const;

/** Returns the names in order, with each alias replaced by its models. A name may appear twice. */
export function modelsOfNames(names: readonly string[], catalog: Pick<Catalog, 'alias'>): string[] {
  return names.flatMap((name) => catalog.alias(name) ?? [name]);
}

/**
 * Returns the comma-separated names of `x-relay-fallback`. Throws RelayError `invalid_request` if there are too
 * many or one is invalid.
 */
export function fallbackNames(headers: Headers): string[] {
  const header = headers.get('x-relay-fallback');
  if (header === null) return [];
  const names = header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (!names.every(isModelName))
    throw new RelayError('invalid_request', `The header x-relay-fallback must list ${modelNameRule}.`);
  if (names.length <= requestedModelLimits.fallbackModels) return names;
  const message = `The header x-relay-fallback may name ${requestedModelLimits.fallbackModels} models at most; it names ${names.length}.`;
  throw new RelayError('invalid_request', message);
}
