// The layers of the source, held to by its imports (DESIGN.md): they lean one way only.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { builtInFormats } from '../../src/formats/registry.ts';

const root = new URL('../../src/', import.meta.url).pathname;

interface SourceFile {
  path: string;
  text: string;
  /** Files of the source that it imports, also as types only or on demand. */
  imports: string[];
}

const files: SourceFile[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
  .map((path) => {
    const text = readFileSync(root + path, 'utf8');
    return { path, text, imports: importsOf(path, text) };
  });

function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g);
  const paths = [...found].map(([, relative = '']) => normalize(join(dirname(path), relative)));
  return paths.filter((to) => !/\.(sql|json)$/.test(to));
}

/** From the top down; a layer may import itself and what is below it. */
const layers: readonly (readonly string[])[] = [
  // The Worker's entry on a machine of one's own, before the one that is deployed.
  ['host'],
  ['index.ts'],
  ['hourly.ts', 'app.ts'],
  ['cross-origin.ts', 'management-services.ts', 'not-found.ts', 'schema-gate.ts'],
  ['services.ts'],
  ['routes', 'dashboard'],
  ['relay', 'realtime'],
  ['admission'],
  ['quota'],
  ['routing'],
  ['config.ts'],
  ['env.ts'],
  ['providers', 'metering', 'tokens'],
  ['formats'],
  ['schema'],
  ['lib', 'node-modules.d.ts'],
];

const partOf = (path: string) => path.split('/')[0] ?? path;
const levelOf = (path: string) => layers.findIndex((layer) => layer.includes(partOf(path)));

/** Every import, as `from -> to`, that `isWrong`. */
function importsThat(isWrong: (from: string, to: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((to) => isWrong(path, to)).map((to) => `${path} -> ${to}`),
  );
}

/** Every file that says `pattern` outside of comments, but those that may. */
function filesSaying(pattern: RegExp, mayBe: RegExp): string[] {
  return files
    .filter(({ path, text }) => !mayBe.test(path) && pattern.test(withoutComments(text)))
    .map(({ path }) => path);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The imports between the files, or between what `nameOf` makes of their paths. */
function graphOf(nameOf: (path: string) => string = (path) => path): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of files) {
    const from = graph.get(nameOf(path)) ?? new Set<string>();
    graph.set(nameOf(path), from);
    for (const to of imports.map(nameOf)) if (to !== nameOf(path)) from.add(to);
  }
  return graph;
}

/** Groups of nodes that can all be reached from each other: the strongly connected components of more than one node. */
function circlesOf(graph: Graph): string[][] {
  const reached = new Map([...graph.keys()].map((node) => [node, reachableFrom(graph, node)]));
  const circles = new Map<string, string[]>();
  for (const [node, others] of reached) {
    const circle = [...others].filter((other) => reached.get(other)?.has(node)).sort();
    if (circle.length > 1) circles.set(circle.join(' '), circle);
  }
  return [...circles.values()];
}

/** What can be reached from the node, itself included only where a way leads back. */
function reachableFrom(graph: Graph, node: string): Set<string> {
  const reached = new Set<string>();
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const to of graph.get(next) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      waiting.push(to);
    }
  }
  return reached;
}

it('finds the source and its imports', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  expect(files.find(({ path }) => path === 'app.ts')?.imports).toContain('routes/openai.ts');
});

it('knows the layer of every file', () => {
  const known = (path: string) => levelOf(path) >= 0 || partOf(path) === 'cli' || path.endsWith('.d.ts');
  expect(files.map(({ path }) => path).filter((path) => !known(path))).toEqual([]);
});

it('imports downwards only', () => {
  const upwards = importsThat(
    (from, to) => partOf(from) !== 'cli' && partOf(to) !== 'cli' && levelOf(to) < levelOf(from),
  );
  expect(upwards).toEqual([]);
});

it('has no circle of imports between files, imports of types and on demand included', () => {
  expect(circlesOf(graphOf())).toEqual([]);
});

it('has no circle of imports between folders: no two import each other, nor three in a round', () => {
  expect(circlesOf(graphOf(partOf))).toEqual([]);
});

it('finds circles of two, of three, and none where there is none', () => {
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));
  expect(circlesOf(graph({ a: ['b'], b: ['c'], c: [] }))).toEqual([]);
  expect(circlesOf(graph({ a: ['b'], b: ['a', 'c'], c: [] }))).toEqual([['a', 'b']]);
  expect(circlesOf(graph({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] }))).toEqual([['a', 'b', 'c']]);
});

it('keeps the routes and the dashboard apart, and realtime from relay', () => {
  const apart: [string, string][] = [
    ['routes', 'dashboard'],
    ['dashboard', 'routes'],
    ['realtime', 'relay'],
  ];
  expect(
    importsThat((from, to) => apart.some(([one, other]) => partOf(from) === one && partOf(to) === other)),
  ).toEqual([]);
});

it('keeps wire formats apart: none imports another', () => {
  const formatOf = (path: string) => /^formats\/([^/]+)\//.exec(path)?.[1];
  const across = importsThat((from, to) => {
    const [one, other] = [formatOf(from), formatOf(to)];
    return one !== undefined && other !== undefined && one !== other;
  });
  expect(across).toEqual([]);
});

it('spells the ids of formats only in formats/, in providers/, and where chat requests move to the Responses API', () => {
  const ids = builtInFormats.map(({ id }) => id).join('|');
  const may = /^(formats|providers)\/|^relay\/plan\/candidate-routes\.ts$/;
  expect(filesSaying(new RegExp(`'(${ids})'`), may)).toEqual([]);
});

it('keeps the command line out of the Worker, and the Worker out of the command line', () => {
  expect(importsThat((from, to) => partOf(to) === 'cli' && partOf(from) !== 'cli')).toEqual([]);
  // config.ts for the names of its variables.
  const pure = ['tokens/secret.ts', 'config.ts'];
  const mayImport = (to: string) => partOf(to) === 'cli' || partOf(to) === 'lib' || pure.includes(to);
  expect(importsThat((from, to) => partOf(from) === 'cli' && !mayImport(to))).toEqual([]);
});

it('knows `Env` only in config.ts, in what an isolate is put together of, the routes’ context and the Durable Objects', () => {
  const may =
    /^(app|config|hourly|index|services|management-services|host\/entry)\.ts$|^routes\/relay-route\.ts$|^quota\/(account-)?ledger\.ts$|^realtime\/session\.ts$/;
  expect(filesSaying(/\bimport\b[^;]*\bEnv\b[^;]*\benv\.ts/, may)).toEqual([]);
});

it('has SQL only in files named store, log or ledger, and in schema/', () => {
  const sql =
    /['"`]\s*(SELECT\s[\s\S]*?\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b/;
  expect(filesSaying(sql, /(^|[/-])(store|log|ledger)\.ts$|^schema\//)).toEqual([]);
});

it('fetches upstreams in one place', () => {
  expect(
    filesSaying(
      /(?<![.\w])fetch\(/,
      /^(providers\/call|realtime\/session|host\/entry)\.ts$|^cli\/|^(app|hourly|services)\.ts$/,
    ),
  ).toEqual([]);
});

it('writes to the console in one place, lib/log.ts', () => {
  const text = /^(lib\/log|dashboard\/pages\/snippets)\.ts$|^cli\//;
  expect(filesSaying(/\bconsole\./, text)).toEqual([]);
});

it('has no file over 320 lines', () => {
  const long = files.filter(({ text }) => text.split('\n').length > 321).map(({ path }) => path);
  expect(long).toEqual([]);
});
