// How much a test tries: `npm test` has the short form of the tests that need long to prove their claim,
// `npm run test:long` the whole one.

/** Whether everything is tried. */
export const isWhole = import.meta.env.MODE === 'long';

/** Returns `whole` in the whole form, else `short`. */
export function wholeOrShort<T>(whole: T, short: T): T {
  return isWhole ? whole : short;
}

/** Returns every n-th case, beginning with the first; all in the whole form. */
export function everyNth<T>(all: readonly T[], n: number): T[] {
  return isWhole ? [...all] : all.filter((_, index) => index % n === 0);
}

/**
 * Returns `count` of the cases, from another place for each `turn`, so that turns 0, 1, 2 … together try all of
 * them; all in the whole form.
 */
export function someInTurn<T>(all: readonly T[], count: number, turn: number): T[] {
  if (isWhole || count >= all.length) return [...all];
  return Array.from({ length: count }, (_, index) => all[(turn * count + index) % all.length] as T);
}
