// Records that the parts of a token's ledger share. Types only.
import type { OtherModelUsage } from '../formats/observation.ts';
import type { Usage } from '../formats/usage.ts';
import type { LogRow } from '../metering/log-row.ts';
import type { PricedProvider } from '../metering/price.ts';
import type { Rates } from '../metering/rates.ts';
import type { ServiceTerms } from '../metering/service-tier.ts';

/** Everything that is needed to poll a background response and to charge it. */
export interface BackgroundOrder {
  /** The log row as it is known when the response has begun. */
  row: LogRow;
  /** What the token's policy must allow while the response runs. */
  question: PolicyQuestion;
  /** The upstream's own id of the response. */
  responseId: string;
  channelId: string;
  keyId: string | null;
  /** The reservation. Charged when the response can no longer be polled. */
  reservedNanoUsd: number;
  /** The expected input usage, for an upstream that does not report it. */
  typicalInput: Usage | null;
  /** Null: the model has no price. */
  rates: Rates | null;
  /** The group's price multiplier. */
  multiplier: number;
}

/** A tracked background response, as it is stored. */
export interface TrackedResponse {
  order: BackgroundOrder;
  startedAtMs: number;
  nextAtMs: number;
  pauseMs: number;
  answeredAtMs: number;
  cancelled: boolean;
}

/** What an answer says about a response that has ended. Plain data, because it travels to the ledger. */
export interface BackgroundEnding {
  status: string;
  error: string | null;
  /** The upstream's figure, or null if it sent none. */
  usage: Usage | null;
  /** The usage estimated from the answer, where there is no figure. */
  passed: Usage;
  others: readonly OtherModelUsage[];
  terms: ServiceTerms;
  provider: PricedProvider;
}

/** What a policy is asked to allow. */
export interface PolicyQuestion {
  hash: string;
  ip: string | null;
  /** Null: the request names no model (lists, stored responses). */
  model: string | null;
  /** All models that the request may use, if they differ from `model` (an alias, fallbacks). Each must be allowed. */
  models?: readonly string[];
}

/** The running totals. The last journal row holds the current ones. */
export interface Totals {
  spentNanoUsd: number;
  budgetStartMs: number;
  budgetSpentNanoUsd: number;
  /** The same for an admin's budget. Absent: nothing was ever charged to one. */
  adminBudgetStartMs?: number;
  adminBudgetSpentNanoUsd?: number;
  lastUsedAtMs: number | null;
}

/** One live reservation. */
export interface Hold {
  requestId: string;
  reservedNanoUsd: number;
  /** What is charged if the request is never settled. */
  inputNanoUsd: number;
  tokens: number;
  startedAtMs: number;
  heldAtMs: number;
  /** Null: held until it is settled, however long that takes (a background response). */
  expiresAtMs: number | null;
  /** Restored after a reset and not renewed since. */
  restored?: boolean;
  format: string;
  endpoint: string;
  model: string | null;
  stream: boolean;
  /** Its caller has left: the hold only waits for its settlement. */
  hasLeft?: boolean;
  /** The open request that contains this one. */
  within?: string;
}

/** An amount that may be held without a known request, after a reset, and until when. */
export interface UnaccountedHold {
  nanoUsd: number;
  untilMs: number;
}

/** An allocation as it is stored. */
export interface StoredAllocation {
  periodKey: string;
  grantedNanoUsd: number;
  /** What the token had spent when the period (or the budget) began. */
  spentBeforeNanoUsd: number;
}

/** The alerts that a ledger has reported as open. */
export interface ReportedAlerts {
  isLow: boolean;
  isStalled: boolean;
}
