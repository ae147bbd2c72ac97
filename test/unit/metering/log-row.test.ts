import { expect, it } from 'vitest';
import { blankRow, boundedRow, type ErrorClass } from '../../../src/metering/log-row.ts';

const blank = blankRow({
  id: 'req_1',
  createdAtMs: 1,
  tokenId: 'tok_1',
  accountId: 'acc_1',
  format: 'openai',
  endpoint: '/v1/chat/completions',
  requestedModel: 'gpt-4o',
  stream: false,
});

it('keeps texts within their limits, and cuts the rest', () => {
  const long = 'x'.repeat(600);
  const tags = Array.from({ length: 12 }, (_, index) => `tag=${index}${long}`);
  const filled = { servedModel: long, errorMessage: long, endUser: long, session: long, tags };
  const row = boundedRow({ ...blank, ...filled });
  expect(row.servedModel).toHaveLength(256);
  expect(row.errorMessage).toBe(`${'x'.repeat(499)}…`);
  expect(row.endUser).toHaveLength(128);
  expect(row.session).toHaveLength(128);
  expect(row.tags?.map((tag) => tag.length)).toEqual(Array(10).fill(64));
  const errorClass: ErrorClass = 'upstream';
  const fitting = {
    errorClass,
    errorMessage: 'x'.repeat(500),
    endUser: 'x'.repeat(128),
    tags: [`a=${'x'.repeat(62)}`],
  };
  expect(boundedRow({ ...blank, ...fitting })).toMatchObject(fitting);
});

it('treats fields that an earlier version did not write as null', () => {
  const { servedModel, errorClass, errorMessage, endUser, session, tags, ...earlier } = blank;
  expect(boundedRow(earlier)).toEqual({ ...boundedRow(blank), errorClass: undefined });
});
