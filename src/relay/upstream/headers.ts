// Which headers go on, each way. To the upstream an allowlist per provider (providers/request-allowlist.ts); to the caller
// all but what is listed here, with reasons.
import { isEncoded } from '../../lib/decoded-response.ts';
import { allowedHeaders, type HeaderPolicy, withForwarded } from '../../providers/request-allowlist.ts';

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
  // Infrastructure of the upstream.
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
  // An upstream must not decide what a browser does with pages of this host, the dashboard included.
  'clear-site-data',
  'refresh',
  /^content-security-policy/,
  'reporting-endpoints',
  'service-worker-allowed',
  // The relay answers browsers by its own rules.
  /^access-control-/,
  // Set for this hop.
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'upgrade',
  // The relay's own id is used.
  'x-request-id',
  'request-id',
];

/** The part of a channel that decides its requests' headers. */
interface ChannelHeaders extends HeaderPolicy {
  headers: Readonly<Record<string, string>>;
}

/**
 * Builds the headers for an upstream: the caller's allowed ones, then the channel's own. A translated request takes only what
 * the channel forwards: beta headers and telemetry are meant for the provider of the caller's format. Credentials are
 * put in afterwards.
 */
export function headersForUpstream(
  fromCaller: Headers,
  channel: ChannelHeaders,
  isTranslated = false,
): Headers {
  const headers = isTranslated
    ? withForwarded(new Headers({ accept: 'application/json' }), fromCaller, channel.settings)
    : allowedHeaders(fromCaller, channel);
  // The meter reads what passes; the edge compresses for the caller.
  headers.set('accept-encoding', 'identity');
  for (const [name, value] of Object.entries(channel.headers)) headers.set(name, value);
  return headers;
}

/** Returns the upstream's headers without those that are dropped. A compressed body is decoded by then, or keeps its header. */
export function headersForCaller(fromUpstream: Headers): Headers {
  const headers = passing(fromUpstream, droppedFromUpstream);
  if (headers.has('content-encoding') && !isEncoded(headers)) {
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

/** Bound of `x-relay-dropped`: proxies refuse larger header sections. The log has all of them. */
const droppedHeaderBytes = 4_096;

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
