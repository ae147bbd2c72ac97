// A row of the log before anything is known of its request, and how much of a request's own text a row keeps.
import type { Charge } from './charge.ts';

/** Bounds of the text in a row: what callers and upstreams write must not fill a database that they do not pay for. */
const rowLimits = {
  /** Names of models; a caller's has no more (formats/model-name.ts), an operator's `model_map` neither. */
  modelCharacters: 256,
  /** Codes; an upstream's own error codes are among them. */
  codeCharacters: 128,
  /** The first paths of `dropped` (SPEC section 9), and the length of each. The header names those that fit too. */
  droppedPaths: 100,
  pathCharacters: 200,
  /** The newest attempts, and the text of what went wrong with each. */
  attempts: 100,
  errorCharacters: 500,
  /** The prices behind a charge, as JSON; a longer list is left out, the cost stays. */
  chargeCharacters: 50_000,
} as const;

/** The row with its texts within bounds; the same object where they are. Counts and money are never touched. */
export function boundedRow(row: LogRow): LogRow {
  return {
    ...row,
    requestedModel: cut(row.requestedModel, rowLimits.modelCharacters),
    upstreamModel: cut(row.upstreamModel, rowLimits.modelCharacters),
    errorCode: cut(row.errorCode, rowLimits.codeCharacters),
    attempts: row.attempts
      .slice(-rowLimits.attempts)
      .map((attempt) => ({ ...attempt, error: cut(attempt.error, rowLimits.errorCharacters) })),
    dropped: boundedPaths(row.dropped),
    charge: isLong(row.charge) ? null : row.charge,
  };
}

function boundedPaths(paths: readonly string[]): string[] {
  const shown = paths.slice(0, rowLimits.droppedPaths).map((path) => cut(path, rowLimits.pathCharacters));
  const more = paths.length - shown.length;
  return more === 0 ? shown : [...shown, `… and ${more} more`];
}

function isLong(charge: LogRow['charge']): boolean {
  if (
    charge === null ||
    (charge.items.length <= 50 && (charge.tier?.length ?? 0) <= rowLimits.codeCharacters)
  )
    return false;
  return JSON.stringify(charge).length > rowLimits.chargeCharacters;
}

function cut<Text extends string | null>(text: Text, characters: number): Text {
  return text === null || text.length <= characters ? text : (`${text.slice(0, characters - 1)}…` as Text);
}

/** What is known of a request before anything has come of it. */
export interface RowSubject {
  id: string;
  createdAtMs: number;
  tokenId: string;
  accountId: string;
  format: string;
  endpoint: string;
  requestedModel: string | null;
  stream: boolean;
}

/** A row of which only the request is known: no status, no usage, no charge. */
export function blankRow(subject: RowSubject): LogRow {
  return {
    ...subject,
    upstreamModel: null,
    channelId: null,
    attempts: [],
    status: 0,
    errorCode: null,
    inputTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    usageSource: null,
    costNanoUsd: 0,
    charge: null,
    ttfbMs: null,
    durationMs: null,
    dropped: [],
    count: 1,
    revision: 1,
  };
}

/** One upstream try of a request, for the log. */
export interface Attempt {
  channelId: string;
  keyId: string | null;
  /** The upstream's true status; null when there was no answer. */
  status: number | null;
  error: string | null;
  durationMs: number;
}

/**
 * A row of the request log (SPEC section 8) as it travels: ledger, its journal, then D1. Times in
 * milliseconds, money in nano-USD. No prompt, no answer, no key.
 */
export interface LogRow {
  id: string;
  createdAtMs: number;
  tokenId: string;
  accountId: string;
  format: string;
  endpoint: string;
  requestedModel: string | null;
  upstreamModel: string | null;
  channelId: string | null;
  attempts: Attempt[];
  status: number;
  errorCode: string | null;
  stream: boolean;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  usageSource: 'upstream' | 'estimated' | null;
  /** null: the model had no price. */
  costNanoUsd: number | null;
  /** The prices that made the cost; null: nothing was charged, or not by prices (a lost request's reservation). */
  charge: Charge | null;
  ttfbMs: number | null;
  durationMs: number | null;
  dropped: string[];
  /** How many equal refusals within a minute the row stands for. */
  count: number;
  /** Grows when a true figure replaces an estimate; the higher one wins in D1. */
  revision: number;
}

export interface PendingRow {
  id: string;
  revision: number;
  costNanoUsd: number;
}
