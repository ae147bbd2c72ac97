// Starts many isolates at the same time on a database that lacks the schema.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from 'vitest';
import { schemaVersion } from '../../../src/schema/steps.ts';
import { adminKey } from '../../support/relay.ts';
import { type RelayGroup, startRelayGroup } from '../../support/relay-group.ts';
import { firstVersionSql, newestVersionSql } from '../../support/schema-text.ts';
import { wholeOrShort } from '../../support/test-length.ts';
import { temporaryFolder } from './programs.ts';

const isolates = wholeOrShort(20, 8);
const requestsOfEach = 3;

const folder = temporaryFolder();
let group: RelayGroup | undefined;
afterEach(() => group?.stop());
afterAll(() => folder.remove());

/** Miniflare's name for the database whose id is `local`. */
const databaseName = '2b35d4d42e3c9f6b5ad5b5579a7b1470c66e69f6b33a31e3f5a0095cc6d18656';

function databaseIn(state: string): DatabaseSync {
  const stores = join(state, 'v3/d1/miniflare-D1DatabaseObject');
  mkdirSync(stores, { recursive: true });
  return new DatabaseSync(join(stores, `${databaseName}.sqlite`));
}

/** Returns tables, indexes and triggers as their SQL texts. */
function schemaIn(db: DatabaseSync): string[] {
  const query = `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '_cf_%' AND name NOT LIKE '%applied%' ORDER BY name`;
  return db
    .prepare(query)
    .all()
    .map(({ sql }) => String(sql));
}

/** Repeats a request that is refused with a retryable 503 for at most a second, and returns the last status. */
async function requestTokens(url: string): Promise<number> {
  const headers = { authorization: `Bearer ${adminKey}` };
  for (let tries = 0; ; tries++) {
    const response = await fetch(`${url}/api/tokens`, { headers });
    await response.text();
    if (response.status !== 503 || !response.headers.has('retry-after') || tries === 4)
      return response.status;
    await sleep(250);
  }
}

async function requestFromEveryIsolate(state: string): Promise<number[]> {
  group = await startRelayGroup(isolates, state);
  const urls = group.urls.flatMap((url) => Array.from({ length: requestsOfEach }, () => url));
  return Promise.all(urls.map(requestTokens));
}

function expectServed(statuses: readonly number[]): void {
  expect(statuses).toEqual(Array.from({ length: isolates * requestsOfEach }, () => 200));
}

it('creates one schema in an empty database when many isolates start at the same time', async () => {
  const state = join(folder.path, 'empty');
  expectServed(await requestFromEveryIsolate(state));
  await group?.stop();
  const db = databaseIn(state);
  const expected = new DatabaseSync(':memory:');
  expected.exec(newestVersionSql);
  expect(schemaIn(db)).toEqual(schemaIn(expected));
  expect(db.prepare(`SELECT value FROM meta WHERE key = 'schema_version'`).get()?.value).toBe(
    String(schemaVersion),
  );
  db.close();
});

it('applies each step once to a database of version 1 when many isolates start at the same time', async () => {
  const state = join(folder.path, 'first');
  const first = databaseIn(state);
  first.exec(firstVersionSql);
  first.exec(`CREATE TABLE applied (version TEXT);
    CREATE TRIGGER count_applied AFTER UPDATE ON meta WHEN NEW.key = 'schema_version'
    BEGIN INSERT INTO applied VALUES (NEW.value); END;`);
  first.close();
  expectServed(await requestFromEveryIsolate(state));
  await group?.stop();
  const db = databaseIn(state);
  const expected = new DatabaseSync(':memory:');
  expected.exec(newestVersionSql);
  expect(schemaIn(db)).toEqual(schemaIn(expected));
  const applied = db
    .prepare('SELECT version FROM applied')
    .all()
    .map(({ version }) => String(version));
  expect(applied).toEqual(
    Array.from({ length: Number(String(schemaVersion)) - 1 }, (_, index) => String(index + 2)),
  );
  db.close();
});
