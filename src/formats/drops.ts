// What a writer could not say, gathered by the caller's own paths, in order and without repetition.
import type { NeutralPart, NeutralRequest } from './neutral.ts';

/** The list behind `x-relay-dropped`. */
export class Drops {
  private readonly paths = new Set<string>();

  /** One path; nothing for what the caller did not give itself. */
  add(path: string | undefined): void {
    if (path !== undefined && path !== '') this.paths.add(path);
  }

  part(part: NeutralPart): void {
    this.add(part.at ?? part.type);
  }

  /** Those of the fields that the request gives. */
  fields(request: NeutralRequest, ...names: (keyof NeutralRequest)[]): void {
    for (const name of names) if (request[name] !== undefined) this.add(request.paths[name] ?? name);
  }

  /** Members of the body that only another format has. */
  opaqueFields({ opaque }: NeutralRequest, own: NeutralRequest['opaque']['origin']): void {
    if (opaque.origin !== own) for (const name of Object.keys(opaque.fields)) this.add(name);
  }

  list(): string[] {
    return [...this.paths];
  }
}
