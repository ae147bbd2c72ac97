// What a writer could not express: the caller's own paths, in order and without repetition.
import type { NeutralPart, NeutralRequest } from './neutral.ts';

/** Whether some format has no member for such a part of an answer. The part then has the provider's own path to it. */
export function isLosable({ type }: NeutralPart): boolean {
  return type === 'media' || type === 'web-search' || type === 'opaque';
}

/** Gathers paths while a request or an answer is written. */
export class DroppedPaths {
  readonly #paths = new Set<string>();

  /** Undefined and '' are nothing that the caller could recognise, and are passed over. */
  add(path: string | undefined): void {
    if (path !== undefined && path !== '') this.#paths.add(path);
  }

  /** Fields of a request, by the caller's own names for them; those that it did not give are passed over. */
  fields({ paths }: NeutralRequest, ...fields: (keyof NeutralRequest)[]): void {
    for (const field of fields) this.add(paths[field]);
  }

  /** A part of the caller's; one of an answer, which has no path, by what it is. */
  part(part: NeutralPart): void {
    this.add(part.at ?? part.type);
  }

  /** Members of the body that only another format has. */
  opaqueFields({ opaque }: NeutralRequest, own: NeutralRequest['opaque']['origin']): void {
    if (opaque.origin !== own) for (const name of Object.keys(opaque.fields)) this.add(name);
  }

  get list(): string[] {
    return [...this.#paths];
  }
}
