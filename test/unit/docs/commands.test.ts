// Commands and configuration of the documentation that no test runs exist and parse.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { readBindingChanges } from '../../../src/cli/deploy/optional-bindings.ts';
import { readTransferOptions } from '../../../src/cli/transfer/options.ts';
import { codeBlocksOf, commandsIn, untestedReasons } from '../../support/docs/code-blocks.ts';
import { allPages, readPage, root } from '../../support/docs/pages.ts';

const pages = allPages.map(readPage);
const blocks = pages.flatMap(codeBlocksOf);
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};

/** Commands of blocks, and those in prose: `npm …` and `npx …` as code. */
const commands = [
  ...blocks.filter(({ language }) => language === 'sh').flatMap(commandsIn),
  ...pages.flatMap(({ text }) =>
    [...text.matchAll(/`((?:npm|npx) [^`\n]+)`/g)].map(([, command = '']) => command),
  ),
];

const commandsOf = (program: string) => [
  ...new Set(
    commands
      .flatMap((command) => command.split(' && '))
      .map((command) => command.replace(/^([A-Z_]+=\S+ )+/, ''))
      .filter((command) => command.startsWith(`${program} `)),
  ),
];

it.each(commandsOf('npm'))('`%s` is a command of npm or a script of package.json', (command) => {
  const [, verb = '', name = ''] = command.split(' ');
  const script = verb === 'run' ? name : verb;
  if (verb !== 'ci' && verb !== 'install') expect(Object.keys(scripts)).toContain(script);
});

/** Programs that take --url, --key and --file, with their own switch. */
const transferPrograms: Readonly<Record<string, 'force' | 'repair' | null>> = {
  export: 'force',
  import: null,
  reconcile: 'repair',
  doctor: null,
  'rotate-encryption-key': null,
};

const withOptions = commandsOf('npm').filter((command) => command.includes(' -- '));

it.each(withOptions)('`%s` has options that its program reads', (command) => {
  const [head = '', tail = ''] = command.split(' -- ');
  const program = head.replace('npm run ', '');
  const parameters = tail.split(' ');
  if (program === 'deploy') expect(readBindingChanges(parameters)).toBeDefined();
  else if (program.startsWith('test')) expect(parameters[0]).toMatch(/^test\//);
  else {
    expect(Object.keys(transferPrograms)).toContain(program);
    const environment = { ADMIN_KEY: 'key', DEV_VARS_FILE: '/nonexistent/.dev.vars' };
    const own = transferPrograms[program] ?? null;
    const given = parameters[parameters.indexOf('--key') + 1];
    const { key } = readTransferOptions(parameters, environment, own);
    expect(key).toBe(parameters.includes('--key') ? given : 'key');
  }
});

it.each(commandsOf('npx'))('`%s` is a program of a package that is installed', (command) => {
  const [, program = '', verb = ''] = command.split(' ');
  expect(['wrangler', 'vitest']).toContain(program);
  if (program === 'wrangler') expect(['deploy', 'secret', 'rollback', 'd1']).toContain(verb);
});

it('gives one of few reasons where a block cannot run', () => {
  const given = blocks.flatMap(({ untested }) => untested ?? []);
  expect(given.filter((reason) => !untestedReasons.includes(reason))).toEqual([]);
});

it.each(blocks.filter(({ language }) => language === 'json'))('the JSON in $path parses', ({ code }) => {
  expect(JSON.parse(code)).toBeTypeOf('object');
});

it.each(blocks.filter(({ language }) => language === 'yaml'))('the YAML in $path parses', ({ code }) => {
  expect(parseYaml(code)).toBeTypeOf('object');
});
