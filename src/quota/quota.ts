// The port to a token's ledger: what is asked of it and what it answers. Implemented by ledger.ts (the
// Durable Object); called through client.ts.
import type { ApiFormat } from '../formats/format-id.ts';
import type { LimitsLeft } from '../formats/rate-limit-headers.ts';
import type { RelayErrorCode } from '../lib/relay-error.ts';
import type { LogRow, PendingRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import type { BackgroundEnding, BackgroundOrder, PolicyQuestion } from './records.ts';

/** What a request wants to be admitted for. */
export interface AdmissionAsk {
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
  /** The upper bound to hold; null when the model has no price (refused if the token is limited). */
  reserveNanoUsd: number | null;
  /** What is charged if the request's Worker dies and nothing more is heard. */
  inputNanoUsd: number;
  /** Estimated uncached input in tokens, for tpm. */
  tokens: number;
  format: ApiFormat;
  endpoint: string;
  stream: boolean;
  /** Counting tokens, reading lists: allowed without room in the quota. */
  free: boolean;
  /** Refused for want of room, the caller asks again with settlements that make some: such a refusal has no row. */
  tentative?: boolean;
  /** The open request that this one is a part of (a realtime session's response): concurrency counts that one only. */
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
  | 'service_unavailable'
>;

/** Why a ledger says no. `message` is for the caller. */
export interface Refusal {
  outcome: 'refused';
  code: LedgerRefusalCode;
  message: string;
  retryAfterMs?: number;
  /** The same request can never succeed: SDKs must not retry. */
  isFinal?: boolean;
  left?: LimitsLeft;
}

/** Whether settlements that are on their way might make the room that was wanting. */
export function isForWantOfRoom({ code }: Refusal): boolean {
  return code === 'insufficient_quota' || code === 'rate_limit_exceeded';
}

/** The caller's copy of the policy is old: read it from here, compute anew, ask again. */
export interface Stale {
  outcome: 'stale';
  policy: TokenPolicy;
}

export type Admission = { outcome: 'admitted'; left?: LimitsLeft } | Stale | Refusal;

/** The end of a request: its charge and its row. Idempotent by `row.id`. */
export interface Settlement {
  row: LogRow;
  /** Uncached input and output in tokens, for tpm. */
  tokens: number;
}

/** A sign of life of a running request: renews its lease, and asks for more when it needs it. */
export interface Look {
  requestId: string;
  hash: string;
  model: string | null;
  models?: readonly string[];
  ip: string | null;
  /** What the request holds by its own account. */
  reservedNanoUsd: number;
  inputNanoUsd: number;
  /** What it has cost so far, as far as is known. */
  runningNanoUsd: number;
  /** Uncached input and output so far, for tpm. Absent: nothing new is known. */
  runningTokens?: number;
  /** What it would like to hold from now on (equal: only a sign of life). It may get less. */
  wantNanoUsd: number;
  nowMs: number;
  format: string;
  endpoint: string;
  stream: boolean;
  startedAtMs: number;
  /** Its caller has left: it counts for no limit of concurrency any more. */
  hasLeft?: boolean;
  /** As in its AdmissionAsk. */
  within?: string;
}

export type LookAnswer = { outcome: 'go-on'; reservedNanoUsd: number } | Refusal;

/** Whether a token may be used at all, and its newest policy. */
export type Inspection = { outcome: 'allowed'; policy: TokenPolicy } | Refusal;

/** The numbers of a ledger. */
export interface Balance {
  spentNanoUsd: number;
  reservedNanoUsd: number;
  /** Live reservations. */
  open: number;
  budgetSpentNanoUsd: number;
  lastUsedAtMs: number | null;
}

/** A ledger's books at one moment, to be compared with the log (dashboard/api/reconcile.ts). */
export interface Audit {
  spentNanoUsd: number;
  /** Of that, what an import carried over from elsewhere: it has no rows here. */
  carriedNanoUsd: number;
  /** Settled rows that may not be in D1 yet, the newest revision of each; null: more than `mostPending`. */
  pending: PendingRow[] | null;
  pendingRows: number;
}

/** Rows that an audit names one by one. */
export const mostPending = 5_000;

/**
 * The ledgers of all tokens. Every method throws RelayError `service_unavailable` when the token's ledger
 * cannot be reached: never an open door, never a 401 or a 429.
 */
export interface Ledgers {
  /** Write a policy through: when this resolves, the very next request anywhere is decided by it. Older versions are ignored. */
  configure(policy: TokenPolicy): Promise<void>;
  /** What an import carries over: the policy and what was spent before. Refuses (false) to lower what is recorded. */
  restore(policy: TokenPolicy, spentNanoUsd: number): Promise<boolean>;
  balance(tokenId: string): Promise<Balance>;
  audit(tokenId: string): Promise<Audit>;
}

/** A token's ledger as it is called over RPC: the methods of the Durable Object, as promises. */
export interface LedgerRpc {
  admit(ask: AdmissionAsk, settlements: Settlement[]): Promise<Admission | null>;
  refuse(ask: AdmissionAsk, row: LogRow): Promise<Refusal | Stale | null>;
  refuseEarly(ask: AdmissionAsk): Promise<Refusal | null>;
  settle(settlements: Settlement[]): Promise<void>;
  look(looks: Look[]): Promise<LookAnswer[]>;
  waitFor(look: Look, order: BackgroundOrder): Promise<void>;
  endBackground(responseId: string, ending: BackgroundEnding): Promise<void>;
  pollBackground(responseId: string): Promise<void>;
  watch(look: Look): Promise<LookAnswer>;
  release(requestIds: string[]): Promise<void>;
  inspect(question: PolicyQuestion): Promise<Inspection | null>;
  configure(policy: TokenPolicy): Promise<void>;
  restore(policy: TokenPolicy, spentNanoUsd: number): Promise<boolean>;
  balance(): Promise<Balance>;
  audit(): Promise<Audit>;
}
