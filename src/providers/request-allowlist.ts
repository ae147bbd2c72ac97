// The caller's headers and query parameters that are sent to an upstream: an allowlist per provider, as data, each
// entry with its source. Everything else is dropped, because a header can steer a gateway (Portkey, Helicone,
// LiteLLM), choose a field mask that hides the usage (Google), or name an account of the operator's.
// `settings.forward_headers` adds to the list.
import type { ChannelSettings } from './channel-settings.ts';
import type { ProviderName } from './provider-name.ts';

/** Headers that one source documents or sends. A name that ends in `*` is a prefix. */
interface AllowedHeaders {
  source: string;
  names: readonly string[];
}

/** Headers of every HTTP client, and W3C trace context (https://www.w3.org/TR/trace-context/, 2026-11). */
const anyClient: AllowedHeaders = {
  source: 'RFC 9110 sections 10.1.5 and 12.5.4; W3C Trace Context',
  names: ['user-agent', 'accept-language', 'traceparent', 'tracestate'],
};

const stainless: AllowedHeaders = {
  source: 'openai 7.57.0 and @anthropic-ai/sdk 1.12.0: internal/detect-platform.js, client.js (buildHeaders)',
  names: ['x-stainless-*', 'idempotency-key'],
};

const openaiHeaders: readonly AllowedHeaders[] = [
  anyClient,
  stainless,
  {
    source:
      'https://developers.openai.com/api/reference/overview (debugging requests) and /api/docs/guides/realtime (2026-11)',
    names: ['openai-beta', 'x-client-request-id', 'openai-safety-identifier'],
  },
  {
    source:
      'https://github.com/openai/codex, codex-rs/codex-api/src and codex-rs/core/src/client.rs (2026-11)',
    names: [
      'originator',
      'version',
      'session_id',
      'session-id',
      'conversation_id',
      'thread-id',
      'x-codex-*',
      'x-openai-subagent',
    ],
  },
  {
    source:
      'https://github.com/sst/opencode and https://github.com/earendil-works/pi (cache affinity, 2026-11)',
    names: ['x-session-id', 'x-session-affinity'],
  },
];

const anthropicHeaders: readonly AllowedHeaders[] = [
  anyClient,
  stainless,
  {
    source: 'https://platform.claude.com/docs/en/api/overview and /api/beta-headers (2026-11)',
    names: ['anthropic-version', 'anthropic-beta'],
  },
  {
    // Has no effect without an Origin; Claude Code sends it from Node.
    source: '@anthropic-ai/sdk 1.12.0, client.js',
    names: ['anthropic-dangerous-direct-browser-access'],
  },
  {
    source: 'Claude Code 2.x, as sent (2026-11)',
    names: ['x-app', 'x-claude-code-*', 'x-client-request-id', 'x-session-id', 'x-session-affinity'],
  },
];

const googleHeaders: readonly AllowedHeaders[] = [
  anyClient,
  {
    // No other `x-goog-`: https://docs.cloud.google.com/apis/docs/system-parameters (2026-11) lists a field mask
    // among them.
    source: '@google/genai 3.1.0, dist/node/index.mjs (getDefaultHeaders, X-Server-Timeout)',
    names: ['x-goog-api-client', 'x-server-timeout'],
  },
];

/** Claude on other clouds: the adapters read its two headers and move them where the cloud expects them. */
const claudeElsewhere: AllowedHeaders = {
  source: 'src/providers/claude-elsewhere.ts',
  names: ['anthropic-version', 'anthropic-beta'],
};

const rerankHeaders: readonly AllowedHeaders[] = [
  anyClient,
  {
    source: 'https://docs.cohere.com/reference/rerank (X-Client-Name, 2026-11)',
    names: ['x-client-name'],
  },
];

const headerLists: Readonly<Record<ProviderName, readonly AllowedHeaders[]>> = {
  openai: openaiHeaders,
  azure: [
    ...openaiHeaders,
    {
      source: 'https://learn.microsoft.com/azure/ai-foundry/openai/reference (2026-11)',
      names: ['x-ms-client-request-id'],
    },
  ],
  'openai-compatible': [
    ...openaiHeaders,
    {
      source: 'https://openrouter.ai/docs/app-attribution (2026-11)',
      names: ['http-referer', 'x-title', 'x-openrouter-title', 'x-openrouter-categories'],
    },
    {
      source: 'https://docs.x.ai/developers/advanced-api-usage/prompt-caching (cache affinity, 2026-11)',
      names: ['x-grok-conv-id'],
    },
  ],
  anthropic: anthropicHeaders,
  bedrock: [anyClient, claudeElsewhere],
  vertex: [...googleHeaders, claudeElsewhere],
  gemini: googleHeaders,
  cohere: rerankHeaders,
  jina: [anyClient],
  voyage: [anyClient],
  'workers-ai': [],
};

