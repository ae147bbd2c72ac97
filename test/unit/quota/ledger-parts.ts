// Builds policies, requests, and settlements for tests of the ledger's pure parts.
import { blankRow } from '../../../src/metering/log-row.ts';
import type { AdmissionRequest, LeaseRenewal, Settlement } from '../../../src/quota/quota.ts';
import type { Totals } from '../../../src/quota/records.ts';
import { type TokenPolicy, unbounded } from '../../../src/tokens/token.ts';

const hash = 'a'.repeat(64);

/** Tuesday, 2026-11-24, noon UTC. */
export const noonMs = Date.parse('2026-11-24T12:00:00Z');

export const noTotals: Totals = {
  spentNanoUsd: 0,
  budgetStartMs: 0,
  budgetSpentNanoUsd: 0,
  lastUsedAtMs: null,
};

/** Returns the policy of an unlimited token, with the given fields. */
export function policyWith(fields: Partial<TokenPolicy> = {}): TokenPolicy {
  return {
    tokenId: 'tok_1',
    accountId: 'acc_1',
    group: 'default',
    bounds: { ...unbounded, version: 1 },
    version: 1,
    status: 'active',
    hashes: [{ hash, validUntilMs: null }],
    expiresAtMs: null,
    quotaNanoUsd: null,
    budget: null,
    models: [],
    allowedIps: [],
    limits: {},
    ...fields,
  };
}

/** Returns a request that reserves 100 nano-USD, 10 of them for its input. */
export function requestWith(fields: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    requestId: 'req_1',
    policyVersion: 1,
    groupVersion: 1,
    hash,
    ip: null,
    model: 'gpt-4o-mini',
    nowMs: noonMs,
    reserveNanoUsd: 100,
    inputNanoUsd: 10,
    tokens: 5,
    format: 'openai',
    endpoint: 'chat-completions',
    stream: false,
    free: false,
    ...fields,
  };
}

/** Returns the renewal of such a request without a higher amount. */
export function renewalWith(fields: Partial<LeaseRenewal> = {}): LeaseRenewal {
  const { requestId, ip, model, inputNanoUsd, endpoint, stream } = requestWith();
  return {
    requestId,
    hash,
    ip,
    model,
    inputNanoUsd,
    endpoint,
    stream,
    format: 'openai',
    reservedNanoUsd: 100,
    runningNanoUsd: 0,
    wantNanoUsd: 100,
    nowMs: noonMs,
    startedAtMs: noonMs,
    ...fields,
  };
}

/** Returns the settlement of a request at that cost. */
export function settlementOf(requestId: string, costNanoUsd: number | null): Settlement {
  const subject = {
    id: requestId,
    createdAtMs: noonMs,
    tokenId: 'tok_1',
    accountId: 'acc_1',
    format: 'openai',
    endpoint: 'chat-completions',
    requestedModel: 'gpt-4o-mini',
    stream: false,
  };
  return { row: { ...blankRow(subject), status: 200, costNanoUsd }, tokens: 5 };
}
