// The paths of the project's files for command-line programs, whatever the current directory is.
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const repositoryRoot: string = fileURLToPath(new URL('../..', import.meta.url).href);

/** Absolute path of a file or folder of the repository. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url).href);
}
