// A session with real sockets of the runtime at both ends, an upstream that a test holds in its hand, and a ledger that
// admits everything: for what only passing time shows.

import type { LogRow } from '../../../src/metering/log-row.ts';
import { LiveSession } from '../../../src/realtime/live-session.ts';
import type { SessionOrder } from '../../../src/realtime/order.ts';
import { realtimePath } from '../../../src/realtime/order.ts';
import { Catalog } from '../../../src/routing/catalog.ts';
import { KeyRing } from '../../../src/routing/key-ring.ts';
import { SharedHealth } from '../../../src/routing/shared-health.ts';
import { plainChannel } from '../../support/plain-channel.ts';

export const models = { openai: 'gpt-realtime', gemini: 'gemini-live-2.5-flash-preview' } as const;

/** One end of a socket, as it was used. */
interface End {
  socket: WebSocket;
  heard: string[];
  closed: { code: number; reason: string } | null;
}

export interface Staged {
  client: End;
  /** null: none was opened yet. */
  upstream(): End | null;
  rows: LogRow[];
  /** Work of the session that has failed. */
  failures: unknown[];
}

/** Opens a session. `model`: as the caller's URL names it; null: the first frame will. */
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
  const end: End = { socket, heard: [], closed: null };
  socket.addEventListener('message', ({ data }) => {
    end.heard.push(String(data));
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
    look: async (_tokenId: string, { wantNanoUsd }: { wantNanoUsd: number }) => ({
      outcome: 'go-on',
      reservedNanoUsd: wantNanoUsd,
    }),
    watch: () => new Promise(() => undefined),
    release: async () => undefined,
  };
}
