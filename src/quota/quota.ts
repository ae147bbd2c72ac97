// The port to a token's ledger. Implemented by ledger.ts (the Durable Object), called through client.ts.
import type { ApiFormat } from '../formats/format-id.ts';
import type { LimitsLeft } from '../formats/rate-limit-headers.ts';
import type { RelayErrorCode } from '../lib/relay-error.ts';
import type { LogRow, PendingRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import type { BudgetState } from './budgets.ts';
import type { BackgroundEnding, BackgroundOrder, PolicyQuestion } from './records.ts';

/** A request to admit. */
export interface AdmissionRequest {
  requestId: string;
  /** Version and hash of the identity that the caller resolved. */
  policyVersion: number;
  /** Version of the group that the request was planned by. */
  groupVersion: number;
  hash: string;
  ip: string | null;
  model: string | null;
  /** As in PolicyQuestion. */
  models?: readonly string[];
  nowMs: number;
  /** The upper bound to hold. Null: the model has no price (refused if the token is limited). */
  reserveNanoUsd: number | null;
  /** No channel names the model, only a wildcard matches it, and it has no price: it is probably misspelled. */
  isUnknownModel?: boolean;
  /** What is charged if the request's Worker dies and the request is never settled. */
  inputNanoUsd: number;
  /** Estimated uncached input in tokens, for tpm. */
  tokens: number;
  format: ApiFormat;
  endpoint: string;
  stream: boolean;
  /** Counting tokens or reading lists: allowed without room in the quota. */
  free: boolean;
  /** The caller will try again with settlements that may free room. A refusal for lack of room is not logged. */
  tentative?: boolean;
  /**
   * The open request that contains this one (a realtime session's response). Only that one counts for
   * concurrency.
   */
  within?: string;
}

type LedgerRefusalCode = Extract<
  RelayErrorCode,
  | 'invalid_api_key'
  | 'token_disabled'
  | 'token_expired'
  | 'model_not_allowed'
  | 'ip_not_allowed'
  | 'insufficient_quota'
  | 'rate_limit_exceeded'
  | 'model_price_unset'
  | 'model_not_found'
  | 'service_unavailable'
>;

/** Why a ledger refuses. `message` is for the caller. */
export interface Refusal {
  outcome: 'refused';
  code: LedgerRefusalCode;
  message: string;
  retryAfterMs?: number;
  /** The same request can never succeed: SDKs must not retry. */
  isFinal?: boolean;
  /** The account's budget is what it does not fit. */
  isOfAccount?: boolean;
  left?: LimitsLeft;
}

/** Returns whether pending settlements might free the room that was lacking. */
export function isForLackOfRoom({ code }: Refusal): boolean {
  return code === 'insufficient_quota' || code === 'rate_limit_exceeded';
}

/** The caller's copy of the policy is old: take this one, plan again, and call again. */
export interface Stale {
  outcome: 'stale';
  policy: TokenPolicy;
}

export type Admission = { outcome: 'admitted'; left?: LimitsLeft } | Stale | Refusal;

/** One of several requests that were not decided, because the ledger of its account did not answer, for example. */
export interface AdmissionFailure {
  outcome: 'failed';
  overloaded: boolean;
}

/** The end of a request: its charge and its row. Idempotent by `row.id`. */
export interface Settlement {
  row: LogRow;
  /** Uncached input and output in tokens, for tpm. */
  tokens: number;
}

/** Renews the lease of a running request, and raises its reservation when needed. */
export interface LeaseRenewal {
  requestId: string;
  hash: string;
  model: string | null;
  models?: readonly string[];
  ip: string | null;
  /** What the request holds according to the caller. */
  reservedNanoUsd: number;
  inputNanoUsd: number;
  /** Its cost so far, as far as it is known. */
  runningNanoUsd: number;
  /** Uncached input and output so far, for tpm. Absent: nothing new is known. */
  runningTokens?: number;
  /** The reservation that it wants from now on (equal: only a renewal). It may get less. */
  wantNanoUsd: number;
  nowMs: number;
  format: string;
  endpoint: string;
  stream: boolean;
  startedAtMs: number;
  /** Its caller has left: it no longer counts for concurrency. */
  hasLeft?: boolean;
  /** As in its AdmissionRequest. */
  within?: string;
}

export type RenewalAnswer = { outcome: 'go-on'; reservedNanoUsd: number } | Refusal;

/** Whether a token may be used at all, and its newest policy. */
export type Inspection = { outcome: 'allowed'; policy: TokenPolicy } | Refusal;

/** The numbers of a ledger. */
export interface Balance {
  spentNanoUsd: number;
  reservedNanoUsd: number;
  /** Live reservations. */
  open: number;
  budgetSpentNanoUsd: number;
  /** The token's own budget and an admin's, with what is spent in their current periods. */
  budgets: BudgetState[];
  /** What is not spent, held or not, of its part of the account's budget in a period. Null: it never had one. */
  unspentAllocation: { periodKey: string; nanoUsd: number } | null;
  lastUsedAtMs: number | null;
}

/** A ledger's totals at one moment, to be compared with the log. */
export interface Audit {
  spentNanoUsd: number;
  /** The part that an import brought from elsewhere. It has no rows here. */
  carriedNanoUsd: number;
  /** Settled rows that may not be in D1 yet, the newest revision of each. Null: more than `mostPending`. */
  pending: PendingRow[] | null;
  pendingRows: number;
}

/** The most rows that an audit lists one by one. */
export const mostPending = 5_000;

/**
 * The ledgers of all tokens. Every method throws RelayError `service_unavailable` when the token's ledger cannot
 * be reached: an outage never admits a request, and is never reported as a 401 or a 429.
 */
export interface Ledgers {
  /**
   * Stores a policy. When this resolves, the very next request anywhere is decided by it. Older versions are
   * ignored.
   */
  configure(policy: TokenPolicy): Promise<void>;
  /**
   * Applies what an import brings: the policy and what was spent before. Refuses (false) to lower what is
   * recorded.
   */
  restore(policy: TokenPolicy, spentNanoUsd: number): Promise<boolean>;
  balance(tokenId: string): Promise<Balance>;
  audit(tokenId: string): Promise<Audit>;
  /** Makes the ledger deliver rows that wait, unless D1 has just failed. */
  deliverLog(tokenId: string): Promise<void>;
}

/** A token's ledger over RPC: the methods of the Durable Object, as promises. */
export interface LedgerRpc {
  admit(request: AdmissionRequest, settlements: Settlement[]): Promise<Admission | null>;
  admitAll(requests: AdmissionRequest[]): Promise<(Admission | AdmissionFailure | null)[]>;
  refuse(request: AdmissionRequest, row: LogRow): Promise<Refusal | Stale | null>;
  refuseEarly(request: AdmissionRequest): Promise<Refusal | null>;
  settle(settlements: Settlement[]): Promise<void>;
  renew(renewals: LeaseRenewal[]): Promise<RenewalAnswer[]>;
  trackBackground(renewal: LeaseRenewal, order: BackgroundOrder): Promise<void>;
  endBackground(responseId: string, ending: BackgroundEnding): Promise<void>;
  pollBackground(responseId: string): Promise<void>;
  watch(renewal: LeaseRenewal): Promise<RenewalAnswer>;
  release(requestIds: string[]): Promise<void>;
  inspect(question: PolicyQuestion): Promise<Inspection | null>;
  configure(policy: TokenPolicy): Promise<void>;
  restore(policy: TokenPolicy, spentNanoUsd: number): Promise<boolean>;
  balance(): Promise<Balance>;
  audit(): Promise<Audit>;
  deliverLog(): Promise<void>;
}
