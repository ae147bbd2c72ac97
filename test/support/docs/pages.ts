// The pages of the documentation, and the blocks in them that are made from code.
import { readdirSync, readFileSync } from 'node:fs';
import { generatedBlocks } from './blocks.ts';

/** Absolute path of the repository, with a slash at its end. */
export const root: string = new URL('../../../', import.meta.url).pathname;

/** A page of Markdown; the path is relative to the repository. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** README.md and the pages for users. */
export const userPages: readonly string[] = ['README.md', ...markdownIn('src/docs')];

/** Every page of the documentation, those for contributors included. */
export const allPages: readonly string[] = [
  ...new Set([...userPages, ...markdownIn('src'), ...markdownIn('.github'), ...markdownIn('test')]),
];

/** Reads a page. */
export function readPage(path: string): Page {
  return { path, text: readFileSync(root + path, 'utf8') };
}

/** Returns the page's text with its marked blocks as the code has them now. Throws if a block has no generator. */
export function withGeneratedBlocks({ path, text }: Page): string {
  return text.replace(
    /(<!-- generated: (.+?) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_all, head, name, tail) => {
      const generate = generatedBlocks[name];
      if (generate === undefined) throw new Error(`${path}: there is no generated block ${name}`);
      return `${head}\n${generate()}\n\n${tail}`;
    },
  );
}

function markdownIn(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path}`)
    .sort();
}
