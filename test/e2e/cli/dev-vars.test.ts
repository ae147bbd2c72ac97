import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDevVars, storeDevVars, withVariable } from '../../../src/cli/dev-vars.ts';
import { inRepository } from '../../../src/cli/repository.ts';
import { readSettings, withSecrets } from '../../../src/cli/start/settings.ts';
import { variableNames } from '../../../src/config.ts';
import { temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe('.dev.vars', () => {
  it('preserves existing values', () => {
    expect(withVariable('# mine\nA=1\n', 'B', '2')).toBe('# mine\nA=1\nB=2\n');
    expect(withVariable('A=1', 'B', '2')).toBe('A=1\nB=2\n');
    expect(withVariable('A=\nB=2\n', 'A', '1')).toBe('A=1\nB=2\n');
    expect(withVariable('# A=0\nAA=3\n', 'A', '1')).toBe('# A=0\nAA=3\nA=1\n');
  });

  it('is readable by its user only', () => {
    const path = join(folder.path, 'private');
    writeFileSync(path, 'OTHER="with space"\n', { mode: 0o644 });
    storeDevVars(path, { ADMIN_KEY: 'ak-1' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readDevVars(path)).toEqual({ OTHER: 'with space', ADMIN_KEY: 'ak-1' });
  });
});

describe('the settings of npm start', () => {
  it('prefer the environment, and hide npm start’s own settings from the Worker', () => {
    const path = join(folder.path, 'settings');
    writeFileSync(path, 'PORT=9000\nADMIN_KEY=ak-file\nDEMO_TOKEN=t\nCUSTOM=x\n');
    const settings = readSettings({ DEV_VARS_FILE: path, ADMIN_KEY: 'ak-shell', PATH: '/bin', DEMO: '0' });
    expect(settings).toMatchObject({
      port: 9000,
      host: 'localhost',
      demo: false,
      adminKey: 'ak-shell',
      demoToken: 't',
    });
    expect(settings.workerVariables).toEqual({ ADMIN_KEY: 'ak-shell', CUSTOM: 'x' });
  });

  it('generate the missing secrets once', () => {
    const path = join(folder.path, 'secrets');
    const made = withSecrets(readSettings({ DEV_VARS_FILE: path }));
    expect(made.adminKey).toMatch(/^ak-[0-9A-Za-z]{43}$/);
    const again = withSecrets(readSettings({ DEV_VARS_FILE: path }));
    expect(again.workerVariables).toEqual(made.workerVariables);
    expect(Object.keys(made.workerVariables).sort()).toEqual(['ADMIN_KEY', 'ENCRYPTION_KEY']);
  });

  it('name an invalid port', () => {
    expect(() => readSettings({ DEV_VARS_FILE: join(folder.path, 'none'), PORT: '80a' })).toThrow(
      /PORT is "80a"/,
    );
  });

  it('accept every variable of the configuration from the environment and from the file', () => {
    const values = Object.fromEntries(variableNames.map((name) => [name, `value of ${name}`]));
    const path = join(folder.path, 'all');
    const fromEnvironment = readSettings({ DEV_VARS_FILE: path, ...values, NOT_OURS: 'x' });
    expect(fromEnvironment.workerVariables).toEqual(values);
    writeFileSync(path, variableNames.map((name) => `${name}="value of ${name}"\n`).join(''));
    expect(readSettings({ DEV_VARS_FILE: path }).workerVariables).toEqual(values);
  });

  it('include every variable that the Worker reads', () => {
    const source = readFileSync(inRepository('src/env.ts'), 'utf8');
    const declared = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]*)\?: string;/gm)].map(([, name]) => name);
    expect(declared).toContain('CONVERSATION_DAYS');
    expect(declared.filter((name) => !name?.startsWith('DEMO_')).sort()).toEqual([...variableNames].sort());
  });

  it.each([
    ['', ''],
    ['127.0.0.1', '127.0.0.1'],
    [' 10.0.0.0/8 , ::1,fd00::/8,', '10.0.0.0/8,::1,fd00::/8'],
  ])('accept TRUSTED_PROXY=%s', (text, ranges) => {
    const settings = readSettings({ DEV_VARS_FILE: join(folder.path, 'none'), TRUSTED_PROXY: text });
    expect(settings.trustedProxy).toBe(ranges);
    expect(settings.workerVariables).toEqual({});
  });

  it.each(['*', 'true', 'proxy.example', '10', '127.1', '010.0.0.1', '10.0.0.0/33', '10/8', '127.0.0.1:80'])(
    'refuse TRUSTED_PROXY=%s and name it',
    (range) => {
      const read = () =>
        readSettings({ DEV_VARS_FILE: join(folder.path, 'none'), TRUSTED_PROXY: `::1,${range}` });
      expect(read).toThrow(`TRUSTED_PROXY has ${JSON.stringify(range)}`);
    },
  );
});
