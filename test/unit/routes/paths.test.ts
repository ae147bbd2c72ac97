// Maps every path that an SDK builds from the base address to one canonical form.
import { expect, it } from 'vitest';
import { canonicalPath, isGeminiPath, pathOf } from '../../../src/routes/paths.ts';

it.each([
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['/chat/completions', '/v1/chat/completions'],
  ['//v1///chat/completions//', '/v1/chat/completions'],
  ['/v1/v1/v1beta/v1/chat/completions', '/v1/chat/completions'],
  ['/v1beta/models/a/b:generateContent', '/v1/models/a/b:generateContent'],
  ['/models/m%3AcountTokens', '/v1/models/m:countTokens'],
  ['/v1/models/m%3acountTokens/', '/v1/models/m:countTokens'],
  ['/v2/rerank', '/v1/rerank'],
  ['/v1/v2/rerank', '/v1/rerank'],
  ['/v1/unknown', '/v1/unknown'],
  ['//ws/google.ai.x.v1.Service.Method', '/ws/google.ai.x.v1.Service.Method'],
  ['/v1beta//ws/google.ai.x.v1beta.Service.Method/', '/ws/google.ai.x.v1beta.Service.Method'],
  ['/api//tokens/', '/api/tokens'],
  ['/key', '/v1/key'],
  ['/v1beta/credits/', '/v1/credits'],
  ['/v1/v1/auth/key', '/v1/auth/key'],
  ['/generation', '/v1/generation'],
  ['/dashboard/billing/subscription', '/v1/dashboard/billing/subscription'],
  ['/v1/v1/dashboard/billing/usage', '/v1/dashboard/billing/usage'],
  ['/api/usage/token/', '/api/usage/token'],
  ['/v1/api/usage/token', '/api/usage/token'],
  // The dashboard's own pages and the management API.
  ['/dashboard/usage', '/dashboard/usage'],
  ['/dashboard/billing', '/dashboard/billing'],
  ['/dashboard/key', '/dashboard/key'],
  ['/api/usage', '/api/usage'],
  ['/key/x', '/key/x'],
  ['/', '/'],
  ['', '/'],
])('reads %s as %s', (given, canonical) => {
  expect(canonicalPath(given)).toBe(canonical);
  expect(canonicalPath(canonical)).toBe(canonical);
});

it.each([
  ['https://relay.test/a/b?c=/d#e', '/a/b'],
  ['https://relay.test', '/'],
  ['https://relay.test/?x=/1', '/'],
  ['http://[::1]:8787/v1#/x', '/v1'],
])('finds the path of %s', (url, path) => {
  expect(pathOf(url)).toBe(path);
});

it.each([
  ['/v1beta/models', true],
  ['/v1beta', true],
  ['/v1/models/m:generateContent', true],
  ['/v1/models/m%3AgenerateContent', true],
  ['/v1/models', false],
  ['/v1/models/org/model:free', true],
  ['/v1betamax', false],
  ['/ws/google.ai.x.v1.Service.Method', true],
  ['/wsx', false],
])('expects Gemini’s format at %s: %s', (path, expected) => {
  expect(isGeminiPath(path)).toBe(expected);
});
