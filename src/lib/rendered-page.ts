// What a page of Markdown is after src/cli/documentation has rendered it.

/** Text between two headings, for tables of contents and searches. */
export interface Section {
  /** The anchor; empty for the text before the first heading. */
  id: string;
  level: number;
  title: string;
  text: string;
}

/** A rendered page. */
export interface RenderedPage {
  title: string;
  /** Without the title. */
  html: string;
  markdown: string;
  sections: Section[];
}

/** The deepest heading of a table of contents. */
const deepestLevel = 3;

/** Returns the table of contents: the sections with a heading of their own. */
export function contentsOf({ sections }: RenderedPage): Section[] {
  return sections.filter(({ id, level }) => id !== '' && level <= deepestLevel);
}

/** Returns the anchor that GitHub makes of a heading: lower case, without punctuation, spaces as hyphens. */
export function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
