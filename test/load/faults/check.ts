// What must hold of the stored state after a run. Each check returns the requests that break it.
import type { LogRow } from '../../../src/metering/log-row.ts';
import type { Seen } from './client.ts';
import { costOf } from './kinds.ts';
import type { Run } from './run.ts';
import type { LoggedRow } from './stored-state.ts';

/** A settlement that was sent so shortly before a kill may not have been acknowledged. */
const unacknowledgedMs = 700;

/**
 * A hold that is older than this when its ledger is killed has been persisted (after 250 ms, or later on a busy
 * machine).
 */
const writtenMs = 1_000;

const endedByRelay: ReadonlySet<string> = new Set([
  'invalid_api_key',
  'token_disabled',
  'insufficient_quota',
]);

/** The stored state, indexed for lookups. */
export class Findings {
  readonly run: Run;
  private readonly rows: Map<string, LoggedRow>;
  /** The newest revision of each request in each ledger's journal. */
  private readonly settled = new Map<string, LogRow>();

  constructor(run: Run) {
    this.run = run;
    this.rows = new Map(run.stored.log.map((row) => [row.id, row]));
    for (const { journal } of run.stored.ledgers.values())
      for (const row of journal)
        if ((this.settled.get(row.id)?.revision ?? 0) < row.revision) this.settled.set(row.id, row);
  }

  /** Returns tokens whose ledger, journal, log, roll-ups and record do not have the same sum. */
  differencesOfTokens(): unknown[] {
    const { ledgers, log, reported, rolledUp } = this.run.stored;
    return [...ledgers.values()].flatMap((ledger) => {
      const { tokenId } = ledger;
      const last = new Map(ledger.journal.map((row) => [row.id, row.costNanoUsd ?? 0]));
      const sums = {
        ledger: ledger.totals.spentNanoUsd,
        journal: sum([...last.values()]),
        log: sum(log.filter(({ token_id }) => token_id === tokenId).map((row) => row.cost_nano_usd ?? 0)),
        record: reported.get(tokenId) ?? 0,
        rollUps: rolledUp.get(tokenId) ?? 0,
      };
      return new Set(Object.values(sums)).size === 1 ? [] : [{ tokenId, ...sums }];
    });
  }

  /** Returns requests that a journal settles twice, except where an actual figure replaced an estimate. */
  settledTwice(): string[] {
    const all = [...this.run.stored.ledgers.values()].flatMap(({ journal }) => journal);
    const twice = all.filter((row, at) => {
      const before = all.slice(0, at).findLast(({ id }) => id === row.id);
      return (
        before !== undefined && (before.errorCode !== 'worker_lost' || row.revision !== before.revision + 1)
      );
    });
    return twice.map(({ id }) => id);
  }

  /** Returns requests whose response never ended. */
  hung(): unknown[] {
    return this.run.seen
      .filter(({ hung }) => hung)
      .map((seen) => ({
        ...describe(seen),
        row: this.rowOf(seen),
        served: this.run.served.get(seen.request.index),
      }));
  }

  unfinished(): unknown[] {
    return [...this.run.stored.ledgers.values()]
      .filter(({ holds, background }) => holds + background > 0)
      .map(({ tokenId, holds, background }) => ({ tokenId, holds, background }));
  }

  /** Returns rows with the upstream's figure whose cost the upstream never reported. */
  wronglyCharged(): unknown[] {
    return this.run.stored.log
      .filter(({ usage_source }) => usage_source === 'upstream')
      .flatMap((row) => {
        const reported = this.run.served.get(row.input_tokens - 60)?.reportedNanoUsd ?? [];
        return reported.includes(row.cost_nano_usd ?? -1) ? [] : [{ ...row, reported: reported.slice(-3) }];
      });
  }

  /**
   * Returns complete responses with usage, to clients that stayed, that were not charged at the last reported
   * figure.
   */
  notAtTheUpstreamsFigure(): unknown[] {
    return this.run.seen
      .filter((seen) => this.wasServedWhole(seen) && !this.isNearKill(seen))
      .flatMap((seen) => {
        const row = this.rowOf(seen);
        const { request } = seen;
        // The relay ended it: its token was deleted, disabled or rotated, or its quota was spent.
        if (endedByRelay.has(row?.error_code ?? '')) return [];
        const isRight = row?.usage_source === 'upstream' && row.cost_nano_usd === costOf(request.counts);
        return isRight ? [] : [{ ...describe(seen), row }];
      });
  }

  /** Returns requests that received a head and have no row, though their hold must have been persisted. */
  forgotten(): unknown[] {
    return this.run.seen
      .filter((seen) => seen.status === 200 && this.rowOf(seen) === undefined && !this.isYoungAtKill(seen))
      .map(describe);
  }

  /**
   * Counts the requests that a kill made the ledger lose; none may be older than the interval at which holds are
   * persisted.
   */
  get forgottenYoung(): number {
    return this.run.seen.filter((seen) => seen.status === 200 && this.rowOf(seen) === undefined).length;
  }

