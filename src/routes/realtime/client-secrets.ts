// Minting of ephemeral secrets: OpenAI's two endpoints for it, answered by the relay itself.
// https://platform.openai.com/docs/api-reference/realtime-sessions (2026-11)
import { isObject, objectAt, textAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { blankRow } from '../../metering/log-row.ts';
import type { EphemeralGrant } from '../../realtime/ephemeral.ts';
import { realtimeLimits } from '../../realtime/limits.ts';
import { transcriptionModelIn } from '../../realtime/openai/models.ts';
import { questionOf, realtimePath, type SessionOrder } from '../../realtime/order.ts';
import { modelsToAllow } from '../../realtime/routes.ts';
import { errorOf } from '../../relay/admission-request.ts';
import { contentEncodingOf, decodeWithin } from '../../relay/request/decoded-body.ts';
import { bytesWithin } from '../../relay/request/read-body.ts';
import { identityOf } from '../../tokens/resolve.ts';
import { atDoor, authenticate, type DoorContext } from '../relay-route.ts';
import { type RealtimeDoorServices, servedWishes } from './open-session.ts';
import { logRefusal } from './refusal.ts';

/** `POST /v1/realtime/client_secrets`: the settings are in `session`. */
export function mintSecret(context: DoorContext, services: RealtimeDoorServices): Promise<Response> {
  return mint(
    context,
    services,
    'client_secrets',
    (body) => {
      const session = objectAt(body, 'session') ?? {};
      return { session, seconds: secondsOf(body, realtimeLimits.secretSeconds.usual) };
    },
    ({ value, expiresAt, session }) => ({ value, expires_at: expiresAt, session }),
  );
}

/** `POST /v1/realtime/sessions`: the settings are the body. */
export function mintSession(context: DoorContext, services: RealtimeDoorServices): Promise<Response> {
  return mint(
    context,
    services,
    'sessions',
    (body) => {
      const { client_secret: asked, ...session } = body;
      const lifetime = isObject(asked) ? asked : body;
      return { session, seconds: secondsOf(lifetime, realtimeLimits.secretSeconds.usualOfSessions) };
    },
    ({ value, expiresAt, session }) => ({ ...session, client_secret: { value, expires_at: expiresAt } }),
  );
}

interface Wish {
  session: JsonObject;
  seconds: number;
}

interface Minted {
  value: string;
  /** Seconds since 1970. */
  expiresAt: number;
  session: object;
}

function mint(
  context: DoorContext,
  services: RealtimeDoorServices,
  name: string,
  read: (body: JsonObject) => Wish,
  write: (minted: Minted) => object,
): Promise<Response> {
  return atDoor('openai', async (requestId) => {
    const startedAtMs = Date.now();
    const { identity, ip } = await authenticate(context.req.raw, 'openai', services);
    const background = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
    const endpoint = `${realtimePath}/${name}`;
    const order: SessionOrder = {
      requestId,
      format: 'openai',
      endpoint,
      identity,
      ip,
      model: null,
      fallback: [],
      startedAtMs,
      headers: {},
      protocol: null,
      intent: 'conversation',
      bound: null,
    };
    let body: ReturnType<typeof bodyOf> | undefined;
    const { wish, grant, models } = await logRefusal(order, services, endpoint, async () => {
      body ??= bodyOf(context.req.raw);
      const wish = read(await body);
      const grant = grantOf(wish, identity, startedAtMs);
      order.model = grant.model;
      if (grant.model === null) return { wish, grant, models: null };
      const wishes = await servedWishes(order, grant.model, services, background);
      return { wish, grant, models: [...(modelsToAllow(wishes) ?? [grant.model]), ...transcriberOf(grant)] };
    });
    await countAsRequest(order, models, services, background);
    const value = await services.ephemeral.mint({ ...grant, identity: order.identity });
    const session = sessionView(wish.session, grant.model);
    return Response.json(write({ value, expiresAt: Math.floor(grant.expiresAtMs / 1_000), session }));
  });
}

/** A secret is made only for whom the ledger admits; making it is free, and has its row. */
async function countAsRequest(
  order: SessionOrder,
  models: readonly string[] | null,
  { ledgers }: RealtimeDoorServices,
  background: (work: Promise<unknown>) => void,
): Promise<void> {
  const { requestId, model, endpoint, startedAtMs } = order;
  const { tokenId, accountId, hash } = order.identity;
  const kind = { format: 'openai' as const, endpoint, stream: false, free: true };
  const ask = () => ({
    ...questionOf(order, model, models),
    ...kind,
    requestId,
    policyVersion: order.identity.version,
    groupVersion: order.identity.bounds.version,
    nowMs: startedAtMs,
    reserveNanoUsd: 0,
    inputNanoUsd: 0,
    tokens: 0,
  });
  let admission = await ledgers.admit(tokenId, ask(), background);
  if (admission.outcome === 'stale') {
    order.identity = identityOf(admission.policy, hash);
    admission = await ledgers.admit(tokenId, ask(), background);
  }
  if (admission.outcome === 'refused') throw errorOf(admission, 'openai');
  if (admission.outcome === 'stale')
    throw new RelayError('service_unavailable', 'This API key is being edited. Try again.', {
      retryAfterMs: 1_000,
    });
  const subject = { id: requestId, createdAtMs: startedAtMs, tokenId, accountId, requestedModel: model };
  const row = { ...blankRow({ ...subject, ...kind }), status: 200, durationMs: Date.now() - startedAtMs };
  background(ledgers.settle(tokenId, { row, tokens: 0 }));
}

/** A body beyond this is no session's. */
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
    // Told below.
  }
  throw new RelayError('invalid_request', 'The request body is not a JSON object.');
}

function grantOf(
  { session, seconds }: Wish,
  identity: EphemeralGrant['identity'],
  nowMs: number,
): EphemeralGrant {
  const { model: _, ...settings } = session;
  const expiresAtMs = nowMs + seconds * 1_000;
  if (session.type === 'transcription') {
    const model = transcriptionModelIn(session) ?? null;
    return { identity, model, intent: 'transcription', settings, expiresAtMs };
  }
  const model = textAt(session, 'model');
  if (model === undefined)
    throw new RelayError('invalid_request', 'The field `session.model` is missing.', {
      param: 'session.model',
    });
  return { identity, model, intent: 'conversation', settings, expiresAtMs };
}

/** What a conversation is written down by besides must be allowed too. */
function transcriberOf({ intent, settings }: EphemeralGrant): string[] {
  const model = intent === 'conversation' ? transcriptionModelIn(settings) : undefined;
  return model === undefined ? [] : [model];
}

function secondsOf(lifetime: JsonObject, usual: number): number {
  const { least, most } = realtimeLimits.secretSeconds;
  const asked = lifetime.expires_after ?? {};
  const seconds = isObject(asked) ? (asked.seconds ?? usual) : null;
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= least && seconds <= most)
    return seconds;
  const message = `\`expires_after.seconds\` must be an integer from ${least} to ${most}.`;
  throw new RelayError('invalid_request', message, { param: 'expires_after.seconds' });
}

function sessionView(session: JsonObject, model: string | null): object {
  const object = session.type === 'transcription' ? 'realtime.transcription_session' : 'realtime.session';
  const id = `sess_${crypto.randomUUID().replaceAll('-', '')}`;
  return {
    id,
    object,
    expires_at: 0,
    ...session,
    ...(model !== null && object === 'realtime.session' && { model }),
  };
}
