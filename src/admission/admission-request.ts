// A request as its token's ledger and the log know it, whichever API it came by.
import type { ApiFormat } from '../formats/format-id.ts';
import { blankRow, type LogRow } from '../metering/log-row.ts';
import type { AdmissionRequest } from '../quota/quota.ts';
import type { PolicyQuestion } from '../quota/records.ts';
import type { TokenIdentity } from '../tokens/token.ts';

/** Who sends a request, and to which endpoint. */
export interface Requester {
  requestId: string;
  identity: TokenIdentity;
  ip: string | null;
  format: ApiFormat;
  /** The endpoint's name in the log. */
  endpoint: string;
  startedAtMs: number;
}

/** What is requested. */
export interface Requested {
  /** As the caller names it, an alias too; null if the request names none. */
  model: string | null;
  /** The models that the request may come to, or null if `model` is the only one. Each must be allowed. */
  models: readonly string[] | null;
  stream: boolean;
}

/** The sums of an admission. */
interface RequestedSums {
  /** The upper bound to hold; null when the model has no price. */
  reserveNanoUsd: number | null;
  /** Charged if the request's Worker dies. */
  inputNanoUsd: number;
  /** Estimated uncached input in tokens. */
  tokens: number;
  /** Allowed without room in the quota. */
  free: boolean;
  isUnknownModel?: boolean;
}

/** Returns what a policy is asked about a request. */
export function policyQuestion(
  { identity, ip }: Pick<Requester, 'identity' | 'ip'>,
  { model, models }: Pick<Requested, 'model' | 'models'>,
): PolicyQuestion {
  return { hash: identity.hash, ip, model, ...(models !== null && { models }) };
}

/** Returns what admissions and renewals of a request have in common. */
export function ledgerSubject(requester: Requester, requested: Requested) {
  const { requestId, format, endpoint } = requester;
  const { stream } = requested;
  return { ...policyQuestion(requester, requested), requestId, nowMs: Date.now(), format, endpoint, stream };
}

/** Returns the request for admission that a ledger gets. */
export function admissionRequest(
  requester: Requester,
  requested: Requested,
  sums: RequestedSums,
): AdmissionRequest {
  const { version: policyVersion, bounds } = requester.identity;
  return { ...ledgerSubject(requester, requested), policyVersion, groupVersion: bounds.version, ...sums };
}

/** Sums of a request that holds nothing. */
export const nothingHeld: RequestedSums = { reserveNanoUsd: 0, inputNanoUsd: 0, tokens: 0, free: true };

/** Returns a log row of which only the request is known. */
export function emptyRow(
  requester: Requester,
  { model, stream }: Pick<Requested, 'model' | 'stream'>,
): LogRow {
  const { requestId: id, startedAtMs: createdAtMs, identity, format, endpoint } = requester;
  const { tokenId, accountId } = identity;
  const row = blankRow({
    id,
    createdAtMs,
    tokenId,
    accountId,
    format,
    endpoint,
    requestedModel: model,
    stream,
  });
  return identity.tags === undefined ? row : { ...row, tags: [...identity.tags] };
}
