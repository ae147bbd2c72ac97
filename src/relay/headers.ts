// Which headers go on, each way: a policy as data, with reasons. What is on no list passes: beta headers,
// SDK telemetry and what providers invent tomorrow.

/** Never sent to an upstream. */
const droppedFromCaller: readonly (string | RegExp)[] = [
  // Credentials: the caller's token is the relay's business only.
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'cookie',
  'proxy-authorization',
  // They name an account at the provider; the relay's key belongs to another.
  'openai-organization',
  'openai-project',
  'x-goog-user-project',
  // On what terms a cloud answers (AWS's and Vertex's tiers, guardrails, sessions) is for whoever pays to say.
  /^x-amz/,
  /^x-vertex-ai-/,
  // Who the caller is and how the request came here is nobody's business upstream.
  /^cf-/,
  /^x-forwarded-/,
  /^x-envoy-/,
  'forwarded',
  'x-real-ip',
  'x-original-forwarded-for',
  'true-client-ip',
  /^(x-|fastly-|fly-)(cluster-)?client-ip$/,
  'via',
  'cdn-loop',
  // They ask servers and proxies for another method, path or host than the relay does.
  /^x-(http-)?method/,
  /^x-(original|rewrite)-/,
  'x-host',
  // A browser's own: providers refuse requests that look like a page's.
  'origin',
  'referer',
  /^sec-/,
  /^access-control-/,
  // Said anew for the next hop.
  'host',
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  'accept-encoding',
  // For the relay itself.
  /^x-relay-/,
  'x-request-id',
];

/** Never sent to a caller. */
const droppedFromUpstream: readonly (string | RegExp)[] = [
  // The operator's account and its limits are not the caller's.
  /^set-cookie/,
  'openai-organization',
  'openai-project',
  'anthropic-organization-id',
  'x-api-key',
  'www-authenticate',
  /^(proxy-)?authenticat/,
  /^x-ratelimit-/,
  /^anthropic-ratelimit-/,
  /^x-ms-/,
  // Which machines the upstream stands behind.
  /^cf-/,
  /^x-envoy-/,
  'server',
  'via',
  'alt-svc',
  'nel',
  'report-to',
  'strict-transport-security',
  'x-powered-by',
  'x-served-by',
  'server-timing',
  'location',
  'content-location',
  // What a browser does with pages of this host, the dashboard's too, is not an upstream's to say.
  'clear-site-data',
  'refresh',
  /^content-security-policy/,
  'reporting-endpoints',
  'service-worker-allowed',
  // The relay answers browsers by its own rules.
  /^access-control-/,
  // Said anew for this hop.
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'upgrade',
  // The relay's own id stands there.
  'x-request-id',
  'request-id',
];

/** Headers for the upstream: the caller's, less what is dropped. Credentials are put in afterwards. */
export function headersForUpstream(fromCaller: Headers, added: Readonly<Record<string, string>>): Headers {
  const headers = passing(fromCaller, droppedFromCaller);
  // The meter reads what passes; the edge compresses for the caller by itself.
  headers.set('accept-encoding', 'identity');
  for (const [name, value] of Object.entries(added)) headers.set(name, value);
  return headers;
}

/** Headers for the caller: the upstream's, less what is dropped. A compressed body has been opened by then. */
export function headersForCaller(fromUpstream: Headers): Headers {
  const headers = passing(fromUpstream, droppedFromUpstream);
  if (headers.has('content-encoding')) {
    headers.delete('content-encoding');
    headers.delete('content-length');
  }
  const id = fromUpstream.get('x-request-id') ?? fromUpstream.get('request-id');
  if (id !== null) headers.set('x-relay-upstream-request-id', id);
  return headers;
}

function passing(from: Headers, dropped: readonly (string | RegExp)[]): Headers {
  const passed = new Headers(from);
  for (const name of from.keys()) if (isDropped(name, dropped)) passed.delete(name);
  return passed;
}

const verdicts = new WeakMap<readonly (string | RegExp)[], Map<string, boolean>>();

/** Names repeat from request to request: each is judged once, up to a bound. */
function isDropped(name: string, dropped: readonly (string | RegExp)[]): boolean {
  const known = verdicts.get(dropped) ?? new Map<string, boolean>();
  verdicts.set(dropped, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const verdict = dropped.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
  if (known.size < 1_000) known.set(name, verdict);
  return verdict;
}

/** The caller's query without its credentials. */
export function searchForUpstream(url: string): string {
  const question = url.indexOf('?');
  if (question < 0) return '';
  const query = new URLSearchParams(url.slice(question));
  query.delete('key');
  query.delete('token');
  query.delete('access_token');
  return query.size === 0 ? '' : `?${query}`;
}

/** Bound of `x-relay-dropped`: proxies refuse larger header sections. The log has all of them. */
export const droppedHeaderBytes = 4_096;

/** Field paths, comma-separated; what does not fit is counted. Paths are ASCII but for the caller's own names. */
export function droppedHeader(paths: readonly string[]): string {
  const written = paths.map((path) => path.replace(/[^\x20-\x7e]|,/g, '?'));
  let header = '';
  for (const [index, path] of written.entries()) {
    const next = header === '' ? path : `${header}, ${path}`;
    if (next.length > droppedHeaderBytes) return `${header}, and ${written.length - index} more`;
    header = next;
  }
  return header;
}
