// Realtime sessions that end in every way: the client, the upstream or the whole relay fails. Each response uses a
// unique number of input tokens, so every charge identifies its response.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { balanceOf, sleep } from '../../e2e/sockets/scene.ts';
import { seededNumbers } from '../../support/fixtures.ts';
import { startRealtimeUpstream } from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import type { Caller, RealtimeApi } from './realtime-apis.ts';

export interface RealtimeRunOptions {
  api: RealtimeApi;
  seed: number;
  sessions: number;
  /** Concurrent sessions. */
  width: number;
  /** The relay is killed after so many sessions, while sessions are open. */
  killsAfter: readonly number[];
}

type Fate = 'nothing' | 'client' | 'upstream' | 'relay';

/** One session, as both its ends saw it. */
interface SessionRecord {
  fate: Fate;
  tokenId: string;
  /** The number of responses that it was planned to have. */
  planned: number;
  /** Input tokens of the responses that the upstream has reported. */
  sent: number[];
  /** Input tokens of the responses whose end the client has received. */
  received: number[];
}

export interface RealtimeRow {
  id: string;
  token_id: string;
  usage_source: 'upstream' | 'estimated' | null;
  error_code: string | null;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
}

export interface RealtimeRun {
  lived: SessionRecord[];
  rows: RealtimeRow[];
  balances: Map<string, { spent_usd: number; reserved_usd: number; open_requests: number }>;
  kills: number;
}

/** The longest wait for leases and for the delivery of rows to D1. */
const settlingMs = 120_000;

export async function runRealtimeFaults(options: RealtimeRunOptions): Promise<RealtimeRun> {
  const state = mkdtempSync(join(tmpdir(), 'relay-realtime-faults-'));
  const random = seededNumbers(options.seed);
  let uses = 1_000;
  const bySession = new Map<string, SessionRecord & { diesAfter: number; frames: number }>();
  const { api } = options;
  const upstream = await startRealtimeUpstream({
    opened: (session) => api.opened(session),
    event: async (session, event) => {
      if (!api.requestsResponse(session, event)) return;
      const lived = bySession.get(api.nameOf(session));
      if (lived === undefined) return;
      uses += 1;
      for (const frame of api.answer(uses)) {
        lived.frames += 1;
        if (lived.fate === 'upstream' && lived.frames > lived.diesAfter) return session.socket.terminate();
        const reported = api.reportIn(frame);
        if (reported !== null) lived.sent.push(reported);
        api.say(session, frame);
        await sleep(2);
      }
    },
  });
  let relay = await startRelay({}, state);
  try {
    await relay.channel(api.channel(upstream));
    const tokens = await Promise.all(
      [{}, { quota_usd: 50 }, { quota_usd: 5 }].map((fields) => relay.token(fields)),
    );
    const lived: SessionRecord[] = [];
    let kills = 0;
    for (let from = 0; from < options.sessions; from += options.width) {
      const isKilled = options.killsAfter.includes(from);
      const batch = Array.from({ length: Math.min(options.width, options.sessions - from) }, (_, index) => {
        const token = tokens[Math.floor(random() * tokens.length)] ?? tokens[0];
        const fate: Fate = isKilled
          ? 'relay'
          : ((['nothing', 'client', 'upstream'] as const)[Math.floor(random() * 3)] ?? 'nothing');
        const responses = 1 + Math.floor(random() * 4);
        const one = {
          fate,
          planned: responses,
          tokenId: token?.id ?? '',
          sent: [],
          received: [],
          diesAfter: Math.floor(random() * 18),
          frames: 0,
        };
        const name = `s${from + index}`;
        bySession.set(name, one);
        return { name, one, token: token?.token ?? '', responses };
      });
      const running = batch.map(({ name, one, token, responses }) =>
        runSession(api, relay, name, token, one, responses),
      );
      if (isKilled) {
        // Sessions are open at this time, and some responses have ended.
        const enough = 2 + Math.floor(random() * 20);
        while (batch.reduce((sum, { one }) => sum + one.received.length, 0) < enough) await sleep(1);
        await relay.kill();
        kills += 1;
      }
      await Promise.all(running);
      if (isKilled) relay = await startRelay({}, state);
      lived.push(...batch.map(({ one }) => one));
    }
    const ids = tokens.map(({ id }) => id);
    const balances = await settledBalances(relay, ids);
    const { data } = await allRows(relay);
    return { lived, rows: data, balances, kills };
  } finally {
    await relay.kill();
    await upstream.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

/** Runs one session from its opening to its end. */
async function runSession(
  api: RealtimeApi,
  relay: TestRelay,
  name: string,
  token: string,
  one: SessionRecord & { diesAfter: number },
  responses: number,
): Promise<void> {
  let caller: Caller;
  try {
    caller = await api.open(relay.url, token, name);
  } catch {
    return;
  }
  let frames = 0;
  caller.socket.on('message', (data) => {
    frames += 1;
    if (one.fate === 'client' && frames > one.diesAfter) return caller.socket.terminate();
    const reported = api.reportIn(JSON.parse(String(data)));
    if (reported !== null) one.received.push(reported);
  });
  try {
    await caller.hold(responses);
  } catch {
    caller.socket.terminate();
  }
  await caller.closed;
}

/** Returns the state as soon as nothing is open, else as it is after `settlingMs`. */
async function settledBalances(relay: TestRelay, ids: readonly string[]): Promise<RealtimeRun['balances']> {
  const deadlineMs = Date.now() + settlingMs;
  for (;;) {
    const entries = await Promise.all(ids.map(async (id) => [id, await balanceOf(relay, id)] as const));
    const isSettled = entries.every(
      ([, { open_requests, reserved_usd }]) => open_requests === 0 && reserved_usd === 0,
    );
    if (!isSettled && Date.now() < deadlineMs) {
      await sleep(1_000);
      continue;
    }
    // A killed session is settled by its ledger's alarm; the rows follow a second later.
    await sleep(15_000);
    return new Map(await Promise.all(ids.map(async (id) => [id, await balanceOf(relay, id)] as const)));
  }
}

async function allRows(relay: TestRelay): Promise<{ data: RealtimeRow[] }> {
  const data: RealtimeRow[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { data: RealtimeRow[]; next_cursor: string | null } = await relay.manage(
      'GET',
      `/api/logs?limit=200${query}`,
    );
    data.push(...page.data);
    cursor = page.next_cursor;
  }
  return { data };
}