/**
 * Headers that no setting may forward: credentials, hop-by-hop headers, the origin of a request, requests for
 * another method or host, and the relay's own headers. RFC 9110 section 7.6.1; RFC 7239.
 */
export const neverForwarded =
  /^(authorization|(proxy-)?authenticat.*|proxy-.*|www-authenticate|cookie2?|(x-)?api-key|x-goog-(?!api-client$).*|ocp-apim-.*|.*-authorization|.*(secret|password|access-token|auth-token)|x-auth-.*|x-amz.*|x-vertex-ai-.*|openai-(organization|project)|anthropic-(organization|workspace|user-profile)-id|chatgpt-account-id|cf-.*|mf-.*|x-forwarded.*|x-envoy-.*|forwarded|x-real-ip|x-original-.*|x-rewrite-.*|true-client-ip|(x-|fastly-|fly-)(cluster-)?client-ip|via|cdn-loop|x-(http-)?method.*|x-host|origin|referer|sec-.*|access-control-.*|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept|accept-encoding|range|if-.*|x-relay-.*|x-request-id)$/;

interface Matcher {
  exact: ReadonlySet<string>;
  prefixes: readonly string[];
}

const matchers = new Map<ProviderName, Matcher>(
  Object.entries(headerLists).map(([provider, lists]) => [provider as ProviderName, matcherOf(lists)]),
);

function matcherOf(lists: readonly AllowedHeaders[]): Matcher {
  const names = lists.flatMap((list) => list.names);
  return {
    exact: new Set(names.filter((name) => !name.endsWith('*'))),
    prefixes: names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1)),
  };
}

/** The parts of a channel that decide which headers pass. */
export interface HeaderPolicy {
  provider: ProviderName;
  settings: ChannelSettings;
}

/** Keeps the headers of a caller that may be sent to a channel of that provider. */
export function allowedHeaders(from: Headers, { provider, settings }: HeaderPolicy): Headers {
  const allowed = new Headers();
  const { exact, prefixes } = matchers.get(provider) ?? { exact: new Set<string>(), prefixes: [] };
  for (const [name, value] of from) {
    const isListed = exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
    if (isListed || (name === 'accept' && isPlainAccept(provider, value))) allowed.set(name, value);
  }
  return withForwarded(allowed, from, settings);
}

/** Adds the headers that a channel's `forward_headers` names, whatever format the caller speaks. */
export function withForwarded(to: Headers, from: Headers, { forwardHeaders = [] }: ChannelSettings): Headers {
  for (const name of forwardHeaders) {
    const value = neverForwarded.test(name) ? null : from.get(name);
    if (value !== null) to.set(name, value);
  }
  return to;
}

/**
 * Google answers in protocol buffers to a caller that accepts them, and others may do the same: only known types
 * pass.
 */
function isPlainAccept(provider: ProviderName, accept: string): boolean {
  if (provider === 'gemini' || provider === 'vertex') return false;
  return accept.split(',').every((range) => plainTypes.test(range.trim()));
}

const plainTypes =
  /^(\*\/\*|application\/(json|octet-stream)|text\/event-stream|audio\/[\w.+-]+)(\s*;\s*q=[\d.]+)?$/i;

/** Query parameters of `GET /v1/responses/{id}` and `…/input_items`: openai 7.57.0, resources/responses (2026-11). */
const storedResponseParameters: ReadonlySet<string> = new Set([
  'include',
  'include[]',
  'include_obfuscation',
  'starting_after',
  'stream',
  'after',
  'before',
  'limit',
  'order',
]);

/** Returns whether a parameter with that value may be sent to a provider. */
type QueryRule = (name: string, value: string, path: { isStoredResponse: boolean }) => boolean;

const openaiQuery: QueryRule = (name, _value, { isStoredResponse }) =>
  isStoredResponse && storedResponseParameters.has(name);

/** Google's system parameters can hide the usage; `alt=sse` requests a stream. */
const googleQuery: QueryRule = (name, value) => name === 'alt' && value === 'sse';

const queryRules: Partial<Record<ProviderName, QueryRule>> = {
  openai: openaiQuery,
  azure: openaiQuery,
  'openai-compatible': openaiQuery,
  // @anthropic-ai/sdk 1.12.0, resources/beta/messages: every beta call has it.
  anthropic: (name, value) => name === 'beta' && value === 'true',
  gemini: googleQuery,
  vertex: googleQuery,
};

/** Returns the allowed part of a URL's query, each parameter and value once: '' or '?…'. */
export function allowedQuery(url: string, provider: ProviderName, isStoredResponse: boolean): string {
  const question = url.indexOf('?');
  const rule = queryRules[provider];
  if (question < 0 || rule === undefined) return '';
  const allowed = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(url.slice(question)))
    if (rule(name, value, { isStoredResponse }) && !allowed.has(name, value)) allowed.append(name, value);
  return allowed.size === 0 ? '' : `?${allowed}`;
}
