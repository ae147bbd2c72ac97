// How many answers one request may ask for: a figure beyond what the provider takes would be reserved, and can be so large
// that nothing is exact any more.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import type { RequestFault } from './request-fault.ts';
import type { WireKind } from './wire-kind.ts';

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

/** The first count that is above its provider's bound; null: none is. Other wrong values are the upstream's to refuse. */
export function faultOfCounts(kind: WireKind, body: JsonObject): RequestFault | null {
  for (const [holder, path, bound] of countsOf(kind, body)) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const given = typeof holder[name] === 'string' ? Number(holder[name]) : holder[name];
    if (typeof given === 'number' && given > bound)
      return { ok: false, message: `Invalid '${path}': expected at most ${bound}.`, param: path };
  }
  return null;
}

type Count = readonly [holder: JsonObject, path: string, bound: number];

function countsOf(kind: WireKind, body: JsonObject): Count[] {
  switch (kind) {
    case 'chat':
      return [[body, 'n', requestCounts.choices]];
    case 'completions':
      return [
        [body, 'n', requestCounts.choices],
        [body, 'best_of', requestCounts.choices],
      ];
    case 'images':
      return [
        [body, 'n', requestCounts.images],
        [body, 'partial_images', requestCounts.partialImages],
      ];
    case 'generate':
      return ['generationConfig', 'generation_config'].flatMap((config): Count[] => {
        const holder = body[config];
        if (!isObject(holder)) return [];
        const bound = requestCounts.candidates;
        return [
          [holder, `${config}.candidateCount`, bound],
          [holder, `${config}.candidate_count`, bound],
        ];
      });
    default:
      return [];
  }
}
