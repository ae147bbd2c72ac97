// Compares a token's ledger with D1, and repairs D1 on request. The ledger holds the truth about money, because it
// decided each request. D1 follows it, so D1 is corrected.
import { usdFromNano } from '../../lib/money.ts';
import { appendRows } from '../../metering/log.ts';
import { blankRow } from '../../metering/log-row.ts';
import {
  type HourRange,
  type LoggedFigures,
  loggedFigures,
  type RecordedToken,
} from '../../metering/reconcile-log.ts';
import { repairRollUps } from '../../metering/roll-up-log.ts';
import type { Audit } from '../../quota/quota.ts';
import type { ManagementServices } from './services.ts';

/** What was compared. `ledger-log` and `recorded-spend` cover all time, `log-roll-ups` covers the range. */
export const checks = ['ledger-log', 'log-roll-ups', 'log-roll-ups-requests', 'recorded-spend'] as const;

export interface Difference {
  check: (typeof checks)[number];
  /** In nano-USD, or requests. */
  expected: number;
  found: number;
}

/** The result of one token's comparison. */
export interface Comparison {
  token: RecordedToken;
  audit: Audit;
  figures: LoggedFigures;
  differences: Difference[];
  /** Settled during each comparison, or with more pending rows than can be compared. */
  isBusy: boolean;
}

/** Attempts for a token in use: a settlement between the two reads makes them incomparable. */
const tries = 3;

/** Compares one token. Throws RelayError `service_unavailable` when its ledger cannot be reached. */
export async function compareToken(
  { db, ledgers }: ManagementServices,
  token: RecordedToken,
  range: HourRange,
): Promise<Comparison> {
  let audit = await ledgers.audit(token.tokenId);
  for (let round = 1; ; round++) {
    const figures = await loggedFigures(db, token.tokenId, audit.pending ?? [], range);
    const after = await ledgers.audit(token.tokenId);
    const isSteady = after.spentNanoUsd === audit.spentNanoUsd && audit.pending !== null;
    if (isSteady || round === tries) {
      const differences = isSteady ? differencesOf(audit, figures) : [];
      return { token, audit, figures, differences, isBusy: !isSteady };
    }
    audit = after;
  }
}

function differencesOf(audit: Audit, figures: LoggedFigures): Difference[] {
  const { rolledUp, inLog, inRollUps, recordedNanoUsd, missingNanoUsd } = figures;
  const all: Difference[] = [
    {
      check: 'ledger-log',
      expected: audit.spentNanoUsd - audit.carriedNanoUsd,
      found: rolledUp.costNanoUsd + missingNanoUsd,
    },
    { check: 'log-roll-ups', expected: inLog.costNanoUsd, found: inRollUps.costNanoUsd },
    { check: 'log-roll-ups-requests', expected: inLog.requests, found: inRollUps.requests },
  ];
  // The recorded spend is delivered with the rows: while some are pending, it may lag behind.
  if (audit.pendingRows === 0) {
    all.push({ check: 'recorded-spend', expected: audit.spentNanoUsd, found: recordedNanoUsd });
  }
  return all.filter(({ expected, found }) => expected !== found);
}

/**
 * Repairs differences, in D1 only, and compares again. Roll-ups are computed again from the log. What the log
 * still has less (or more) than the ledger becomes a row of its own, `error_code: reconciled`, with that cost.
 * The recorded spend is set to the ledger's figure. A token in use is left for another time.
 */
export async function repairToken(
  services: ManagementServices,
  token: RecordedToken,
  range: HourRange,
): Promise<Comparison> {
  const { db, now } = services;
  const before = await compareToken(services, token, range);
  if (before.isBusy || before.differences.length === 0) return before;
  await repairRollUps(db, token.tokenId, range.fromMs, range.toMs);
  const { audit, differences } = await compareToken(services, token, range);
  const rest = differences.find(({ check }) => check === 'ledger-log');
  const { spentNanoUsd, lastUsedAtMs } = await services.ledgers.balance(token.tokenId);
  const report = { tokenId: token.tokenId, spentNanoUsd, lastUsedAtMs };
  const isSteady = spentNanoUsd === audit.spentNanoUsd;
  const rows = rest === undefined || !isSteady ? [] : [correctionRow(token, audit, rest, now())];
  await appendRows(db, rows, isSteady ? [report] : []);
  return compareToken(services, token, range);
}

/** The id is derived from the correction: written twice, the row exists once. */
function correctionRow(
  { tokenId, accountId }: RecordedToken,
  { spentNanoUsd }: Audit,
  { expected, found }: Difference,
  nowMs: number,
) {
  const subject = {
    id: `reconciled-${tokenId}-${spentNanoUsd}-${found}`,
    createdAtMs: nowMs,
    tokenId,
    accountId,
  };
  const row = {
    ...subject,
    format: 'relay',
    endpoint: '/api/reconciliation',
    requestedModel: null,
    stream: false,
  };
  return { ...blankRow(row), status: 200, errorCode: 'reconciled', count: 0, costNanoUsd: expected - found };
}

/** Returns a difference in the form of the answer. */
export function differenceView({ check, expected, found }: Difference) {
  const isCount = check === 'log-roll-ups-requests';
  const shown = (value: number) => (isCount ? value : usdFromNano(value));
  return {
    check,
    unit: isCount ? ('requests' as const) : ('usd' as const),
    expected: shown(expected),
    found: shown(found),
  };
}
