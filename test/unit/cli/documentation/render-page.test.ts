// Pages of Markdown become HTML with anchors, tabs, and texts to search.
import { describe, expect, it } from 'vitest';
import { withOriginalTables } from '../../../../src/cli/documentation/original-tables.ts';
import { renderPage } from '../../../../src/cli/documentation/render-page.ts';
import { contentsOf } from '../../../../src/lib/rendered-page.ts';

const page = renderPage(`# Limits & more

The first words.

## \`rpm\` and others

See [errors](errors.md#rate_limit_exceeded), [below](#two), and [elsewhere](https://example.com/a?b=1&c=2).

### Two

| field | meaning |
|---|---|
| \`a<b\` | **bold** |

#### Too deep
`);

it('takes the title, and leaves it out of the page', () => {
  expect(page.title).toBe('Limits & more');
  expect(page.html).not.toContain('<h1');
});

it('gives headings the anchors that GitHub gives them', () => {
  expect(page.html).toContain('<h2 id="rpm-and-others"><code>rpm</code> and others');
  expect(contentsOf(page).map(({ id, level }) => [id, level])).toEqual([
    ['rpm-and-others', 2],
    ['two', 3],
  ]);
});

it('leads links between pages to their addresses in the product, and leaves others', () => {
  const links = [...page.html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href);
  expect(links).toContain('/docs/errors#rate_limit_exceeded');
  expect(links).toContain('#two');
  expect(links).toContain('https://example.com/a?b=1&amp;c=2');
});

it('escapes code, and keeps the words of tables for the search', () => {
  expect(page.html).toContain('<code>a&lt;b</code>');
  expect(page.sections.find(({ id }) => id === 'two')?.text).toBe('field meaning a<b bold');
});

it('shows the same example in several languages as tabs that need no script', () => {
  const { html } = renderPage(
    '# T\n\n```sh\ncurl x\n```\n\n```python untested: x\nprint(1)\n```\n\n```ts\nawait f();\n```\n\nText\n\n```sh\nls\n```\n',
  );
  expect(html.match(/<fieldset/g)).toHaveLength(1);
  expect([...html.matchAll(/type="radio"[^>]* value="(\w+)"/g)].map(([, value]) => value)).toEqual([
    'sh',
    'python',
    'ts',
  ]);
  expect(html.match(/<pre/g)).toHaveLength(4);
});

it('leaves two commands that follow each other two blocks', () => {
  expect(renderPage('# T\n\n```sh\na\n```\n\n```sh\nb\n```\n').html).not.toContain('<fieldset');
});

it('leaves out HTML, and what only the repository shows', () => {
  const text =
    '# T\n\n<script>x</script>\n\n<!-- repository only -->\n\n![a](b.webp)\n\n<!-- /repository only -->\n\nEnd\n';
  const { html, markdown } = renderPage(text);
  expect(html.trim()).toBe('<p>End</p>');
  expect(markdown).not.toContain('b.webp');
});

it('gives a translation the anchors of the original, and refuses one with other headings', () => {
  expect(renderPage('# 标题\n\n## 限制\n', ['limits']).html).toContain('id="limits"');
  expect(() => renderPage('# 标题\n\n## 限制\n', [])).toThrow('1 headings, but 0 anchors');
});

describe('tables of translations', () => {
  const table = '| a |\n|---|\n| $1 |';
  const original = `# T\n\n<!-- generated: limits of x -->\n\n${table}\n\n<!-- /generated -->\n\nEnd\n`;

  it('are the generated ones of the original, in HTML and Markdown', () => {
    const { html, markdown } = renderPage(
      withOriginalTables('# 标题\n\n<!-- table: limits of x -->\n\n完\n', original),
    );
    expect(html).toContain('<td>$1</td>');
    expect(markdown).toBe(`# 标题\n\n${table}\n\n完\n`);
  });

  it('must be all of the original, and no others', () => {
    expect(() => withOriginalTables('# 标题\n', original)).toThrow('lacks <!-- table: limits of x -->');
    expect(() => withOriginalTables('# 标题\n\n<!-- table: y -->\n', original)).toThrow('table "y"');
  });
});

it('joins lines of Chinese without a space', () => {
  expect(renderPage('# 标题\n\n第一行，\n第二行 with\nwords\n').html).toContain('第一行，第二行 with\nwords');
});

it('refuses a page that does not begin with its title', () => {
  expect(() => renderPage('Text\n')).toThrow('begins with its title');
});
