// Checks what the dashboard's pages load: the libraries' own files, and little script.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const folder = 'src/dashboard/public';
const sourceOf = (path: string) => readFileSync(path, 'utf8');

it.each([
  ['pico.min.css', '@picocss/pico/css/pico.min.css'],
  ['pico.LICENSE.txt', '@picocss/pico/LICENSE.md'],
  ['uplot.min.js', 'uplot/dist/uPlot.iife.min.js'],
  ['uplot.min.css', 'uplot/dist/uPlot.min.css'],
  ['uplot.LICENSE.txt', 'uplot/LICENSE'],
])('serves the library’s own %s', (own, original) => {
  expect(sourceOf(`${folder}/${own}`)).toBe(sourceOf(`node_modules/${original}`));
});

it('has less than 60 KB of compressed script over all pages', () => {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const bytes = scripts.map((name) => gzipSync(readFileSync(`${folder}/${name}`)).length);
  expect(scripts.length).toBeGreaterThan(2);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60 * 1_024);
});

it('names no other host in its scripts and styles except in comments of the libraries', () => {
  for (const name of readdirSync(folder).filter((name) => /\.(js|css)$/.test(name))) {
    const text = sourceOf(`${folder}/${name}`).replace(/\/\*[\s\S]*?\*\//g, '');
    const hosts = [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host);
    // The SVG namespace is only a name and is never fetched.
    expect([name, hosts.filter((host) => host !== 'www.w3.org')]).toEqual([name, []]);
  }
});
