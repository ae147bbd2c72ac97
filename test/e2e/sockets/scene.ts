// Starts a relay and an upstream over real sockets, with the channels of the tests.
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { type Handler, startUpstream, type TestUpstream } from '../../support/upstream.ts';
import type { StreamKind } from './endless.ts';

export interface Scene {
  relay: TestRelay;
  upstream: TestUpstream;
  stop(): Promise<void>;
}

/** A row of the log as the management API shows it. */
export interface Row {
  id: string;
  status: number;
  error_code: string | null;
  usage_source: string | null;
  cost_usd: number | null;
  input_tokens: number;
  output_tokens: number;
  count: number;
}

export async function startScene(
  handler: Handler = (_, response) => void response.end('{}'),
): Promise<Scene> {
  const [relay, upstream] = await Promise.all([startRelay(), startUpstream(handler)]);
  const common = { base_url: upstream.url, keys: ['key-of-the-operator'] };
  const openai = ['gpt-4o', 'whisper-1'];
  await relay.channel({
    ...common,
    name: 'o',
    provider: 'openai',
    models: openai,
    model_map: { mapped: 'whisper-1' },
  });
  await relay.channel({ ...common, name: 'a', provider: 'anthropic', models: ['claude-3-5-haiku-20241022'] });
  await relay.channel({ ...common, name: 'g', provider: 'gemini', models: ['gemini-2.0-flash'] });
  const stop = async () => {
    await relay.stop();
    await upstream.stop();
  };
  return { relay, upstream, stop };
}

/** Requests a stream. */
export function requestStream(
  relay: TestRelay,
  kind: StreamKind,
  token: string,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(relay.url + kind.path, {
    method: 'POST',
    // The local runtime compresses JSON if accepted, and meanwhile holds it back.
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', ...kind.headers(token) },
    body: JSON.stringify(kind.body),
    ...(signal !== undefined && { signal }),
  });
}

/** Returns the token's rows of the log once there are `count`; throws after `withinMs`. */
export async function rowsOf(
  relay: TestRelay,
  tokenId: string,
  count: number,
  withinMs = 6_000,
): Promise<Row[]> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const { data } = await relay.manage<{ data: Row[] }>('GET', `/api/logs?token=${tokenId}&limit=200`);
    if (data.length >= count) return data;
    if (Date.now() > deadlineMs) throw new Error(`${data.length} rows after ${withinMs} ms, not ${count}`);
    await sleep(100);
  }
}

/** Returns a token's live figures. */
export function balanceOf(relay: TestRelay, tokenId: string) {
  return relay.manage<{ spent_usd: number; reserved_usd: number; open_requests: number }>(
    'GET',
    `/api/tokens/${tokenId}`,
  );
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Converts USD to nano-USD, in which sums of money are compared. */
export const nano = (usd: number | null) => Math.round((usd ?? 0) * 1e9);
