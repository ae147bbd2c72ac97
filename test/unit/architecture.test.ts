// The layers of the source, held to by its imports (DESIGN.md): they lean one way only.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../src/', import.meta.url).pathname;

interface SourceFile {
  path: string;
  text: string;
  /** Files of the source that it imports, also as types only or on demand. */
  imports: string[];
}

const files: SourceFile[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(root + path, 'utf8');
    return { path, text, imports: importsOf(path, text) };
  });

function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g);
  const paths = [...found].map(([, relative = '']) => normalize(join(dirname(path), relative)));
  return paths.filter((to) => !to.endsWith('.sql'));
}

/** From the top down; a layer may import itself and what is below it. */
const layers: readonly (readonly string[])[] = [
  // The Worker's entry on a machine of one's own, before the one that is deployed.
  ['host'],
  ['index.ts'],
  ['hourly.ts'],
  ['app.ts'],
  ['schema-gate.ts'],
  ['http', 'dashboard'],
  ['relay', 'realtime'],
  ['routing', 'providers', 'metering', 'quota', 'tokens'],
  ['telemetry'],
  ['formats'],
  ['schema'],
  ['lib'],
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

/** The environment's shape: a type that config.ts owns, and that the doors and Durable Objects are given. */
const isEnvironment = (to: string) => to === 'config.ts';

it('finds the source and its imports', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  expect(files.find(({ path }) => path === 'app.ts')?.imports).toContain('http/openai.ts');
});

it('knows the layer of every file', () => {
  const known = (path: string) => levelOf(path) >= 0 || partOf(path) === 'cli' || path === 'config.ts';
  expect(files.map(({ path }) => path).filter((path) => !known(path))).toEqual([]);
});

it('imports downwards only', () => {
  const upwards = importsThat(
    (from, to) =>
      partOf(from) !== 'cli' &&
      partOf(to) !== 'cli' &&
      !isEnvironment(to) &&
      from !== 'config.ts' &&
      levelOf(to) < levelOf(from),
  );
  expect(upwards).toEqual([]);
});

it('keeps the doors and the dashboard apart, and realtime from relay', () => {
  const apart: [string, string][] = [
    ['http', 'dashboard'],
    ['dashboard', 'http'],
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

it('keeps the command line out of the Worker, and the Worker out of the command line', () => {
  expect(importsThat((from, to) => partOf(to) === 'cli' && partOf(from) !== 'cli')).toEqual([]);
  // config.ts for the names of its variables.
  const pure = ['tokens/secret.ts', 'config.ts'];
  const mayImport = (to: string) => partOf(to) === 'cli' || partOf(to) === 'lib' || pure.includes(to);
  expect(importsThat((from, to) => partOf(from) === 'cli' && !mayImport(to))).toEqual([]);
});

it('knows `Env` only in app.ts, hourly.ts, config.ts, the entries, the doors’ context and the Durable Objects', () => {
  const may =
    /^(app|config|hourly|index|host\/entry)\.ts$|^http\/door\.ts$|^quota\/(account-)?ledger\.ts$|^realtime\/session\.ts$/;
  expect(filesSaying(/\bimport\b[^;]*\bEnv\b[^;]*config\.ts/, may)).toEqual([]);
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
      /^(providers\/call|realtime\/session|host\/entry)\.ts$|^cli\/|^(app|hourly)\.ts$/,
    ),
  ).toEqual([]);
});

it('has no file over three hundred lines', () => {
  const long = files.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path);
  expect(long).toEqual([]);
});
