// Links of the documentation lead somewhere, and its pages keep to their size.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { renderPage } from '../../../src/cli/documentation/render-page.ts';
import { allPages, type Page, readPage, root, userPages } from '../../support/docs/pages.ts';

/** Returns the text without code, in which brackets are no links. */
function proseOf({ text }: Page): string {
  return text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '`');
}

/** Returns the anchors that GitHub makes of the headings. */
function anchorsOf(page: Page): string[] {
  const headings = page.text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

function brokenLinks(page: Page): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(page, target));
}

function leadsSomewhere(page: Page, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = translatedOrOriginal(file === '' ? page.path : normalize(join(dirname(page.path), file)));
  if (!existsSync(root + path)) return false;
  return anchor === undefined || anchorsOf(readPage(path)).includes(anchor);
}

/** A translation links to pages as if all were translated, and all have the anchors of the English ones. */
function translatedOrOriginal(path: string): string {
  return path.replace('src/docs/zh/', 'src/docs/');
}

it.each(allPages)('every link of %s leads to a file and a heading that exist', (path) => {
  expect(brokenLinks(readPage(path))).toEqual([]);
});

it.each(allPages)('no line of %s is longer than 120 characters, tables excepted', (path) => {
  const lines = readPage(path).text.split('\n');
  expect(lines.filter((line) => line.length > 120 && !line.trimStart().startsWith('|'))).toEqual([]);
});

const translations = allPages.filter((path) => path.startsWith('src/docs/zh/'));

it.each(translations)('%s has no emphasis that Markdown leaves as asterisks', (path) => {
  const { html } = renderPage(readPage(path).text);
  const prose = html.replace(/<(pre|code)\b[\s\S]*?<\/\1>/g, '');
  expect(prose.split('\n').filter((line) => line.includes('*'))).toEqual([]);
});

it('the README has at most 200 lines and 12 KB, and no long line in tables either', () => {
  const { text } = readPage('README.md');
  const lines = text.split('\n');
  expect(lines.length).toBeLessThanOrEqual(200);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(12 * 1024);
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
});

it('every page for users is reached from the README', () => {
  const { text } = readPage('README.md');
  const pages = userPages.filter((path) => path !== 'README.md' && !path.startsWith('src/docs/zh/'));
  expect(pages.filter((path) => !text.includes(`(${path})`))).toEqual([]);
});

const folders = readdirSync(`${root}src`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'docs')
  .map(({ name }) => `src/${name}`);

it.each(folders)('%s has a README of at most 80 lines, whose files exist', (folder) => {
  const { text } = readPage(`${folder}/README.md`);
  expect(text.split('\n').length).toBeLessThanOrEqual(80);
  const rows = text.split('\n').filter((line) => line.startsWith('| `') || line.startsWith('| '));
  const cells = rows.flatMap((row) => row.split(' | ').slice(0, 2)).join(' ');
  const names = [...cells.matchAll(/`([\w-]+\.(?:tsx?|js))`/g)].map(([, name = '']) => name);
  const existing = readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map((path) =>
    basename(path),
  );
  expect(names.filter((name) => !existing.includes(name))).toEqual([]);
});
