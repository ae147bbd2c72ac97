// Charges of realtime sessions when the client, the upstream or the whole relay is killed. One kill of each relay
// in `npm test`, two or four with `npm run test:long`.
import { beforeAll, describe, expect, it } from 'vitest';
import { nano } from '../../e2e/sockets/scene.ts';
import { isWhole } from '../../support/test-length.ts';
import { liveApi, openaiApi } from './realtime-apis.ts';
import { type RealtimeRow, type RealtimeRun, runRealtimeFaults } from './realtime-run.ts';

/** Repeats a run, or makes another one: `FAULTS_SEED=…`. */
const seed = Number(process.env.FAULTS_SEED ?? 20_261_124);

const spoken = [
  { name: 'OpenAI', api: openaiApi, sessions: 200, width: 20, kills: [100], more: [20, 80, 120, 180] },
  { name: 'Gemini', api: liveApi, sessions: 60, width: 12, kills: [24], more: [12, 36] },
];

/**
 * Runs both APIs concurrently, each with its own relay, since they mostly wait for leases to expire.
 */
let runs: RealtimeRun[];

beforeAll(async () => {
  runs = await Promise.all(
    spoken.map(({ api, sessions, width, kills, more }) =>
      runRealtimeFaults({ api, seed, sessions, width, killsAfter: isWhole ? more : kills }),
    ),
  );
}, 900_000);

describe.each(spoken.map((each, index) => ({ ...each, index })))(
  '$sessions sessions of $name that are broken off at random frames',
  ({ api, sessions, index }) => {
    let run: RealtimeRun;
    let reported: Map<number, RealtimeRow[]>;

    beforeAll(() => {
      run = runs[index] as RealtimeRun;
      reported = Map.groupBy(
        run.rows.filter(({ usage_source }) => usage_source === 'upstream'),
        ({ input_tokens }) => input_tokens,
      );
      const sent = run.lived.flatMap((lived) => lived.sent);
      const received = run.lived.flatMap((lived) => lived.received);
      const estimated = run.rows.filter(({ usage_source }) => usage_source === 'estimated');
      console.table({
        seed,
        sessions: run.lived.length,
        kills: run.kills,
        ...Object.fromEntries(
          [...Map.groupBy(run.lived, ({ fate }) => `fate ${fate}`)].map(([fate, { length }]) => [
            fate,
            length,
          ]),
        ),
        'responses reported by the upstream': sent.length,
        'received by the client': received.length,
        'charged by the upstream’s figure': reported.size,
        'charged by what passed': estimated.length,
        rows: run.rows.length,
      });
    });

    it('breaks off sessions before their end', () => {
      expect(run.lived).toHaveLength(sessions);
      for (const fate of ['nothing', 'client', 'upstream', 'relay'] as const)
        expect(run.lived.filter((lived) => lived.fate === fate).length).toBeGreaterThan(sessions / 14);
      expect(run.kills).toBeGreaterThan(0);
      const killed = run.lived.filter(({ fate }) => fate === 'relay');
      expect(killed.filter(({ received }) => received.length > 0).length).toBeGreaterThan(0);
      expect(killed.filter(({ received, planned }) => received.length < planned).length).toBeGreaterThan(
        killed.length / 4,
      );
      expect(run.lived.flatMap(({ received }) => received).length).toBeGreaterThan((sessions * 3) / 4);
    });

    it('charges every response whose end a client received once, by the upstream’s own figure', () => {
      const wrong = run.lived.flatMap(({ received, tokenId, fate }) =>
        received.flatMap((tokens) => {
          const rows = reported.get(tokens) ?? [];
          const [row] = rows;
          const isRight =
            rows.length === 1 && row?.token_id === tokenId && nano(row.cost_usd) === api.costOf(row);
          return isRight ? [] : [{ fate, tokens, rows }];
        }),
      );
      expect(wrong).toEqual([]);
    });

    it('charges nothing that the upstream did not report, and each report at most once', () => {
      const sent = new Set(run.lived.flatMap((lived) => lived.sent));
      expect([...reported.keys()].filter((tokens) => !sent.has(tokens))).toEqual([]);
      expect([...reported.values()].filter(({ length }) => length > 1)).toEqual([]);
    });

    it('charges a complete session the sum of its reports and nothing else', () => {
      const whole = run.lived.filter(({ fate }) => fate === 'nothing');
      for (const { sent, received } of whole) expect(received).toEqual(sent);
      expect(
        whole.flatMap(({ sent }) => sent).filter((tokens) => reported.get(tokens)?.length !== 1),
      ).toEqual([]);
    });

    it('charges a broken-off session at most one estimate', () => {
      const sessionOf = ({ id }: RealtimeRow) => id.replace(/_\d+$/, '');
      const estimates = Map.groupBy(
        run.rows.filter(({ usage_source, cost_usd }) => usage_source === 'estimated' && nano(cost_usd) > 0),
        sessionOf,
      );
      expect([...estimates.values()].filter(({ length }) => length > 1)).toEqual([]);
      const broken = run.lived.filter(({ fate }) => fate !== 'nothing').length;
      expect(estimates.size).toBeLessThanOrEqual(broken);
      expect(estimates.size).toBeGreaterThan(0);
    });

    it('leaves nothing open in the ledger, whose sum equals that of the log rows', () => {
      for (const [id, { spent_usd, reserved_usd, open_requests }] of run.balances) {
        const rows = run.rows.filter(({ token_id }) => token_id === id);
        const sum = rows.reduce((total, { cost_usd }) => total + nano(cost_usd), 0);
        expect({ reserved_usd, open_requests, spent: nano(spent_usd) }).toEqual({
          reserved_usd: 0,
          open_requests: 0,
          spent: sum,
        });
      }
    });
  },
);
