// Which headers go on, each way.
import { describe, expect, it } from 'vitest';
import { headersForCaller, headersForUpstream, searchForUpstream } from '../../src/relay/headers.ts';

const neverUpstream = [
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'cookie',
  'proxy-authorization',
  'openai-organization',
  'openai-project',
  'cf-connecting-ip',
  'cf-ray',
  'cf-ipcountry',
  'x-forwarded-for',
  'x-forwarded-proto',
  'forwarded',
  'x-real-ip',
  'true-client-ip',
  'via',
  'cdn-loop',
  'origin',
  'referer',
  'sec-fetch-mode',
  'host',
  'connection',
  'transfer-encoding',
  'content-length',
  'x-relay-strict',
  'x-request-id',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-original-host',
  'x-rewrite-url',
  'x-host',
  'x-client-ip',
  'x-cluster-client-ip',
  'fastly-client-ip',
  'proxy-connection',
];

const alwaysUpstream = [
  'anthropic-beta',
  'anthropic-version',
  'openai-beta',
  'content-type',
  'accept',
  'user-agent',
  'x-stainless-lang',
  'x-stainless-retry-count',
  'x-goog-api-client',
  'idempotency-key',
  'traceparent',
  'x-header-of-tomorrow',
];

const neverToCaller = [
  'set-cookie',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-tokens',
  'anthropic-ratelimit-requests-limit',
  'anthropic-organization-id',
  'openai-organization',
  'x-ms-region',
  'cf-ray',
  'cf-cache-status',
  'server',
  'via',
  'alt-svc',
  'strict-transport-security',
  'x-powered-by',
  'location',
  'access-control-allow-origin',
  'connection',
  'x-request-id',
  'request-id',
  'www-authenticate',
  'proxy-authenticate',
  'proxy-authentication-info',
  'authentication-info',
  'set-cookie2',
  'clear-site-data',
  'refresh',
  'content-location',
  'content-security-policy',
  'content-security-policy-report-only',
  'reporting-endpoints',
  'service-worker-allowed',
  'server-timing',
  'proxy-connection',
  'x-served-by',
];

const alwaysToCaller = [
  'content-type',
  'retry-after',
  'x-should-retry',
  'openai-processing-ms',
  'x-header-of-tomorrow',
];

const passes = (names: string[], through: (headers: Headers) => Headers) =>
  names.filter((name) => through(new Headers({ [name]: 'some-value' })).get(name) === 'some-value');

describe('on the way to the upstream', () => {
  const through = (headers: Headers) => headersForUpstream(headers, {});
  it('credentials, addresses and what belongs to the last hop stay behind', () => {
    expect(passes(neverUpstream, through)).toEqual([]);
  });
  it('the rest goes on, headers that nobody knows yet included', () => {
    expect(passes(alwaysUpstream, through)).toEqual(alwaysUpstream);
  });
  it('the channel’s own headers win', () => {
    const headers = headersForUpstream(new Headers({ 'x-team': 'caller' }), {
      'x-team': 'channel',
      'openai-project': 'p',
    });
    expect([headers.get('x-team'), headers.get('openai-project')]).toEqual(['channel', 'p']);
  });
});

describe('on the way to the caller', () => {
  it('the operator’s limits, account and machines stay behind', () => {
    expect(passes(neverToCaller, headersForCaller)).toEqual([]);
  });
  it('the rest goes on', () => {
    expect(passes(alwaysToCaller, headersForCaller)).toEqual(alwaysToCaller);
  });
  it('the upstream’s request id has a header of its own', () => {
    for (const name of ['x-request-id', 'request-id']) {
      expect(headersForCaller(new Headers({ [name]: 'up_1' })).get('x-relay-upstream-request-id')).toBe(
        'up_1',
      );
    }
  });
  it('a body that was opened has no encoding and no length any more', () => {
    const headers = headersForCaller(new Headers({ 'content-encoding': 'gzip', 'content-length': '7' }));
    expect([...headers.keys()]).toEqual([]);
  });
});

it.each([
  ['https://r/v1beta/models/m:generateContent', ''],
  ['https://r/x?key=sk-oo8-secret', ''],
  ['https://r/x?alt=sse&key=sk-oo8-secret', '?alt=sse'],
  ['https://r/x?k%65y=sk-oo8-secret&a=1&token=t&access_token=u&key=again', '?a=1'],
])('takes credentials out of the query of %s', (url, search) => {
  expect(searchForUpstream(url)).toBe(search);
});
