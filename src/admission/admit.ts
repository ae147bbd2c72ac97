// Admission of a request at its token's ledger. The ledger holds the newest policy: what was planned with an older copy is planned again.
import { errorStatus } from '../formats/api-errors.ts';
import type { LimitsLeft } from '../formats/rate-limit-headers.ts';
import { RelayError } from '../lib/relay-error.ts';
import { classOfRelayError } from '../metering/error-class.ts';
import { errorMessage, type MessageContext } from '../metering/error-message.ts';
import type { LogRow } from '../metering/log-row.ts';
import type { AdmissionCaller } from '../quota/admission-groups.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { AdmissionRequest } from '../quota/quota.ts';
import { identityOf } from '../tokens/resolve.ts';
import type { TokenIdentity, TokenPolicy } from '../tokens/token.ts';
import {
  admissionRequest,
  emptyRow,
  nothingHeld,
  type Requested,
  type Requester,
} from './admission-request.ts';
import { refusalError } from './refusal-error.ts';

/** Renews an identity by the policy that a ledger showed. */
type RenewIdentity = (policy: TokenPolicy, identity: TokenIdentity) => TokenIdentity;

/** Renews an identity and remembers it nowhere. */
const renewedIdentity: RenewIdentity = (policy, { hash }) => identityOf(policy, hash);

/** A request that wants to be admitted. */
interface Applicant<Planned extends { identity: TokenIdentity }> {
  identity: TokenIdentity;
  /** Plans the request for an identity. The plan says by which identity it was made: that may be a newer one. */
  plan(identity: TokenIdentity): Promise<Planned>;
  requestFor(planned: Planned): AdmissionRequest;
  /** The API whose headers a refusal has; absent inside a session. */
  format?: Requester['format'];
  renew?: RenewIdentity;
}

interface AdmissionServices {
  ledgers: Pick<LedgerClient, 'admit'>;
  /** The invocation of the request. */
  caller: AdmissionCaller;
}

/** How often a request is planned because its token was edited meanwhile. */
const plansPerRequest = 3;

/** Admits a request. Throws RelayError: the ledger's refusal, or what `plan` throws. */
export async function admit<Planned extends { identity: TokenIdentity }>(
  { identity: first, plan, requestFor, format, renew = renewedIdentity }: Applicant<Planned>,
  { ledgers, caller }: AdmissionServices,
): Promise<{ planned: Planned; left: LimitsLeft | null }> {
  let identity = first;
  for (let tries = 0; tries < plansPerRequest; tries++) {
    const planned = await plan(identity);
    identity = planned.identity;
    const admission = await ledgers.admit(identity.tokenId, requestFor(planned), caller);
    if (admission.outcome === 'admitted') return { planned, left: admission.left ?? null };
    if (admission.outcome === 'refused') throw refusalError(admission, format);
    identity = renew(admission.policy, identity);
  }
  throw new RelayError('service_unavailable', 'This API key is being edited. Try again.', {
    retryAfterMs: 1_000,
  });
}

/** A step before admission that may refuse the request. */
interface RefusableStep<T> {
  requester: Requester;
  /** Runs the step for an identity. Only a RelayError is a refusal. */
  run(identity: TokenIdentity): Promise<T>;
  /** What is known to be requested, for the ledger and the row. */
  requested(): Promise<Requested> | Requested;
  /** Returns what the request says, so that the row of a refusal does not repeat it. */
  request?(): MessageContext['request'];
  /** Returns for whom and for what the request is, for the row. */
  attribution?(): Partial<LogRow>;
  /** The step reads what cannot be read twice: it does not run again when the token's policy has changed. */
  runsOnce?: boolean;
  renew?: RenewIdentity;
}

/** A refusal that the ledger has decided and logged already. */
export class LoggedRefusal extends RelayError {}

/**
 * Runs a step and logs its refusal. The ledger decides first: a deleted token is a 401, whatever else is wrong. A step that refused by an
 * old copy of the policy runs again with the newest. Throws the ledger's refusal if it has one, else the step's.
 */
export async function orLogRefusal<T>(
  step: RefusableStep<T>,
  ledgers: Pick<LedgerClient, 'refuse'>,
): Promise<T> {
  const { requester, runsOnce = false, renew = renewedIdentity } = step;
  const { identity, format } = requester;
  try {
    return await step.run(identity);
  } catch (error) {
    if (!(error instanceof RelayError) || error instanceof LoggedRefusal) throw error;
    if (error.code === 'service_unavailable') throw error;
    const requested = await step.requested();
    const row = {
      ...emptyRow(requester, requested),
      ...step.attribution?.(),
      status: errorStatus(format, error.code),
      errorCode: error.code,
      errorClass: classOfRelayError(error),
      errorMessage: errorMessage(error.message, { request: step.request?.(), models: [requested.model] }),
    };
    const request = admissionRequest(requester, requested, nothingHeld);
    // No version is newer than this one.
    if (runsOnce) request.policyVersion = Number.MAX_SAFE_INTEGER;
    const decided = await ledgers.refuse(identity.tokenId, request, row);
    if (decided?.outcome === 'refused') throw refusalError(decided, format);
    if (decided === null) throw error;
    const renewed = { ...requester, identity: renew(decided.policy, identity) };
    return orLogRefusal({ ...step, requester: renewed }, ledgers);
  }
}
