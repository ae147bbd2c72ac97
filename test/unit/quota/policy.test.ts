// What a policy tells a token's holder about itself.
import { expect, it } from 'vitest';
import { namesAllowed } from '../../../src/quota/policy.ts';
import { unbounded } from '../../../src/tokens/token.ts';
import { policyWith } from './ledger-parts.ts';

it('names the models of the first list that restricts the token, without what another list forbids', () => {
  const admin = { by: 'admin' as const, models: ['gpt-4o', 'o3*'] };
  const bounds = { ...unbounded, models: ['gpt-*'] };
  const namesOf = (fields: object) => namesAllowed(policyWith(fields));
  expect(namesOf({})).toBeNull();
  expect(namesOf({ bounds })).toEqual(['gpt-*']);
  expect(namesOf({ models: ['gpt-*', 'gpt-4o', 'o1'], furtherModels: [admin] })).toEqual(['gpt-*', 'gpt-4o']);
  expect(namesOf({ furtherModels: [admin], bounds })).toEqual(['gpt-4o', 'o3*']);
  expect(namesOf({ models: ['o1'], furtherModels: [admin] })).toEqual([]);
});
