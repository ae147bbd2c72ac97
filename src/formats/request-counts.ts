// How many answers one request may ask for. A larger figure than the provider takes would be reserved all the same, and
// could be too large for exact arithmetic.
import type { RequestFault } from './request-fault.ts';
import type { CountField } from './wire-format.ts';

/** The providers' own bounds. */
export const requestCounts = {
  /** https://developers.openai.com/api/reference/resources/chat (`n`) and …/completions (`n`, `best_of`), 2026-11. */
  choices: 128,
  /** https://developers.openai.com/api/reference/resources/images (`n`), 2026-11. */
  images: 10,
  /** The same page (`partial_images`). */
  partialImages: 3,
  /** https://ai.google.dev/api/generate-content#GenerationConfig (`candidateCount`), 2026-11. */
  candidates: 8,
} as const;

/** Returns what is wrong with the first count above its bound, or null. Other wrong values are the upstream's to refuse. */
export function faultOfCounts(counts: readonly CountField[]): RequestFault | null {
  for (const [holder, path, bound] of counts) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const given = typeof holder[name] === 'string' ? Number(holder[name]) : holder[name];
    if (typeof given === 'number' && given > bound)
      return { ok: false, message: `Invalid '${path}': expected at most ${bound}.`, param: path };
  }
  return null;
}
