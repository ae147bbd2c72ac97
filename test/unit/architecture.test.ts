// Checks the layers of src (src/README.md) by its imports.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { builtInFormats } from '../../src/formats/registry.ts';

const root = new URL('../../src/', import.meta.url).pathname;

interface SourceFile {
  path: string;
  text: string;
  /** The files of src that a file imports, including type imports and dynamic imports. */
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
  return paths.filter((to) => !/\.(sql|json|md)$/.test(to));
}

/** The layers from top to bottom; a layer may import itself and those below. */
const layers: readonly (readonly string[])[] = [
  // The Worker’s entry for a local machine, above the one that is deployed.
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
  ['alerts'],
  ['config.ts'],
  ['env.ts'],
  ['models'],
  ['providers', 'metering', 'tokens'],
  ['formats'],
  ['schema'],
  ['lib', 'node-modules.d.ts'],
];

const partOf = (path: string) => path.split('/')[0] ?? path;
const levelOf = (path: string) => layers.findIndex((layer) => layer.includes(partOf(path)));

/** Returns every import that `isWrong`, as `from -> to`. */
function importsThat(isWrong: (from: string, to: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((to) => isWrong(path, to)).map((to) => `${path} -> ${to}`),
  );
}

/** Returns every file that contains `pattern` outside of comments, except the allowed ones. */
function filesContaining(pattern: RegExp, allowed: RegExp): string[] {
  return files
    .filter(({ path, text }) => !allowed.test(path) && pattern.test(withoutComments(text)))
    .map(({ path }) => path);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Returns the imports between files, or between the names that `nameOf` gives their paths. */
function graphOf(nameOf: (path: string) => string = (path) => path): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of files) {
    const from = graph.get(nameOf(path)) ?? new Set<string>();
    graph.set(nameOf(path), from);
    for (const to of imports.map(nameOf)) if (to !== nameOf(path)) from.add(to);
  }
  return graph;
}

/** Returns the strongly connected components of more than one node. */
function cyclesOf(graph: Graph): string[][] {
  const reached = new Map([...graph.keys()].map((node) => [node, reachableFrom(graph, node)]));
  const cycles = new Map<string, string[]>();
  for (const [node, others] of reached) {
    const cycle = [...others].filter((other) => reached.get(other)?.has(node)).sort();
    if (cycle.length > 1) cycles.set(cycle.join(' '), cycle);
  }
  return [...cycles.values()];
}

/** Returns the nodes reachable from a node, including itself only through a cycle. */
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

it('has no import cycle between files, counting type imports and dynamic imports', () => {
  expect(cyclesOf(graphOf())).toEqual([]);
});

it('has no import cycle between folders', () => {
  expect(cyclesOf(graphOf(partOf))).toEqual([]);
});

it('finds cycles of two and of three nodes, and none in an acyclic graph', () => {
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));
  expect(cyclesOf(graph({ a: ['b'], b: ['c'], c: [] }))).toEqual([]);
  expect(cyclesOf(graph({ a: ['b'], b: ['a', 'c'], c: [] }))).toEqual([['a', 'b']]);
  expect(cyclesOf(graph({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] }))).toEqual([['a', 'b', 'c']]);
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

it('names format ids only in formats/, in providers/, and where chat requests move to the Responses API', () => {
  const ids = builtInFormats.map(({ id }) => id).join('|');
  const may = /^(formats|providers)\/|^relay\/plan\/candidate-routes\.ts$/;
  expect(filesContaining(new RegExp(`'(${ids})'`), may)).toEqual([]);
});

it('keeps src/cli and the Worker from importing each other', () => {
  expect(importsThat((from, to) => partOf(to) === 'cli' && partOf(from) !== 'cli')).toEqual([]);
  // config.ts is allowed for the names of its variables.
  const pure = ['tokens/secret.ts', 'config.ts', 'models/model-table.ts'];
  const mayImport = (to: string) => partOf(to) === 'cli' || partOf(to) === 'lib' || pure.includes(to);
  expect(importsThat((from, to) => partOf(from) === 'cli' && !mayImport(to))).toEqual([]);
});

it('uses `Env` only in config.ts, the isolate’s setup, the routes’ context and the Durable Objects', () => {
  const may =
    /^(app|config|hourly|index|services|management-services|host\/entry)\.ts$|^routes\/relay-route\.ts$|^quota\/(account-)?ledger\.ts$|^alerts\/dispatcher\.ts$|^realtime\/session\.ts$/;
  expect(filesContaining(/\bimport\b[^;]*\bEnv\b[^;]*\benv\.ts/, may)).toEqual([]);
});

it('has SQL only in files named store, log or ledger, and in schema/', () => {
  const sql =
    /['"`]\s*(SELECT\s[\s\S]*?\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b/;
  expect(filesContaining(sql, /(^|[/-])(store|log|ledger)\.ts$|^schema\//)).toEqual([]);
});

it('calls upstreams from one file only, and webhooks from another', () => {
  expect(
    filesContaining(
      /(?<![.\w])fetch\(/,
      /^(providers\/call|realtime\/session|alerts\/dispatcher|host\/entry)\.ts$|^cli\/|^(app|hourly|services)\.ts$/,
    ),
  ).toEqual([]);
});

it('writes to the console only from lib/log.ts', () => {
  const text = /^(lib\/log|dashboard\/pages\/snippets)\.ts$|^cli\//;
  expect(filesContaining(/\bconsole\./, text)).toEqual([]);
});

it('has no file over 300 lines', () => {
  const long = files.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path);
  expect(long).toEqual([]);
});
