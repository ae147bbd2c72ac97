// What a request asks its token's ledger for, and what comes of a refusal: an error, and a row of the log.
import type { ApiFormat } from '../formats/format-id.ts';
import { rateLimitHeaders } from '../formats/rate-limit-headers.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LogRow } from '../metering/log-row.ts';
import { blankRow } from '../metering/log-row.ts';
import type { AdmissionAsk, Refusal } from '../quota/quota.ts';
import type { Call } from './call.ts';
import type { Plan } from './plan/plan.ts';

/** What the ledger decides about, of a planned request. */
export function subjectOf(call: Call, plan: Plan) {
  return {
    requestId: call.requestId,
    hash: call.identity.hash,
    ip: call.ip,
    model: plan.model,
    ...(plan.models !== null && { models: plan.models }),
    nowMs: Date.now(),
    inputNanoUsd: plan.isFree ? 0 : (plan.bound?.inputNanoUsd ?? 0),
    format: call.endpoint.format.api,
    endpoint: call.endpoint.path,
    stream: plan.facts.stream,
  };
}

/** What a planned request asks its ledger for. */
export function admissionRequestFor(call: Call, plan: Plan): AdmissionAsk {
  const free = plan.isFree;
  return {
    ...subjectOf(call, plan),
    policyVersion: call.identity.version,
    groupVersion: call.identity.bounds.version,
    reserveNanoUsd: free ? 0 : (plan.bound?.reserveNanoUsd ?? null),
    tokens: free ? 0 : plan.freshTokens,
    free,
  };
}

/** A row of which only the request is known yet. */
export function emptyRow(call: Call, requestedModel: string | null, stream: boolean): LogRow {
  const { requestId: id, startedAtMs: createdAtMs, identity, endpoint } = call;
  const { tokenId, accountId } = identity;
  const {
    format: { api: format },
    path,
  } = endpoint;
  return blankRow({ id, createdAtMs, tokenId, accountId, format, endpoint: path, requestedModel, stream });
}

/** A ledger's refusal as an error; with what is left of its limits in the format of `door`. */
export function errorOf(
  { code, message, retryAfterMs, isFinal, left }: Refusal,
  door?: ApiFormat,
): RelayError {
  const headers = left && door && rateLimitHeaders(door, left, Date.now());
  return new RelayError(code, message, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isFinal !== undefined && { isFinal }),
    ...(headers !== undefined && { headers }),
  });
}

/** What is asked while only the head of a request is known: nothing is held for it. */
export function admissionWithoutBody(call: Call, model: string | null) {
  return {
    requestId: call.requestId,
    policyVersion: call.identity.version,
    groupVersion: call.identity.bounds.version,
    hash: call.identity.hash,
    ip: call.ip,
    model,
    reserveNanoUsd: 0,
    inputNanoUsd: 0,
    tokens: 0,
    format: call.endpoint.format.api,
    endpoint: call.endpoint.path,
    stream: false,
    free: true,
  };
}
