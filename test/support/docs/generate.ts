// `npm run docs`: rewrites the generated blocks of the documentation.
import { writeFileSync } from 'node:fs';
import { allPages, readPage, root, withGeneratedBlocks } from './pages.ts';

for (const page of allPages.map(readPage)) {
  const text = withGeneratedBlocks(page);
  if (text === page.text) continue;
  writeFileSync(root + page.path, text);
  console.log(`updated ${page.path}`);
}
