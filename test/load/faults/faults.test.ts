// Money through faults: clients that leave, upstreams that break, tokens that are edited and deleted, and a relay
// that is killed. Short within `npm test`, whole with `npm run test:long`.
import { beforeAll, describe, expect, it } from 'vitest';
import { Findings } from './check.ts';
import { runFaults } from './run.ts';

const isWhole = import.meta.env.MODE === 'long';

/** Another run, or one again that failed: `FAULTS_SEED=…`. */
const seed = Number(process.env.FAULTS_SEED ?? 20_261_124);

const options = isWhole
  ? {
      seed,
      requests: 3_000,
      width: 24,
      killsAt: [0.2, 0.4, 0.6, 0.8],
      editEvery: 40,
      editsFrom: 0,
    }
  : { seed, requests: 320, width: 10, killsAt: [0.25], editEvery: 25, editsFrom: 0.3 };

describe(`${options.requests} requests (seed ${seed}) with everything that can go wrong`, () => {
  let findings: Findings;

  beforeAll(async () => {
    findings = new Findings(await runFaults(options));
    console.table(findings.totals());
  }, 900_000);

  it('were really made, and really went wrong', () => {
    const { seen, killsMs, books, edits } = findings.run;
    expect(seen).toHaveLength(options.requests);
    expect(killsMs).toHaveLength(options.killsAt.length);
    expect(Object.keys(edits).length).toBeGreaterThan(2);
    const answered = seen.filter(({ status }) => status === 200).length;
    expect(answered).toBeGreaterThan(options.requests / 2);
    const estimated = books.log.filter(({ usage_source }) => usage_source === 'estimated').length;
    expect(estimated).toBeGreaterThan(options.requests / 20);
  });

  it('all come to an end', () => {
    expect(findings.hung()).toEqual([]);
  });

  it('leave one sum for each token: ledger, journal, log, roll-ups and the token’s record', () => {
    expect(findings.differencesOfTokens()).toEqual([]);
  });

  it('are charged what the upstream told, where it told something', () => {
    expect(findings.wronglyCharged()).toEqual([]);
    expect(findings.notAtTheUpstreamsFigure()).toEqual([]);
  });

  it('are marked where the figure is an estimate, and estimated only where it has to be', () => {
    expect(findings.wronglyMarked()).toEqual([]);
    expect(findings.wronglyEstimated()).toEqual([]);
  });

  it('leave no reservation behind, and no request settled twice', () => {
    expect(findings.unfinished()).toEqual([]);
    expect(findings.settledTwice()).toEqual([]);
  });

  it('are not forgotten by a kill, unless it came within the first quarter of a second', () => {
    expect(findings.forgotten()).toEqual([]);
    expect(findings.lostWithoutReason()).toEqual([]);
  });

  it('cost something where a client left, and never more than a quota', () => {
    expect(findings.leftForNothing()).toEqual([]);
    expect(findings.overspent()).toEqual([]);
  });
});
