// A row of the request log, and how much of a request's own text it keeps.
import type { Charge } from './charge.ts';

/** Limits of the text in a row: callers and upstreams must not fill the database. */
export const rowLimits = {
  /** Names of models. A caller's name is never longer (formats/model-name.ts), nor is an operator's `model_map`. */
  modelCharacters: 256,
  /** Codes, including an upstream's own error codes. */
  codeCharacters: 128,
  /** The first paths of `dropped`, and the length of each. The header names those that fit too. */
  droppedPaths: 100,
  pathCharacters: 200,
  /** The newest attempts, and the text of what failed in each. */
  attempts: 100,
  errorCharacters: 500,
  /** Attribution: who used the token, in which conversation, and for what. */
  endUserCharacters: 128,
  sessionCharacters: 128,
  tags: 10,
  tagCharacters: 64,
  /** The prices behind a charge, as JSON. A longer list is left out; the cost stays. */
  chargeCharacters: 50_000,
} as const;

/** Returns the row with its texts within limits, or the same object if they are. Counts and money never change. */
export function boundedRow(row: LogRow): LogRow {
  return {
    ...row,
    requestedModel: cut(row.requestedModel, rowLimits.modelCharacters),
    upstreamModel: cut(row.upstreamModel, rowLimits.modelCharacters),
    servedModel: cut(row.servedModel ?? null, rowLimits.modelCharacters),
    errorCode: cut(row.errorCode, rowLimits.codeCharacters),
    errorMessage: cut(row.errorMessage ?? null, rowLimits.errorCharacters),
    endUser: cut(row.endUser ?? null, rowLimits.endUserCharacters),
    session: cut(row.session ?? null, rowLimits.sessionCharacters),
    tags: row.tags?.slice(0, rowLimits.tags).map((tag) => cut(tag, rowLimits.tagCharacters)) ?? null,
    attempts: row.attempts.slice(-rowLimits.attempts).map(boundedAttempt),
    dropped: boundedPaths(row.dropped),
    charge: isLong(row.charge) ? null : row.charge,
  };
}

function boundedAttempt(attempt: Attempt): Attempt {
  const error = cut(attempt.error, rowLimits.errorCharacters);
  const { message } = attempt;
  return message === undefined
    ? { ...attempt, error }
    : { ...attempt, error, message: cut(message, rowLimits.errorCharacters) };
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

/** What is known about a request at its beginning. */
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

/** Returns a row with only the request: no status, no usage, no charge. */
export function blankRow(subject: RowSubject): LogRow {
  return {
    ...subject,
    upstreamModel: null,
    servedModel: null,
    channelId: null,
    attempts: [],
    status: 0,
    errorCode: null,
    errorClass: null,
    errorMessage: null,
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
    endUser: null,
    session: null,
    tags: null,
    count: 1,
    revision: 1,
  };
}

/** One attempt at an upstream, for the log. */
export interface Attempt {
  channelId: string;
  keyId: string | null;
  /** The upstream's true status. Null: there was no answer. */
  status: number | null;
  error: string | null;
  /** What the upstream said, or why there was no answer, in words. Like a row's `errorMessage`; for admins only. Absent: nothing. */
  message?: string | null;
  durationMs: number;
}

/** Whose fault an error is: the caller's, one of the relay's own limits or states, or the upstream's. */
export const errorClasses = ['caller', 'relay', 'upstream'] as const;

export type ErrorClass = (typeof errorClasses)[number];

/**
 * A row of the request log as it travels: ledger, its journal, then D1. Times in milliseconds, money in
 * nano-USD. Holds no prompt, answer, or key. Rows in journals from before 2026-12 lack the optional fields: absent
 * means null.
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
  /** The model that answered, by its catalog name. Null: the requested one, or none answered. */
  servedModel?: string | null;
  /** The upstream answered with another known model that nobody had named. Not stored: it raises an alert. */
  isSubstituted?: boolean;
  channelId: string | null;
  attempts: Attempt[];
  status: number;
  errorCode: string | null;
  /** Null: no error, or its class is not known. */
  errorClass?: ErrorClass | null;
  /** Why it failed, in words. Holds no key, address, or text of the request. */
  errorMessage?: string | null;
  stream: boolean;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  usageSource: 'upstream' | 'estimated' | null;
  /** Null: the model had no price. */
  costNanoUsd: number | null;
  /** The prices that made the cost. Null: nothing was charged, or not by prices (a lost request's reservation). */
  charge: Charge | null;
  ttfbMs: number | null;
  durationMs: number | null;
  dropped: string[];
  /** The person or system behind the token that the caller named. */
  endUser?: string | null;
  /** The conversation that the request belongs to. */
  session?: string | null;
  /** `key=value`. Null: none. */
  tags?: string[] | null;
  /** How many equal refusals within a minute the row stands for. */
  count: number;
  /** Grows when a true figure replaces an estimate. The higher one wins in D1. */
  revision: number;
}

export interface PendingRow {
  id: string;
  createdAtMs: number;
  revision: number;
  costNanoUsd: number;
}
