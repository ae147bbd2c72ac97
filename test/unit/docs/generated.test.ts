// What the documentation says from code, it says as the code has it now.
import { expect, it } from 'vitest';
import { generatedBlocks } from '../../support/docs/blocks.ts';
import { allPages, readPage, userPages, withGeneratedBlocks } from '../../support/docs/pages.ts';

it.each(allPages)('%s has its generated tables as `npm run docs` writes them', (path) => {
  const page = readPage(path);
  expect(page.text).toBe(withGeneratedBlocks(page));
});

it.each(Object.keys(generatedBlocks))('the generated block "%s" is on one page for users', (name) => {
  const pages = userPages.map(readPage).filter(({ text }) => text.includes(`<!-- generated: ${name} -->\n`));
  expect(pages).toHaveLength(1);
});
