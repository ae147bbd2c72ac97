// Tests which headers are forwarded in each direction.
import { describe, expect, it } from 'vitest';
import { type ProviderName, providerNames } from '../../../../src/providers/provider-name.ts';
import { allowedQuery, neverForwarded } from '../../../../src/providers/request-allowlist.ts';
import { headersForCaller, headersForUpstream } from '../../../../src/relay/upstream/headers.ts';

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
  // Google's system parameters as headers.
  'x-goog-fieldmask',
  'x-goog-request-params',
  'x-goog-user-project',
  'x-goog-encode-response-if-executable',
  // These configure gateways (Portkey, Helicone, LiteLLM, Azure API Management) or change the answer.
  'x-portkey-custom-host',
  'helicone-openai-api-base',
  'x-litellm-tags',
  'ocp-apim-subscription-key',
  'x-dashscope-sse',
  'x-openrouter-cache',
  'anthropic-workspace-id',
  'chatgpt-account-id',
  'range',
  'if-none-match',
  'prefer',
  'content-encoding',
  'x-header-of-tomorrow',
];

/** Headers that official SDKs and coding agents send, by provider. */
const documented: Partial<Record<ProviderName, readonly string[]>> = {
  openai: [
    'user-agent',
    'openai-beta',
    'x-stainless-lang',
    'x-stainless-retry-count',
    'idempotency-key',
    'traceparent',
    'originator',
    'version',
    'session_id',
    'session-id',
    'x-codex-turn-state',
    'x-client-request-id',
  ],
  anthropic: [
    'user-agent',
    'anthropic-version',
    'anthropic-beta',
    'anthropic-dangerous-direct-browser-access',
    'x-app',
    'x-claude-code-session-id',
    'x-stainless-helper-method',
  ],
  gemini: ['user-agent', 'x-goog-api-client', 'x-server-timeout'],
  vertex: ['x-goog-api-client', 'anthropic-beta', 'anthropic-version'],
  bedrock: ['anthropic-beta', 'anthropic-version'],
  azure: ['openai-beta', 'x-ms-client-request-id', 'x-stainless-lang'],
  'openai-compatible': ['http-referer', 'x-title', 'x-openrouter-title', 'x-grok-conv-id', 'x-stainless-os'],
};

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

const channel = (provider: ProviderName, forwardHeaders?: string[]) => ({
  provider,
  headers: {},
  settings: forwardHeaders === undefined ? {} : { forwardHeaders },
});

describe('headers to the upstream', () => {
  it.each(providerNames)(
    'contain no credential, address, system parameter or unknown header for %s',
    (provider) => {
      expect(passes(neverUpstream, (headers) => headersForUpstream(headers, channel(provider)))).toEqual([]);
    },
  );

  it.each(Object.entries(documented))('contain what %s’s SDKs send', (provider, names) => {
    const through = (headers: Headers) => headersForUpstream(headers, channel(provider as ProviderName));
    expect(passes([...names], through)).toEqual(names);
  });

  it('pass Codex’s turn state to OpenAI and back', () => {
    const state = new Headers({ 'x-codex-turn-state': 'sticky' });
    for (const provider of ['openai', 'azure', 'openai-compatible'] as const)
      expect(headersForUpstream(state, channel(provider)).get('x-codex-turn-state')).toBe('sticky');
    expect(headersForUpstream(state, channel('anthropic')).has('x-codex-turn-state')).toBe(false);
    expect(headersForCaller(state).get('x-codex-turn-state')).toBe('sticky');
  });

  it('separate one provider’s headers from another’s', () => {
    const from = new Headers({ 'anthropic-beta': 'a', 'openai-beta': 'b', 'x-goog-api-client': 'c' });
    const forwarded = (provider: ProviderName) => [...headersForUpstream(from, channel(provider)).keys()];
    expect(forwarded('openai')).toEqual(['accept-encoding', 'openai-beta']);
    expect(forwarded('anthropic')).toEqual(['accept-encoding', 'anthropic-beta']);
    expect(forwarded('gemini')).toEqual(['accept-encoding', 'x-goog-api-client']);
  });

  it.each([
    ['openai', 'application/json', 'application/json'],
    ['openai', 'text/event-stream', 'text/event-stream'],
    ['openai', 'application/json, text/event-stream;q=0.9', 'application/json, text/event-stream;q=0.9'],
    ['openai', 'application/octet-stream', 'application/octet-stream'],
    ['openai', 'application/x-protobuf', null],
    ['openai', 'application/json, application/cbor', null],
    ['gemini', 'application/json', null],
    ['vertex', 'application/x-protobuf', null],
  ] as const)('pass to %s the accepted type %s as %s', (provider, accept, passed) => {
    expect(headersForUpstream(new Headers({ accept }), channel(provider)).get('accept')).toBe(passed);
  });

  it('include the headers that the channel forwards, in translated requests too', () => {
    const from = new Headers({ 'helicone-user-id': 'u', 'openai-beta': 'b' });
    const forwarding = channel('openai-compatible', ['helicone-user-id']);
    expect(headersForUpstream(from, forwarding).get('helicone-user-id')).toBe('u');
    const translated = headersForUpstream(from, forwarding, true);
    expect([translated.get('helicone-user-id'), translated.get('openai-beta')]).toEqual(['u', null]);
  });

  it('never include a credential, even if a stored setting names it', () => {
    const from = new Headers({ authorization: 'Bearer t', cookie: 'c', 'cf-ray': 'r', 'x-api-key': 'k' });
    const forwarding = channel('openai', [...from.keys()]);
    expect([...headersForUpstream(from, forwarding).keys()]).toEqual(['accept-encoding']);
    expect([...from.keys()].every((name) => neverForwarded.test(name))).toBe(true);
  });

  it('prefer the channel’s own values', () => {
    const headers = headersForUpstream(new Headers({ 'x-title': 'caller' }), {
      ...channel('openai-compatible'),
      headers: { 'x-title': 'channel', 'openai-project': 'p' },
    });
    expect([headers.get('x-title'), headers.get('openai-project')]).toEqual(['channel', 'p']);
  });
});

