import { expect, it } from 'vitest';
import { errorCodes } from '../../../src/formats/api-errors.ts';
import { RelayError } from '../../../src/lib/relay-error.ts';
import { classOfRelayError, classOfUpstreamStatus, reasonOfCode } from '../../../src/metering/error-class.ts';

const classOf = (code: (typeof errorCodes)[number]) => classOfRelayError(new RelayError(code, ''));

it('divides the errors of the relay into three classes', () => {
  const of = (name: string) => errorCodes.filter((code) => classOf(code) === name);
  expect(of('relay')).toEqual([
    'model_price_unset',
    'insufficient_quota',
    'rate_limit_exceeded',
    'service_unavailable',
    'internal_error',
  ]);
  expect(of('upstream')).toEqual(['upstream_error', 'upstream_timeout', 'upstream_refused_relay']);
  expect(of('caller')).toHaveLength(errorCodes.length - 8);
});

it('does not count an upstream’s own rate limit as one of the relay', () => {
  const error = new RelayError('rate_limit_exceeded', '', { isOfUpstream: true });
  expect(classOfRelayError(error)).toBe('upstream');
});

it.each([
  [400, 'caller'],
  [404, 'caller'],
  [422, 'caller'],
  [401, 'upstream'],
  [403, 'upstream'],
  [429, 'upstream'],
  [500, 'upstream'],
  [529, 'upstream'],
] as const)('reads a status of %i as the fault of the %s', (status, name) => {
  expect(classOfUpstreamStatus(status)).toBe(name);
});

it.each([
  [null, null],
  ['client_left', 'caller'],
  ['worker_lost', 'relay'],
  ['upstream_lost', 'upstream'],
  ['insufficient_quota', 'relay'],
  ['invalid_value', 'caller'],
  ['server_error', 'upstream'],
])('knows the class of the code %s', (code, name) => {
  expect(reasonOfCode(code).errorClass).toBe(name);
});
