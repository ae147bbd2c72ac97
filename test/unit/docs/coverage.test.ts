// The documentation names everything of the code that users meet.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settings } from '../../../src/dashboard/api/channel-fields.ts';
import { limits, newToken } from '../../../src/dashboard/api/token-fields.ts';
import { errorCodes } from '../../../src/formats/api-errors.ts';
import { providerNames } from '../../../src/providers/provider-name.ts';
import { closeCodes } from '../../../src/realtime/close-codes.ts';
import { readPage, root } from '../../support/docs/pages.ts';

const textOf = (name: string) => readPage(`src/docs/${name}.md`).text;

/** Returns the names that a page does not have as code. */
function missing(page: string, names: readonly string[]): string[] {
  const code = [...textOf(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  return names.filter((name) => !code.some((text) => new RegExp(`(^|[^\\w-])${name}($|[^\\w-])`).test(text)));
}

/** The relay's own headers in the source. One is sent between two parts of the relay only. */
function ownHeaders(): string[] {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const found = files.flatMap(
    (path) => readFileSync(`${root}src/${path}`, 'utf8').match(/'x-relay-[a-z-]+'/g) ?? [],
  );
  return [...new Set(found.map((name) => name.slice(1, -1)))].filter((name) => name !== 'x-relay-session');
}

it('has a section for every error code, and for no other', () => {
  const headings = [...textOf('errors').matchAll(/^## (.+)$/gm)].map(([, name]) => name);
  expect(headings.sort()).toEqual([...errorCodes].sort());
});

it('says in every section of an error what to do', () => {
  const sections = textOf('errors')
    .split(/^## .+$/m)
    .slice(1);
  expect(sections.filter((text) => text.trim().split(/\.\s/).length < 2)).toEqual([]);
});

it('names every header of the relay', () => {
  expect(missing('headers', ownHeaders())).toEqual([]);
});

it('names every provider', () => {
  expect(missing('channels', providerNames)).toEqual([]);
});

it('names every setting of a channel', () => {
  expect(missing('channels', Object.keys(settings.shape))).toEqual([]);
});

it('names every field and limit of a token', () => {
  const fields = Object.keys(newToken.shape).filter((name) => name !== 'name' && name !== 'limits');
  const ofLimits = Object.keys(limits.shape).map((name) => `limits.${name}`);
  expect(missing('quotas-and-limits', [...fields, ...ofLimits])).toEqual([]);
});

it('names every code that the relay closes a session with', () => {
  const codes = Object.values(closeCodes).map(String);
  expect(codes.filter((code) => !textOf('realtime').includes(`| ${code} |`))).toEqual([]);
});
