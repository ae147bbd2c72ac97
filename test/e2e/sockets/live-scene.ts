// Starts a relay with an imitation of the Live API, and reads the charges of its sessions.
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type LiveClient, liveChannel } from '../../support/live.ts';
import {
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
  type UpstreamSession,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, nano, type Row, rowsOf, sleep } from './scene.ts';

/** An upstream that only completes the setup; the rest belongs to the test. */
const settingUp: Script = {
  event: (session, message) => {
    if ('setup' in message) session.sayBinary({ setupComplete: {} });
  },
};

/** Returns the rows with a usage, without the session's own. */
export function chargedRows(rows: readonly Row[]): Row[] {
  return rows.filter(({ usage_source }) => usage_source !== null);
}

/** What the tests of a file share. `script` belongs to the upstream, and is `settingUp` at the start of each test. */
export class LiveScene {
  relay!: TestRelay;
  upstream!: RealtimeUpstream;
  script: Script = settingUp;

  /** Starts both before the tests of the file, and stops them afterwards. */
  constructor() {
    beforeAll(() => this.start());
    beforeEach(() => {
      this.script = settingUp;
    });
    afterAll(async () => {
      await this.relay?.stop();
      await this.upstream?.stop();
    });
  }

  private async start(): Promise<void> {
    [this.relay, this.upstream] = await Promise.all([
      startRelay(),
      startRealtimeUpstream({ event: (session, event) => this.script.event?.(session, event) }),
    ]);
    await this.relay.channel(liveChannel(this.upstream));
  }

  last(): UpstreamSession {
    return this.upstream.sessions.at(-1) as UpstreamSession;
  }

  /** Closes the session, and returns the charged rows once the ledger holds nothing. */
  async closed(client: LiveClient, id: string, rows: number): Promise<Row[]> {
    client.socket.close(1000);
    await client.closed;
    return this.settled(id, rows);
  }

  async settled(id: string, rows: number): Promise<Row[]> {
    const all = await rowsOf(this.relay, id, rows);
    await sleep(200);
    const balance = await balanceOf(this.relay, id);
    expect(balance).toMatchObject({ open_requests: 0, reserved_usd: 0 });
    const sum = all.reduce((total, { cost_usd }) => total + nano(cost_usd), 0);
    expect(nano(balance.spent_usd)).toBe(sum);
    expect(all).toHaveLength(rows);
    return chargedRows(all);
  }
}