describe('headers to the caller', () => {
  it('omit the operator’s limits, account and machines', () => {
    expect(passes(neverToCaller, headersForCaller)).toEqual([]);
  });
  it('include everything else', () => {
    expect(passes(alwaysToCaller, headersForCaller)).toEqual(alwaysToCaller);
  });
  it('have the upstream’s request id in a separate header', () => {
    for (const name of ['x-request-id', 'request-id']) {
      expect(headersForCaller(new Headers({ [name]: 'up_1' })).get('x-relay-upstream-request-id')).toBe(
        'up_1',
      );
    }
  });
  it('omit encoding and length of a body that was decoded', () => {
    const headers = headersForCaller(new Headers({ 'content-encoding': 'gzip', 'content-length': '7' }));
    expect([...headers.keys()]).toEqual([]);
  });
});

describe('the query to an upstream', () => {
  it.each([
    ['', ''],
    ['?key=sk-oo8-secret', ''],
    ['?alt=sse&key=sk-oo8-secret', '?alt=sse'],
    ['?alt=sse&alt=proto', '?alt=sse'],
    ['?alt=SSE', ''],
    ['?alt=proto', ''],
    ['?%24alt=proto&$alt=sse', ''],
    ['?fields=candidates(content)&%24fields=x&$.xgafv=2', ''],
    ['?callback=alert&prettyPrint=false&$httpMethod=GET&quotaUser=q&uploadType=media', ''],
    ['?k%65y=t&al%74=s%73e&$unique=1', '?alt=sse'],
  ])('is `alt=sse` or nothing for Google: %s', (query, allowed) => {
    for (const provider of ['gemini', 'vertex'] as const)
      expect(allowedQuery(`https://r/v1beta/models/m:verb${query}`, provider, false)).toBe(allowed);
  });

  it.each([
    [
      'openai',
      true,
      '?include[]=a&include[]=b&stream=true&starting_after=4&api_base=x',
      '?include%5B%5D=a&include%5B%5D=b&stream=true&starting_after=4',
    ],
    ['openai', true, '?after=i&limit=2&order=asc&token=t', '?after=i&limit=2&order=asc'],
    ['openai', false, '?stream=true&api_base=http://x', ''],
    ['azure', false, '?api-version=2020-01-01', ''],
    ['anthropic', false, '?beta=true&x=1', '?beta=true'],
    ['anthropic', false, '?beta=false', ''],
    ['cohere', false, '?api_base=x', ''],
    ['bedrock', false, '?X-Amz-Signature=x', ''],
  ] as const)(
    'to %s (a stored response: %s) contains only the documented parameters of %s',
    (provider, stored, query, allowed) => {
      expect(allowedQuery(`https://r/p${query}`, provider, stored)).toBe(allowed);
    },
  );
});
