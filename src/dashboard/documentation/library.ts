// The pages in the reader's language, and the search over them. Pure, apart from loading the chunks.
import type { RenderedPage } from '../../lib/rendered-page.ts';
import type { Language } from '../i18n/messages.ts';

/** A place that a search found. */
export interface Hit {
  href: string;
  /** The page's title, and the section's where it is not the page's beginning. */
  title: string;
  section: string;
  excerpt: string;
}

/** Hits that one search shows. */
const mostHits = 30;

/** Longest query that is searched, in characters. */
export const longestQuery = 100;

/** Returns the pages by name, in order. A page without a translation is in English. */
export async function pagesIn(language: Language): Promise<Readonly<Record<string, RenderedPage>>> {
  const { english } = await import('./english.ts');
  if (language !== 'zh') return english;
  const { chinese } = await import('./chinese.ts');
  return { ...english, ...chinese };
}

/** One section of the index that a browser searches by itself. */
export interface IndexEntry {
  href: string;
  title: string;
  section: string;
  text: string;
}

/** Returns the index of all pages, with the reader's address in its texts. */
export function searchIndex(pages: Readonly<Record<string, RenderedPage>>, origin: string): IndexEntry[] {
  return Object.entries(pages).flatMap(([name, { title, sections }]) =>
    sections.map((section) => ({
      href: `/docs/${name}${section.id === '' ? '' : `#${section.id}`}`,
      title,
      section: section.id === '' ? '' : section.title,
      text: forReader(section.text, origin),
    })),
  );
}

/**
 * Finds the sections that have every word of the query, those with words in their titles first. public/docs.js does the
 * same in the browser.
 */
export function searchPages(index: readonly IndexEntry[], query: string): Hit[] {
  const words = query.slice(0, longestQuery).toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const ranked = index.flatMap((entry) => {
    const heading = `${entry.title} ${entry.section}`.toLowerCase();
    const body = entry.text.toLowerCase();
    if (!words.every((word) => heading.includes(word) || body.includes(word))) return [];
    return [{ entry, rank: words.filter((word) => heading.includes(word)).length }];
  });
  return ranked
    .sort((one, other) => other.rank - one.rank)
    .slice(0, mostHits)
    .map(({ entry: { href, title, section, text } }) => ({
      href,
      title,
      section,
      excerpt: excerptOf(text, words),
    }));
}

const excerptLength = 160;

/** Returns the text around the first word that it has. */
function excerptOf(text: string, words: readonly string[]): string {
  const found = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
  const start = Math.max(0, Math.min(...found, text.length) - excerptLength / 3);
  const part = text.slice(start, start + excerptLength).trim();
  return `${start > 0 ? '…' : ''}${part}${start + excerptLength < text.length ? '…' : ''}`;
}

/** Returns llms.txt (https://llmstxt.org): what this is, and the Markdown of every page. */
export function llmsText(pages: Readonly<Record<string, RenderedPage>>, origin: string): string {
  const lines = Object.entries(pages).map(
    ([name, { title, sections }]) =>
      `- [${title}](${origin}/docs/${name}.md): ${firstSentence(sections[0]?.text ?? '')}`,
  );
  return [
    '# OpenOpen8 Relay',
    '',
    `> One token, every model, every SDK. This relay answers at ${origin} in the formats of OpenAI, Anthropic, and Google.`,
    '',
    '## Documentation',
    '',
    ...lines.map((line) => forReader(line, origin)),
    '',
    '## Optional',
    '',
    `- [OpenAPI document of the management API](${origin}/api/openapi.json)`,
    '',
  ].join('\n');
}

function firstSentence(text: string): string {
  return /^.*?[.。](?=\s|$)/.exec(text)?.[0] ?? text.slice(0, excerptLength);
}

/** The address in the Markdown; readers see the one that they use. */
const writtenAddress = 'http://localhost:8787';

/**
 * Puts the reader's address in the place of the written one, that of WebSockets too. `origin` is a URL's, so it has no
 * character that HTML would need escaped.
 */
export function forReader(text: string, origin: string): string {
  return text
    .replaceAll(writtenAddress, origin)
    .replaceAll(writtenAddress.replace('http', 'ws'), origin.replace(/^http/, 'ws'));
}
