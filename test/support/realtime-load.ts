// Many concurrent voice sessions with both ends in this process, on one clock, so the delay of each frame is
// measured. Between them is the relay, or a bare Durable Object.
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import {
  type RealtimeUpstream,
  sessionCreated,
  startRealtimeUpstream,
  type UpstreamSession,
} from './realtime-upstream.ts';

export interface LoadOptions {
  /** The whole URL and headers that open a session. */
  address: string;
  headers: Record<string, string>;
  upstream: LoadUpstream;
  sessions: number;
  framesPerSecond: number;
  seconds: number;
  /** Called every second while it runs. */
  everySecond?: () => void;
}

export interface LoadResult {
  sent: number;
  arrived: number;
  /** Frames that arrived out of order, or after a missing one. */
  outOfOrder: number;
  /** The delay of one way, over both directions together, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
}

const slots = 10;

/** 40 ms of PCM16 at 24 kHz, as base64. */
const audio = 'A'.repeat(2_560);

export interface LoadUpstream extends RealtimeUpstream {
  /** Receives every frame that arrives at the upstream. */
  listener: { received: (session: UpstreamSession, text: string) => void };
}

/** Starts an upstream that is in the middle of a response from the start, and passes on every frame it receives. */
export async function startLoadUpstream(): Promise<LoadUpstream> {
  const listener: LoadUpstream['listener'] = { received: () => undefined };
  const upstream = await startRealtimeUpstream({
    opened: (session) => {
      session.say(sessionCreated());
      session.say({ type: 'response.created', response: { id: 'resp_load', status: 'in_progress' } });
      session.socket.removeAllListeners('message');
      session.socket.on('message', (data) => listener.received(session, String(data)));
    },
  });
  return { ...upstream, listener };
}

/** Runs the load; throws if a session cannot be opened. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { upstream, sessions, framesPerSecond, seconds } = options;
  const latenciesMs: number[] = [];
  let [sent, arrived, outOfOrder] = [0, 0, 0];
  const expected = new Map<unknown, number>();
  const note = (end: unknown, text: string) => {
    const [, index, at] = /"event_id":"f(\d+)_([\d.]+)"/.exec(text) ?? [];
    if (index === undefined) return;
    latenciesMs.push(performance.now() - Number(at));
    arrived += 1;
    const before = expected.get(end) ?? 0;
    if (Number(index) !== before) outOfOrder += 1;
    expected.set(end, Number(index) + 1);
  };
  const first = upstream.sessions.length;
  upstream.listener.received = note;
  const clients = await openAll(options, note);
  const ends = upstream.sessions.slice(first);
  const frame = (type: string, key: string, index: number, more = '') =>
    `{"type":"${type}","event_id":"f${index}_${performance.now()}"${more},"${key}":"${audio}"}`;
  const startedAt = performance.now();
  // Spreads the sessions over the duration of a frame, one share in each slot.
  for (let slot = 0; slot < framesPerSecond * seconds * slots; slot++) {
    const tick = Math.floor(slot / slots);
    for (let index = slot % slots; index < sessions; index += slots) {
      clients[index]?.send(frame('input_audio_buffer.append', 'audio', tick));
      ends[index]?.socket.send(
        frame('response.output_audio.delta', 'delta', tick, ',"response_id":"resp_load"'),
      );
      sent += 2;
    }
    if (slot % (framesPerSecond * slots) === 0) options.everySecond?.();
    const dueMs = startedAt + ((slot + 1) * 1_000) / (framesPerSecond * slots) - performance.now();
    if (dueMs > 1) await delay(dueMs);
  }
  for (let waited = 0; arrived < sent && waited < 100; waited++) await delay(50);
  for (const client of clients) client.close(1000);
  await delay(300);
  latenciesMs.sort((one, other) => one - other);
  const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
  if (ends.length !== sessions)
    throw new Error(`${ends.length} sessions reached the upstream, not ${sessions}`);
  return { sent, arrived, outOfOrder, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function openAll(
  { address, headers, sessions }: LoadOptions,
  note: (end: unknown, text: string) => void,
): Promise<WebSocket[]> {
  const clients: WebSocket[] = [];
  while (clients.length < sessions) {
    const group = Array.from(
      { length: Math.min(20, sessions - clients.length) },
      () => new WebSocket(address, { headers }),
    );
    await Promise.all(group.map((client) => waitForResponse(client, note)));
    clients.push(...group);
  }
  return clients;
}

/** Resolves when the upstream's first event has arrived. */
function waitForResponse(client: WebSocket, note: (end: unknown, text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('error', reject);
    client.on('message', (data) => {
      const text = String(data);
      if (text.includes('"response.created"')) resolve();
      else note(client, text);
    });
  });
}
