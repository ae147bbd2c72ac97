// What a page of the documentation is after `npm run build`: src/cli/documentation renders src/docs/*.md.

/** Text between two headings, for tables of contents and the search. */
export interface Section {
  /** The anchor; empty for the text before the first heading. */
  id: string;
  level: number;
  title: string;
  text: string;
}

/** A rendered page. Addresses in it are those of a relay on this machine. */
export interface DocumentationPage {
  title: string;
  /** Without the title. */
  html: string;
  markdown: string;
  sections: Section[];
}

/** The address in the Markdown; readers see the one that they use. */
export const writtenAddress = 'http://localhost:8787';

/**
 * Puts the reader's address in the place of the written one, that of WebSockets too. `origin` is a URL's, so it has no
 * character that HTML would need escaped.
 */
export function forReader(text: string, origin: string): string {
  return text
    .replaceAll(writtenAddress, origin)
    .replaceAll(writtenAddress.replace('http', 'ws'), origin.replace(/^http/, 'ws'));
}

/** Returns the table of contents: the sections with a heading of their own, up to the third level. */
export function contentsOf({ sections }: DocumentationPage): Section[] {
  return sections.filter(({ id, level }) => id !== '' && level <= 3);
}
