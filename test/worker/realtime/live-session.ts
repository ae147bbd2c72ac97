// A realtime session with the runtime's real sockets at both ends, an upstream that the test controls, and a
// ledger that admits everything: for tests of time limits.

import type { LogRow } from '../../../src/metering/log-row.ts';
import { LiveSession } from '../../../src/realtime/live-session.ts';
import type { SessionOrder } from '../../../src/realtime/order.ts';
import { realtimePath } from '../../../src/realtime/order.ts';
import { Catalog } from '../../../src/routing/catalog.ts';
import { KeyRing } from '../../../src/routing/key-ring.ts';
import { SharedHealth } from '../../../src/routing/shared-health.ts';
import { plainChannel } from '../../support/plain-channel.ts';

export const models = { openai: 'gpt-realtime', gemini: 'gemini-live-2.5-flash-preview' } as const;

/** One end of a socket, with what it received. */
interface End {
  socket: WebSocket;
  received: string[];
  closed: { code: number; reason: string } | null;
}

export interface Staged {
  client: End;
  /** The upstream's end; null before it was opened. */
  upstream(): End | null;
  rows: LogRow[];
  /** Background work of the session that failed. */
  failures: unknown[];
}

/** Opens a session. `model` is the name in the caller's URL; null means that the first frame names it. */
export async function stageSession(format: 'openai' | 'gemini', model: string | null): Promise<Staged> {
  const rows: LogRow[] = [];
  const failures: unknown[] = [];
  let upstream: End | null = null;
  const background = (work: Promise<unknown>) =>
    void work.catch((error) => {
      failures.push(error);
    });
  const own = { provider: format, models: [models[format]], plainKeys: ['k'], lastResort: false };
  const channel = { ...plainChannel('ch_1'), ...own };
  const catalog = new Catalog({ channels: [channel], groups: [], overrides: [], aliases: [] });
  const session = new LiveSession(orderOf(format, model), {
    ledgers: admittingLedger() as never,
    catalog: { current: async () => catalog },
    keys: new KeyRing([] as never),
    health: new SharedHealth({ exchange: async () => ({}) }),
    settlements: {
      add: ({ row }: { row: LogRow }) => rows.push(row),
      addFree: ({ row }: { row: LogRow }) => rows.push(row),
      clear: async () => undefined,
    } as never,
    open: async () => {
      const { 0: far, 1: near } = new WebSocketPair();
      upstream = endOf(near);
      return new Response(null, { status: 101, webSocket: far });
    },
    background,
  });
  const { webSocket } = await session.open();
  if (webSocket === null) throw new Error('the session was refused');
  return { client: endOf(webSocket), upstream: () => upstream, rows, failures };
}

function endOf(socket: WebSocket): End {
  const end: End = { socket, received: [], closed: null };
  socket.addEventListener('message', ({ data }) => {
    end.received.push(String(data));
  });
  socket.addEventListener('close', ({ code, reason }) => {
    end.closed = { code, reason };
  });
  socket.accept();
  return end;
}

function orderOf(format: 'openai' | 'gemini', model: string | null): SessionOrder {
  const bounds = { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] };
  const identity = { tokenId: 't', accountId: 'a', hash: 'h', group: 'default', version: 1, bounds };
  return {
    requestId: 'req_1',
    format,
    endpoint: format === 'openai' ? realtimePath : '/ws/live',
    identity: identity as never,
    ip: null,
    model,
    fallback: [],
    intent: 'conversation',
    bound: null,
    headers: {},
    protocol: null,
    startedAtMs: Date.now(),
  };
}

function admittingLedger() {
  return {
    admit: async () => ({ outcome: 'admitted' }),
    inspect: async () => ({ outcome: 'allowed', policy: {} }),
    watch: () => new Promise(() => undefined),
    release: async () => undefined,
  };
}
