// What every route does: names the request, finds out who calls, answers errors in the format of its API, and sets the
// headers that every response has.
import type { Context } from 'hono';
import type { Env } from '../env.ts';
import { errorBody, errorHeaders, errorStatus } from '../formats/api-errors.ts';
import type { ApiFormat } from '../formats/format-id.ts';
import type { Endpoint } from '../formats/registry.ts';
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import { newRequestId } from '../metering/request-id.ts';
import type { Call, RelayServices } from '../relay/call.ts';
import { relay } from '../relay/relay.ts';
import { tokenPrefix } from '../tokens/secret.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import { type CredentialReader, readCredential } from './credentials.ts';

/** The environment of a route's context. */
export interface RouteEnv {
  Bindings: Env;
}

/** Returns the services of a request's environment. */
export type ServicesOf = (env: Env) => RelayServices;

/** The context of a request at a route. */
export type RouteContext = Context<RouteEnv>;

/** A caller whose token is known. */
export interface Caller {
  secret: string;
  identity: TokenIdentity;
  ip: string | null;
}

/**
 * Runs a route's work. Errors are answered in the route's format and link to the documentation at the request's
 * address; every response has the request's id.
 */
export async function withErrorHandling(
  api: ApiFormat,
  request: Request,
  work: (requestId: string) => Promise<Response>,
): Promise<Response> {
  const requestId = newRequestId();
  const response = await work(requestId).catch((thrown) => respondError(api, thrown, requestId, request.url));
  response.headers.set('x-request-id', requestId);
  if (api === 'anthropic') response.headers.set('request-id', requestId);
  return response;
}

/** Returns who calls. Throws RelayError `invalid_api_key`, which says what is wrong with the credential. */
export async function authenticate(
  request: Request,
  reader: CredentialReader,
  services: RelayServices,
): Promise<Caller> {
  return authenticated(credentialOf(request, reader), request, services);
}

/** Returns the credential of a request. Throws RelayError `invalid_api_key` if there is none. */
export function credentialOf({ headers, url }: Request, reader: CredentialReader): string {
  const credential = readCredential(reader, headers, url);
  if (credential.outcome === 'missing') throw new RelayError('invalid_api_key', credential.message);
  return credential.secret;
}

/** Returns whose token a secret is. Throws RelayError `invalid_api_key`. */
export async function authenticated(
  secret: string,
  { headers }: Request,
  { resolver }: RelayServices,
): Promise<Caller> {
  const resolution = await resolver.resolve(secret, Date.now());
  switch (resolution.outcome) {
    case 'malformed':
      throw new RelayError('invalid_api_key', malformedMessage(secret));
    case 'expired': {
      const at = new Date(resolution.atMs).toISOString();
      throw new RelayError('token_expired', `This key of the playground expired at ${at}. Reload the page.`);
    }
    case 'unknown':
      throw new RelayError(
        'invalid_api_key',
        'This API key does not exist or was deleted. Make a new one in the dashboard.',
      );
    case 'known':
      return {
        secret,
        identity: resolution.identity,
        ip: headers.get('cf-connecting-ip'),
      };
  }
}

/** How keys of other products begin, the longest first. */
const foreignKeys: readonly (readonly [prefix: string, owner: string])[] = [
  ['sk-ant-', 'Anthropic'],
  ['sk-or-', 'OpenRouter'],
  ['sk-proj-', 'OpenAI'],
  ['sk-svcacct-', 'OpenAI'],
  ['sk-admin-', 'OpenAI'],
  ['AIza', 'Google'],
  ['gsk_', 'Groq'],
  ['xai-', 'xAI'],
  ['pplx-', 'Perplexity'],
];

/** Says what is wrong with a credential that no token can be. Never repeats it. */
function malformedMessage(secret: string): string {
  if (secret.startsWith(tokenPrefix))
    return 'The API key is malformed: its checksum is wrong. Copy it again, whole.';
  const owner = foreignKeys.find(([prefix]) => secret.startsWith(prefix))?.[1];
  const what =
    owner === undefined
      ? 'This is not an API key of this relay'
      : `This is a key of ${owner}, not of this relay`;
  return `${what}: keys of this relay begin with \`${tokenPrefix}\`. Create one in the dashboard.`;
}

/** What the path says about a call. */
interface PathFacts {
  pathModel?: string;
  suffix?: string;
}

/** Handles an endpoint that relays. */
export function relayRoute(
  context: RouteContext,
  services: RelayServices,
  endpoint: Endpoint,
  path: PathFacts = {},
): Promise<Response> {
  const { api } = endpoint.format;
  return withErrorHandling(api, context.req.raw, async (requestId) => {
    const startedAtMs = Date.now();
    const caller = await authenticate(context.req.raw, api, services);
    const call: Call = {
      ...caller,
      requestId,
      endpoint,
      formats: services.formats,
      request: context.req.raw,
      pathModel: path.pathModel ?? null,
      suffix: path.suffix ?? '',
      startedAtMs,
      background: (work) => context.executionCtx.waitUntil(work),
    };
    return relay(call, services);
  });
}

/** Returns the response for anything thrown in a route. Anything but a RelayError is logged and answered as an internal error. */
function respondError(api: ApiFormat, thrown: unknown, requestId: string, url: string): Response {
  const error = thrown instanceof RelayError ? thrown : internal(thrown, requestId);
  return Response.json(errorBody(api, error, requestId, new URL(url).origin), {
    status: errorStatus(api, error.code),
    headers: errorHeaders(error),
  });
}

function internal(cause: unknown, requestId: string): RelayError {
  const stack = cause instanceof Error ? cause.stack : String(cause);
  logError('internal-error', { requestId, stack });
  return new RelayError('internal_error', `The relay failed at this request. Its id is ${requestId}.`, {
    cause,
  });
}
