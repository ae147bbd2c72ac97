import { expect, it } from 'vitest';
import { markdownTree } from '../../../../src/dashboard/public/markdown.js';

it('reads blocks', () => {
  const text =
    '# Title\n\nOne\ntwo\n\n- a\n- b\n  - c\n\n3. x\n\n> quoted\n\n---\n\n```js\n<b>1</b>\n```\n| A | B |\n|---|:-:|\n| 1 | 2 |';
  expect(markdownTree(text)).toEqual([
    ['h3', {}, 'Title'],
    ['p', {}, 'One\ntwo'],
    ['ul', {}, ['li', {}, 'a'], ['li', {}, 'b', ['ul', {}, ['li', {}, 'c']]]],
    ['ol', { start: '3' }, ['li', {}, 'x']],
    ['blockquote', {}, ['p', {}, 'quoted']],
    ['hr', {}],
    ['pre', { tabindex: '0' }, ['code', {}, '<b>1</b>']],
    [
      'table',
      {},
      ['thead', {}, ['tr', {}, ['th', { scope: 'col' }, 'A'], ['th', { scope: 'col' }, 'B']]],
      ['tbody', {}, ['tr', {}, ['td', {}, '1'], ['td', {}, '2']]],
    ],
  ]);
});

it('reads code, bold, italics, strikethrough, and links in lines', () => {
  expect(markdownTree('a `x*y*z` **b *c*** ~~d~~ snake_case_name 2 * 3 * 4')).toEqual([
    [
      'p',
      {},
      'a ',
      ['code', {}, 'x*y*z'],
      ' ',
      ['strong', {}, 'b *c'],
      '* ',
      ['del', {}, 'd'],
      ' snake_case_name 2 * 3 * 4',
    ],
  ]);
  const link = { href: 'https://example.com/a', target: '_blank', rel: 'noopener noreferrer' };
  expect(markdownTree('[name](https://example.com/a)')).toEqual([['p', {}, ['a', link, 'name']]]);
});

it('makes no element of HTML, and no link that runs script', () => {
  const text = '<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![i](data:text/html,x)';
  expect(markdownTree(text)).toEqual([['p', {}, text]]);
});

it('ends with unclosed code and deep quotes, and bounds the search for the end of a mark', () => {
  expect(markdownTree('```\nopen')).toEqual([['pre', { tabindex: '0' }, ['code', {}, 'open']]]);
  const open = `~~${'a'.repeat(1_001)}~~ \`${'b'.repeat(1_001)}\``;
  expect(markdownTree(open)).toEqual([['p', {}, open]]);
  expect(markdownTree(`**${'a'.repeat(1_000)}**`)).toEqual([['p', {}, ['strong', {}, 'a'.repeat(1_000)]]]);
  expect(markdownTree('>'.repeat(100)).length).toBe(1);
});
