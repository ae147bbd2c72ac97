// The records that the parts of a token's ledger share: what is asked, held, stored and charged. Types only.
import type { OtherModelUsage } from '../formats/observation.ts';
import type { Usage } from '../formats/usage.ts';
import type { LogRow } from '../metering/log-row.ts';
import type { PricedProvider } from '../metering/price.ts';
import type { Rates } from '../metering/rates.ts';
import type { ServiceTerms } from '../metering/service-tier.ts';

/** All that is needed to ask for a response, and to charge it. */
export interface BackgroundOrder {
  /** The row as it is known when the response has begun. */
  row: LogRow;
  /** What the token's policy is asked about it while it runs. */
  question: PolicyQuestion;
  /** The upstream's own id of the response. */
  responseId: string;
  channelId: string;
  keyId: string | null;
  /** What is held; charged when the response cannot be asked for any more. */
  reservedNanoUsd: number;
  /** What the request probably has as input, for an upstream that does not say. */
  typicalInput: Usage | null;
  /** null: the model has no price. */
  rates: Rates | null;
  /** Of the group's price. */
  multiplier: number;
}

/** One response that is waited for, as it is stored. */
export interface TrackedResponse {
  order: BackgroundOrder;
  startedAtMs: number;
  nextAtMs: number;
  pauseMs: number;
  answeredAtMs: number;
  cancelled: boolean;
}

/** What an answer says of a response that is over; plain data, for it travels to the ledger. */
export interface BackgroundEnding {
  status: string;
  error: string | null;
  /** The upstream's figure; null: it gave none. */
  usage: Usage | null;
  /** By what the answer holds, where there is no figure. */
  passed: Usage;
  others: readonly OtherModelUsage[];
  terms: ServiceTerms;
  provider: PricedProvider;
}

/** What a policy is asked about. */
export interface PolicyQuestion {
  hash: string;
  ip: string | null;
  /** null: a request that names no model (lists, stored responses). */
  model: string | null;
  /** The models that it may come to, where those are others than `model` (an alias, fallbacks): each must be allowed. */
  models?: readonly string[];
}

/** The running totals; the last journal row holds the current ones. */
export interface Totals {
  spentNanoUsd: number;
  budgetStartMs: number;
  budgetSpentNanoUsd: number;
  /** The same of an admin's budget. Absent: none was ever charged to. */
  adminBudgetStartMs?: number;
  adminBudgetSpentNanoUsd?: number;
  lastUsedAtMs: number | null;
}

/** One live reservation. */
export interface Hold {
  requestId: string;
  reservedNanoUsd: number;
  /** What is charged when nothing more is heard of the request. */
  inputNanoUsd: number;
  tokens: number;
  startedAtMs: number;
  heldAtMs: number;
  /** null: held until it is settled, however long (a response in the background). */
  expiresAtMs: number | null;
  /** Put back after a reset, and not heard of since. */
  restored?: boolean;
  format: string;
  endpoint: string;
  model: string | null;
  stream: boolean;
  /** Its caller has left: what is held is only to be settled. */
  hasLeft?: boolean;
  /** The open request that this one is a part of. */
  within?: string;
}

/** What may be held without our knowing it, after a reset, and until when. */
export interface UnaccountedHold {
  nanoUsd: number;
  untilMs: number;
}

/** What is stored of a slice. */
export interface StoredAllocation {
  periodKey: string;
  grantedNanoUsd: number;
  /** What the token had spent when the period (or the budget) began. */
  spentBeforeNanoUsd: number;
}
