// OpenAI's two endpoints for ephemeral secrets, answered by the relay itself.
// https://platform.openai.com/docs/api-reference/realtime-sessions (2026-11)
import { isObject, objectAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import {
  type MintedSecret,
  mintSecret,
  type SecretRequest,
  secretSeconds,
} from '../../realtime/client-secrets.ts';
import { realtimeLimits } from '../../realtime/limits.ts';
import { realtimePath } from '../../realtime/order.ts';
import { contentEncodingOf, decodeWithin } from '../../relay/request/decoded-body.ts';
import { bytesWithin } from '../../relay/request/read-body.ts';
import { authenticate, type RouteContext, withErrorHandling } from '../relay-route.ts';
import type { RealtimeRouteServices } from './open-session.ts';

/** How an endpoint reads its body and writes its answer. */
interface SecretEndpoint {
  name: string;
  read(body: JsonObject): SecretRequest;
  write(minted: MintedSecret): object;
}

const { usual, usualOfSessions } = realtimeLimits.secretSeconds;

/** `POST /v1/realtime/client_secrets`: the settings are in `session`. */
export const clientSecrets: SecretEndpoint = {
  name: 'client_secrets',
  read: (body) => ({ session: objectAt(body, 'session') ?? {}, seconds: secretSeconds(body, usual) }),
  write: ({ value, expiresAt, session }) => ({ value, expires_at: expiresAt, session }),
};

/** `POST /v1/realtime/sessions`: the settings are the body. */
export const sessions: SecretEndpoint = {
  name: 'sessions',
  read: ({ client_secret: secret, ...session }) => {
    const lifetime = isObject(secret) ? secret : session;
    return { session, seconds: secretSeconds(lifetime, usualOfSessions) };
  },
  write: ({ value, expiresAt, session }) => ({ ...session, client_secret: { value, expires_at: expiresAt } }),
};

/** Answers a request for a secret. */
export function answerWithSecret(
  context: RouteContext,
  services: RealtimeRouteServices,
  { name, read, write }: SecretEndpoint,
): Promise<Response> {
  return withErrorHandling('openai', context.req.raw, async (requestId) => {
    const startedAtMs = Date.now();
    const request = context.req.raw;
    const { identity, ip } = await authenticate(request, 'openai', services);
    const endpoint = `${realtimePath}/${name}`;
    const requester = { requestId, identity, ip, format: 'openai', endpoint, startedAtMs } as const;
    let body: Promise<JsonObject> | null = null;
    const readOnce = async () => {
      body ??= bodyOf(request);
      return read(await body);
    };
    const background = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
    return Response.json(write(await mintSecret(requester, readOnce, services, background)));
  });
}

/** The largest body of such a request. */
const bodyBytes = 256 * 1024;

async function bodyOf(request: Request): Promise<JsonObject> {
  const encoding = contentEncodingOf(request.headers);
  const given = request.body === null ? new ArrayBuffer(0) : await bytesWithin(request.body, bodyBytes);
  const isEncoded = given !== null && encoding !== null;
  const bytes = isEncoded ? decodeWithin(new Uint8Array(given), encoding, bodyBytes) : given;
  if (bytes === null) throw new RelayError('request_too_large', `The body may have ${bodyBytes} bytes.`);
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isObject(body)) return body;
  } catch {
    // Refused below.
  }
  throw new RelayError('invalid_request', 'The request body is not a JSON object.');
}
