// Plugins of esbuild (the Worker) and Vite (its tests): `import page from '…/errors.md'` is the rendered page.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { anchorOf, type RenderedPage } from '../../lib/rendered-page.ts';
import { withOriginalTables } from './original-tables.ts';
import { renderPage } from './render-page.ts';

/** A string for JSON.parse costs an isolate less than literals. */
function moduleOf(path: string): string {
  const page = renderedFile(path);
  return `export default JSON.parse(${JSON.stringify(JSON.stringify(page))})`;
}

/**
 * A translated page has the anchors of the English one, in the folder above, so that links hold in every language, and
 * its generated tables.
 */
function renderedFile(path: string): RenderedPage {
  const markdown = readFileSync(path, 'utf8');
  const originalPath = path.replace(/([\\/])zh[\\/]([\w-]+\.md)$/, '$1$2');
  if (originalPath === path || !existsSync(originalPath)) return renderPage(markdown);
  const original = readFileSync(originalPath, 'utf8');
  return renderPage(withOriginalTables(markdown, original), anchorsOf(renderPage(original)));
}

function anchorsOf({ sections }: RenderedPage): string[] {
  return sections.slice(1).map(({ id, title }) => id || anchorOf(title));
}

/** For esbuild. */
export const markdownPages: Plugin = {
  name: 'markdown-pages',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.md$/ }, ({ path }) => ({
      contents: moduleOf(path),
      loader: 'js',
      watchFiles: [path, join(path, '../..')],
    }));
  },
};

/** For Vite: the same, once for each file. */
export const markdownPagesOfVite = {
  name: 'markdown-pages',
  enforce: 'pre' as const,
  load: (id: string): string | null => (/\.md$/.test(id) ? moduleOf(id) : null),
};
