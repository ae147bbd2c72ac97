// Charges under faults: clients that leave, upstreams that fail, tokens that are edited and deleted, and a relay
// that is killed. Short in `npm test`, complete with `npm run test:long`.
import { beforeAll, describe, expect, it } from 'vitest';
import { isWhole } from '../../support/test-length.ts';
import { Findings } from './check.ts';
import { runFaults } from './run.ts';

/** Repeats a run, or makes another one: `FAULTS_SEED=…`. */
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

describe(`${options.requests} requests (seed ${seed}) with every kind of fault`, () => {
  let findings: Findings;

  beforeAll(async () => {
    findings = new Findings(await runFaults(options));
    console.table(findings.totals());
  }, 900_000);

  it('sends requests of every kind and meets every fault', () => {
    const { seen, killsMs, stored, edits } = findings.run;
    expect(seen).toHaveLength(options.requests);
    expect(killsMs).toHaveLength(options.killsAt.length);
    expect(Object.keys(edits).length).toBeGreaterThan(2);
    const answered = seen.filter(({ status }) => status === 200).length;
    expect(answered).toBeGreaterThan(options.requests / 2);
    const estimated = stored.log.filter(({ usage_source }) => usage_source === 'estimated').length;
    expect(estimated).toBeGreaterThan(options.requests / 20);
  });

  it('ends every request', () => {
    expect(findings.hung()).toEqual([]);
  });

  it('agrees on one sum for each token in ledger, journal, log, roll-ups and the token’s record', () => {
    expect(findings.differencesOfTokens()).toEqual([]);
  });

  it('charges what the upstream reported, where it reported usage', () => {
    expect(findings.wronglyCharged()).toEqual([]);
    expect(findings.notAtTheUpstreamsFigure()).toEqual([]);
  });

  it('marks estimated charges, and estimates only where no usage was reported', () => {
    expect(findings.wronglyMarked()).toEqual([]);
    expect(findings.wronglyEstimated()).toEqual([]);
  });

  it('leaves no reservation open and settles no request twice', () => {
    expect(findings.unfinished()).toEqual([]);
    expect(findings.settledTwice()).toEqual([]);
  });

  it('loses no request to a kill, except within its first quarter of a second', () => {
    expect(findings.forgotten()).toEqual([]);
    expect(findings.lostWithoutReason()).toEqual([]);
  });

  it('charges for requests that clients left, and never more than a quota', () => {
    expect(findings.leftForNothing()).toEqual([]);
    expect(findings.overspent()).toEqual([]);
  });
});
