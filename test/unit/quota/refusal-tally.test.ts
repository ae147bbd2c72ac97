// Refusals cost a caller nothing, so they must not fill the database.
import { expect, it } from 'vitest';
import { RefusalTally, tallyLimits } from '../../../src/quota/refusal-tally.ts';
import { noonMs, settlementOf } from './ledger-parts.ts';

const refusal = (id: string, fields: object = {}) => ({
  ...settlementOf(id, 0).row,
  errorCode: 'rate_limit_exceeded',
  createdAtMs: noonMs,
  ...fields,
});

it('counts equal refusals of a minute in one row with increasing revisions', () => {
  const tally = new RefusalTally();
  for (let times = 0; times < 5; times++) tally.add(refusal(`req_${times}`), noonMs + times);
  expect(tally.changed()).toMatchObject([{ id: 'req_0', count: 5, revision: 5 }]);
});

it('starts a new row in the next minute', () => {
  const tally = new RefusalTally();
  tally.add(refusal('a'), noonMs);
  tally.add(refusal('b'), noonMs + 60_000);
  expect(tally.changed().map(({ id, count }) => [id, count])).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
});

it('separates thirty different refusals a minute, and counts the rest without model names', () => {
  const tally = new RefusalTally();
  const add = (index: number) => tally.add(refusal(`req_${index}`, { requestedModel: `m${index}` }), noonMs);
  for (let index = 0; index < 200; index++) add(index);
  const rows = tally.changed();
  expect(rows.length).toBe(tallyLimits.rowsPerMinute + 1);
  expect(rows.at(-1)).toMatchObject({ requestedModel: null, count: 200 - tallyLimits.rowsPerMinute });
});

it('drops the oldest rows while the database is unavailable', () => {
  const tally = new RefusalTally();
  for (let minute = 0; minute < tallyLimits.rows + 3; minute++)
    tally.add(refusal(`req_${minute}`), noonMs + minute * 60_000);
  const rows = tally.changed();
  expect(rows.length).toBe(tallyLimits.rows);
  expect(rows[0]?.id).toBe('req_3');
});

it('delivers a row again only if its count has grown, and drops rows of past minutes', () => {
  const tally = new RefusalTally();
  tally.add(refusal('a'), noonMs);
  tally.delivered(tally.changed(), noonMs + 1_000);
  expect(tally.changed()).toEqual([]);
  tally.add(refusal('b'), noonMs + 2_000);
  expect(tally.changed()).toMatchObject([{ id: 'a', count: 2 }]);
  tally.delivered(tally.changed(), noonMs + 121_000);
  tally.add(refusal('c'), noonMs + 3_000);
  expect(tally.changed()).toMatchObject([{ id: 'c', count: 1 }]);
});

it('separates wrong fields of a model, and counts other refusals together whatever their figures', () => {
  const tally = new RefusalTally();
  const fault = (id: string, errorMessage: string) =>
    refusal(id, { errorCode: 'invalid_request', errorMessage });
  for (const [index, field] of ['messages', 'tools', 'messages'].entries())
    tally.add(fault(`f${index}`, `Invalid '${field}'.`), noonMs);
  const limit = (id: string, errorMessage: string) =>
    refusal(id, { errorCode: 'insufficient_quota', errorMessage });
  for (const left of [3, 2, 1]) tally.add(limit(`l${left}`, `$${left} is left`), noonMs);
  expect(tally.changed().map(({ errorMessage, count }) => [errorMessage, count])).toEqual([
    ["Invalid 'messages'.", 2],
    ["Invalid 'tools'.", 1],
    ['$3 is left', 3],
  ]);
});

it('keeps no message that could name a model in the row without a name', () => {
  const tally = new RefusalTally();
  for (let index = 0; index <= tallyLimits.rowsPerMinute; index++)
    tally.add(refusal(`r${index}`, { requestedModel: `m${index}`, errorMessage: `No m${index}` }), noonMs);
  expect(tally.changed().at(-1)).toMatchObject({ requestedModel: null, errorMessage: null });
  expect(tally.changed()[0]?.errorMessage).toBe('No m0');
});
