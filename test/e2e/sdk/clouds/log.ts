// Reads what a relay under test reports about a request and a channel.
import type { TestRelay } from '../../../support/relay.ts';

export interface LoggedRow {
  status: number;
  error_code: string | null;
  upstream_model: string | null;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  usage_source: string | null;
  cost_usd: number | null;
  attempts: unknown[];
}

/** Returns the newest row of a model; the ledger's alarm delivers rows to the log. */
export async function rowOf(relay: TestRelay, tokenId: string, model: string): Promise<LoggedRow> {
  for (let tries = 0; tries < 60; tries++) {
    const path = `/api/logs?token=${tokenId}&model=${encodeURIComponent(model)}`;
    const { data } = await relay.manage<{ data: LoggedRow[] }>('GET', path);
    if (data[0] !== undefined) return data[0];
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`no row of ${model}`);
}

/** Returns the states of a channel's keys. */
export async function keyStates(relay: TestRelay, channelId: string): Promise<string[]> {
  const { keys } = await relay.manage<{ keys: { health: { state: string } }[] }>(
    'GET',
    `/api/channels/${channelId}`,
  );
  return keys.map(({ health }) => health.state);
}