  /** Returns estimated rows of requests without a reason for an estimate. */
  wronglyEstimated(): unknown[] {
    const reasons = new Set(['client-leaves', 'client-leaves-before-head', 'reset', 'truncated', 'no-usage']);
    return this.run.seen.flatMap((seen) => {
      const row = this.rowOf(seen);
      if (row?.usage_source !== 'estimated') return [];
      const has = reasons.has(seen.request.fault.what) || seen.left || this.isNearKill(seen) || !seen.ended;
      return has || row.error_code !== null ? [] : [{ ...describe(seen), row }];
    });
  }

  /** Returns charged rows without a usage source, and refused or failed ones with a charge. */
  wronglyMarked(): unknown[] {
    return this.run.stored.log.filter(({ usage_source, cost_nano_usd, status, error_code }) => {
      if (usage_source === null) return cost_nano_usd !== 0;
      return error_code !== 'worker_lost' && status !== 200 && status !== 499;
    });
  }

  /** Returns streams that the client left after the head and that cost nothing. */
  leftForNothing(): unknown[] {
    return this.run.seen
      .filter((seen) => seen.left && seen.status === 200 && !this.isNearKill(seen))
      .filter((seen) => (this.rowOf(seen)?.cost_nano_usd ?? 0) === 0)
      .map(describe);
  }

  /** Returns the ledger's own settlements that no kill explains. */
  lostWithoutReason(): unknown[] {
    const nearKill = (row: LogRow) =>
      this.run.killsMs.some((ms) => row.createdAtMs < ms + 500 && row.createdAtMs > ms - 60_000);
    return [...this.settled.values()].filter((row) => row.errorCode === 'worker_lost' && !nearKill(row));
  }

  overspent(): unknown[] {
    return [...this.run.quotasNanoUsd].flatMap(([tokenId, quota]) => {
      const spent = this.run.stored.ledgers.get(tokenId)?.totals.spentNanoUsd ?? 0;
      return spent > quota ? [{ tokenId, spent, quota }] : [];
    });
  }

  totals(): Record<string, unknown> {
    const { seen, stored, killsMs, edits, served } = this.run;
    const { log, ledgers } = stored;
    const rowsWhere = (test: (row: LoggedRow) => boolean) => log.filter(test).length;
    return {
      'requests sent': seen.length,
      'answered 200': seen.filter(({ status }) => status === 200).length,
      'whole, client stayed': seen.filter((one) => this.wasServedWhole(one)).length,
      'client left': seen.filter(({ left }) => left).length,
      'killed during the request': seen.filter((one) => this.isNearKill(one)).length,
      kills: killsMs.length,
      ...edits,
      tokens: ledgers.size,
      'log rows': log.length,
      'rows with the upstream’s figure': rowsWhere((row) => row.usage_source === 'upstream'),
      'rows estimated': rowsWhere((row) => row.usage_source === 'estimated'),
      'of these settled by the ledger itself': rowsWhere((row) => row.error_code === 'worker_lost'),
      'forgotten, younger than 250 ms when killed': this.forgottenYoung,
      'ledgers, nano-USD': sum([...ledgers.values()].map(({ totals }) => totals.spentNanoUsd)),
      'log, nano-USD': sum(log.map((row) => row.cost_nano_usd ?? 0)),
      'of which the upstream’s figure': sum(
        log.filter((row) => row.usage_source === 'upstream').map((row) => row.cost_nano_usd ?? 0),
      ),
      'of which estimated': sum(
        log.filter((row) => row.usage_source === 'estimated').map((row) => row.cost_nano_usd ?? 0),
      ),
      'upstream reported in all': sum(
        [...served.values()].map(({ reportedNanoUsd }) => reportedNanoUsd.at(-1) ?? 0),
      ),
    };
  }

  private rowOf({ requestId }: Seen): LoggedRow | undefined {
    return requestId === null ? undefined : this.rows.get(requestId);
  }

  private wasServedWhole({ request, status, ended, left }: Seen): boolean {
    const { what } = request.fault;
    const served = this.run.served.get(request.index);
    const hasUsage = what === 'none' || what === 'slow-head';
    return hasUsage && status === 200 && ended && !left && served?.finished === true;
  }

  private isNearKill({ startedAtMs, endedAtMs }: Seen): boolean {
    return this.run.killsMs.some((ms) => startedAtMs <= ms + 500 && endedAtMs >= ms - unacknowledgedMs);
  }

  private isYoungAtKill(seen: Seen): boolean {
    return (
      this.isNearKill(seen) && this.run.killsMs.some((ms) => Math.abs(ms - seen.startedAtMs) < writtenMs)
    );
  }
}

const sum = (figures: number[]) => figures.reduce((total, figure) => total + figure, 0);

function describe({ request, status, requestId, ended, left, startedAtMs, endedAtMs }: Seen) {
  const { index, kind, fault, counts } = request;
  const ms = endedAtMs - startedAtMs;
  return {
    index,
    kind: kind.name,
    fault,
    expected: costOf(counts),
    status,
    requestId,
    ended,
    left,
    startedAtMs,
    ms,
  };
}
