// Compares the README's table with the matrix as run.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { matrixTable } from './table.ts';

it('is in the README as generated', () => {
  const readme = readFileSync(fileURLToPath(new URL('../../../../README.md', import.meta.url).href), 'utf8');
  expect(readme).toContain(matrixTable());
});
