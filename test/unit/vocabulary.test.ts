// Checks the names of files and exports against a list of retired words.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../src/', import.meta.url).pathname;

/** The replacements of each retired word or phrase. */
const replacements: Readonly<Record<string, string>> = {
  door: 'route, format',
  wish: 'requested model, candidate',
  wished: 'requested',
  ask: 'request',
  asked: 'requested',
  look: 'renewal',
  book: 'ledger state',
  ticket: 'reservation, request record',
  rider: 'piggybacked settlement',
  slice: 'allocation',
  distrust: 'unaccounted',
  bell: 'alarm',
  'alarm clock': 'alarm scheduler',
  place: 'target, location',
  blame: 'classify failure',
  judge: 'classify failure',
  judged: 'classified failure',
  patience: 'timeouts',
  forgive: 'reset health',
  board: 'health registry',
  pipe: 'passthrough stream',
  pump: 'rewriting stream',
  drink: 'read chunk',
  gulp: 'chunk',
  hear: 'read',
  gather: 'batch',
  gathering: 'batching',
  discard: 'drain',
  carry: 'reasoning signature',
  said: 'text, reason',
  told: 'reported',
  kept: 'stored',
  'earlier turns': 'conversation history',
  words: 'messages',
  strings: 'messages',
  worry: 'alert',
  worries: 'alerts',
  attention: 'alerts',
  'ways in': 'login methods',
  'wanted page': 'return to',
  'token once': 'token reveal',
  picture: 'snapshot',
  mend: 'fix',
  mended: 'fixed',
  anew: 'again',
  whoever: 'caller',
};

/** Matches ordinary uses of these words, and the stored class name of a Durable Object, which is never renamed. */
const usual = /\blook up\b|^health board$|^may carry\b/;

/** Lists the names in src/: `folder/file.ts`, and `folder/file.ts#name` for each export. */
const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
  .flatMap((path) => [
    path,
    ...exportsOf(readFileSync(root + path, 'utf8')).map((name) => `${path}#${name}`),
  ]);

function exportsOf(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:default )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm,
  );
  return [...declared].map(([, name = '']) => name);
}

/** Returns the words of a name's last part: `at door` for `relay/door.ts#atDoor`. */
function wordsOf(name: string): string {
  const last =
    name.split('#')[1] ??
    name
      .split('/')
      .at(-1)
      ?.replace(/\.tsx?$/, '') ??
    '';
  return last
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z]+/g, ' ')
    .trim()
    .toLowerCase();
}

function retiredIn(name: string): string[] {
  const words = ` ${wordsOf(name).replace(usual, '')} `;
  return Object.keys(replacements).filter(
    (word) => words.includes(` ${word} `) || words.includes(` ${word}s `),
  );
}

it('finds the names in src', () => {
  expect(names.length).toBeGreaterThan(1_000);
  expect(names).toContain('app.ts#app');
});

it('finds a retired word in each kind of name', () => {
  expect(retiredIn('http/door.ts')).toEqual(['door']);
  expect(retiredIn('dashboard/api/ways-in.ts')).toEqual(['ways in']);
  expect(retiredIn('relay/ticket.ts#RequestTicket')).toEqual(['ticket']);
  expect(retiredIn('metering/price-table.ts#lookUpPrice')).toEqual([]);
});

it('uses no retired word in the name of a file or an export', () => {
  const found = names.flatMap((name) => {
    return retiredIn(name).map((word) => `${name}: ${word} → ${replacements[word]}`);
  });
  expect(found).toEqual([]);
});

/** Words and phrases of the retired dialect, in comments, titles, and texts. */
const retiredPhrases =
  /\b(doors?|wish(es|ed)?|told|whoever|(?<!there )(is|are) none|of before|patience|blame[sd]?|drinks?|gulps?|forgives?|forgiven|worries|ways-in|mend(s|ed)?|anew|nobody.s)\b/i;

/** Lines that may have one: the old path that still redirects, and this list. */
const allowedLines = /[/|]ways-in/;

it('finds a retired phrase, and leaves ordinary English alone', () => {
  expect(retiredPhrases.test('// Whoever holds a key that is none')).toBe(true);
  expect(retiredPhrases.test('Returns the key, or null when there is none.')).toBe(false);
});

it('uses no retired phrase in the source, the tests, and the README', () => {
  const repository = new URL('../../', import.meta.url).pathname;
  const files = ['src', 'test']
    .flatMap((folder) =>
      readdirSync(repository + folder, { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .filter(
      (path) =>
        /\.(tsx?|js|sql|md|css)$/.test(path) && !/\.min\.|fixtures\/|vocabulary\.test|agent-tools/.test(path),
    );
  const found = [...files, 'README.md'].flatMap((path) =>
    readFileSync(repository + path, 'utf8')
      .split('\n')
      .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
      .filter(({ line }) => retiredPhrases.test(line) && !allowedLines.test(line))
      .map(({ line, at }) => `${at}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
