// What a writer could not express: the caller's own paths, in order and without repetition.
import type { NeutralPart, NeutralRequest } from './neutral.ts';

/** Whether some format has no member for such a part of an answer. The part then has the provider's own path to it. */
export function isLosable({ type }: NeutralPart): boolean {
  return type === 'media' || type === 'web-search' || type === 'opaque';
}

/** Gathers paths while a request or an answer is written. */
export class DroppedPaths {
  readonly #paths = new Set<string>();

  /** Adds a path. Undefined and '' mean nothing to the caller and are skipped. */
  add(path: string | undefined): void {
    if (path !== undefined && path !== '') this.#paths.add(path);
  }

  /** Adds fields of a request, by the caller's own names. Those that it did not give are skipped. */
  fields({ paths }: NeutralRequest, ...fields: (keyof NeutralRequest)[]): void {
    for (const field of fields) this.add(paths[field]);
  }

  /** Adds a part of the caller's by its path, and one of an answer, which has none, by its type. */
  part(part: NeutralPart): void {
    this.add(part.at ?? part.type);
  }

  /** Adds members of the body that only another format has. */
  opaqueFields({ opaque }: NeutralRequest, own: NeutralRequest['opaque']['origin']): void {
    if (opaque.origin !== own) for (const name of Object.keys(opaque.fields)) this.add(name);
  }

  get list(): string[] {
    return [...this.#paths];
  }
}
