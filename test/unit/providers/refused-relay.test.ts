// Recognizes upstream errors about the relay's own key or account.
import { describe, expect, it } from 'vitest';
import { refusedRelay, refusedThisOnly } from '../../../src/providers/refused-relay.ts';

const error = (fields: object) => JSON.stringify({ error: fields });

it.each<[string, number, string]>([
  ['401 of any body', 401, ''],
  ['402 of any body', 402, '<html>'],
  ['403 of any body', 403, error({ message: 'Country not supported' })],
  ['spent credit by its code', 429, error({ code: 'insufficient_quota' })],
  ['spent credit by its type', 429, error({ type: 'insufficient_quota', code: null })],
  ['Gemini’s bad key', 400, error({ code: 400, details: [{ reason: 'API_KEY_INVALID' }] })],
  ['the same in an array', 400, `[${error({ code: 400, details: [{ reason: 'API_KEY_INVALID' }] })}]`],
])('attributes to the relay’s key or account: %s', (_, status, body) => {
  expect(refusedRelay(status, body)).toBe(true);
});

const sentence = 'This organization has been disabled.';

it.each<[string, number, string]>([
  ['a limit', 429, error({ type: 'rate_limit_error', message: '"insufficient_quota"' })],
  ['a field called like a bad key', 400, error({ param: 'API_KEY_INVALID', code: 'unknown_parameter' })],
  [
    'a field called like a closed account',
    400,
    error({ message: `${sentence}: Extra inputs are not permitted` }),
  ],
  ['words that are quoted', 400, error({ message: `unknown role "${sentence}"` })],
  ['no JSON', 400, 'API_KEY_INVALID'],
  ['OpenRouter’s moderation', 403, error({ code: 403, metadata: { reasons: ['x'], flagged_input: 'x' } })],
  ['a missing model', 404, error({ code: 'model_not_found' })],
])('does not attribute to the relay’s key or account: %s', (_, status, body) => {
  expect(refusedRelay(status, body)).toBe(false);
});

describe('a refusal of only this request', () => {
  it.each<[string, string]>([
    ['OpenAI’s of a model', error({ message: 'x', code: 'model_not_found' })],
    [
      'Bedrock’s of a model',
      error({
        type: 'permission_error',
        message: "You don't have access to the model with the specified model ID.",
      }),
    ],
    [
      'xAI’s of content',
      JSON.stringify({ code: 'no permission', error: 'Content violates usage guidelines. Team: t' }),
    ],
  ])('is recognized in %s, and the key remains usable', (_, body) => {
    expect(refusedThisOnly(403, body)).toBe(true);
    // The caller learns no more about it than about a refused key.
    expect(refusedRelay(403, body)).toBe(true);
    expect(refusedThisOnly(401, body)).toBe(false);
  });

  it.each<[string, number, string]>([
    [
      'OpenAI',
      403,
      error({ type: 'request_forbidden', code: 'unsupported_country_region_territory', message: 'x' }),
    ],
    ['Anthropic', 403, error({ type: 'forbidden', message: 'Request not allowed' })],
    [
      'Gemini',
      400,
      error({
        code: 400,
        status: 'FAILED_PRECONDITION',
        message: 'User location is not supported for the API use.',
      }),
    ],
  ])('is recognized in %s’s rejection of the edge’s location', (_, status, body) => {
    expect(refusedThisOnly(status, body)).toBe(true);
    expect(refusedRelay(status, body)).toBe(true);
  });

  it('is not recognized in other 400s', () => {
    expect(refusedThisOnly(400, error({ code: 'model_not_found' }))).toBe(false);
    expect(refusedThisOnly(400, error({ status: 'FAILED_PRECONDITION', message: 'Enable billing.' }))).toBe(
      false,
    );
  });
});
