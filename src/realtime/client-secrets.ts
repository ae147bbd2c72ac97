// Makes ephemeral secrets: reads the session's settings, checks them against the token, and encrypts them.
import { admissionRequest, emptyRow, nothingHeld, type Requester } from '../admission/admission-request.ts';
import { admit, orLogRefusal } from '../admission/admit.ts';
import { toLedger } from '../admission/reservation.ts';
import { isObject, textAt } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import type { EphemeralGrant, EphemeralSecrets } from './ephemeral.ts';
import { realtimeLimits } from './limits.ts';
import { transcriptionModelIn } from './openai/models.ts';
import { modelsToAllow, sessionCandidates, sessionRoutes } from './routes.ts';
import { requestedBefore, type SessionAdmissionServices } from './session-admission.ts';

/** A request for a secret. */
export interface SecretRequest {
  /** The settings of the session. */
  session: JsonObject;
  /** How long the secret lives. */
  seconds: number;
}

export interface MintedSecret {
  value: string;
  /** Seconds since 1970. */
  expiresAt: number;
  session: object;
}

interface SecretServices extends SessionAdmissionServices {
  ledgers: Pick<LedgerClient, 'admit' | 'refuse' | 'settle'>;
  ephemeral: EphemeralSecrets;
}

type Background = (work: Promise<unknown>) => void;

/** The content of a secret without its identity. */
type Grant = Omit<EphemeralGrant, 'identity'>;

interface PlannedSecret {
  identity: TokenIdentity;
  models: readonly string[] | null;
}

/** Makes a secret. Making it is free, and has its log row. Throws RelayError: a refusal, which is logged. */
export async function mintSecret(
  requester: Requester,
  read: () => Promise<SecretRequest>,
  services: SecretServices,
  background: Background,
): Promise<MintedSecret> {
  const { ledgers, ephemeral } = services;
  const { request, grant, identity } = await orLogRefusal(
    {
      requester,
      run: async (identity) => {
        const request = await read();
        return { request, grant: grantOf(request, requester.startedAtMs), identity };
      },
      requested: () => ({ model: null, models: null, stream: true }),
    },
    ledgers,
  );
  const { model, expiresAtMs } = grant;
  const plan = (identity: TokenIdentity) => planFor({ ...requester, identity }, grant, services, background);
  const requestFor = ({ identity, models }: PlannedSecret) =>
    admissionRequest({ ...requester, identity }, { model, models, stream: false }, nothingHeld);
  const { format } = requester;
  const { planned } = await admit(
    { identity, plan, requestFor, format },
    { ledgers, caller: { background } },
  );
  const durationMs = Date.now() - requester.startedAtMs;
  const row = { ...emptyRow(requester, { model, stream: false }), status: 200, durationMs };
  toLedger(ledgers, identity.tokenId, background)({ row, tokens: 0 });
  const value = await ephemeral.mint({ ...grant, identity: planned.identity });
  const session = sessionView(request.session, model);
  return { value, expiresAt: Math.floor(expiresAtMs / 1_000), session };
}

/** Returns the models that the session may come to. Throws RelayError `model_not_found`, which is logged. */
function planFor(
  requester: Requester,
  grant: Grant,
  { ledgers, catalog: loader }: SecretServices,
  background: Background,
): Promise<PlannedSecret> {
  const { model } = grant;
  const run = async (identity: TokenIdentity) => {
    if (model === null) return { identity, models: null };
    const catalog = await loader.current(Date.now(), background);
    const candidates = sessionCandidates(model, [], catalog);
    sessionRoutes(catalog, candidates, 'openai', identity);
    return { identity, models: [...(modelsToAllow(candidates) ?? [model]), ...transcriberOf(grant)] };
  };
  const requested = () => requestedBefore({ model, fallback: [] }, loader);
  return orLogRefusal({ requester, run, requested }, ledgers);
}

function grantOf({ session, seconds }: SecretRequest, nowMs: number): Grant {
  const { model: _, ...settings } = session;
  const expiresAtMs = nowMs + seconds * 1_000;
  if (session.type === 'transcription') {
    const model = transcriptionModelIn(session) ?? null;
    return { model, intent: 'transcription', settings, expiresAtMs };
  }
  const model = textAt(session, 'model');
  if (model === undefined)
    throw new RelayError('invalid_request', 'The field `session.model` is missing.', {
      param: 'session.model',
    });
  return { model, intent: 'conversation', settings, expiresAtMs };
}

/** The model that transcribes a conversation must be allowed too. */
function transcriberOf({ intent, settings }: Grant): string[] {
  const model = intent === 'conversation' ? transcriptionModelIn(settings) : undefined;
  return model === undefined ? [] : [model];
}

/** Reads `expires_after` in seconds. Throws RelayError `invalid_request`. */
export function secretSeconds(lifetime: JsonObject, usual: number): number {
  const { least, most } = realtimeLimits.secretSeconds;
  const given = lifetime.expires_after ?? {};
  const seconds = isObject(given) ? (given.seconds ?? usual) : null;
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
