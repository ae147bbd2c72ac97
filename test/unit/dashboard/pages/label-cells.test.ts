// Headings of columns in the cells of a page's tables.
import { expect, it } from 'vitest';
import { labelCells } from '../../../../src/dashboard/pages/label-cells.ts';

it('adds the heading of its column to every cell, and none to cells over several columns', () => {
  const html = `<table id="log"><thead><tr><th scope="col">Time</th><th class="number"><a href="?x">Cost &amp; more</a><span aria-hidden="true"> ↑</span></th></tr></thead>
<tbody><tr><td><time>1</time></td><td class="number">2</td></tr><tr class="more"><td colspan="2">all</td></tr></tbody></table>`;
  expect(labelCells(html).split('</thead>')[1]).toBe(
    `\n<tbody><tr><td data-label="Time"><time>1</time></td><td data-label="Cost &amp; more" class="number">2</td></tr><tr class="more"><td colspan="2">all</td></tr></tbody></table>`,
  );
});

it('leaves tables without headings and everything else as they are', () => {
  const html = '<p><td></p><table><tr><td>1</td></tr></table><tdx>';
  expect(labelCells(html)).toBe(html);
});

it('labels each table by its own headings, and a column without one not at all', () => {
  const table = (heading: string) =>
    `<table><thead><tr><th>${heading}</th><th></th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>`;
  const labels = [...labelCells(table('A') + table('B')).matchAll(/data-label="(\w+)"/g)];
  expect(labels.map(([, label]) => label)).toEqual(['A', 'B']);
});
