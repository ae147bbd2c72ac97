// What a relay under test says of a request and of a channel.
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

/** The newest row of a model; rows come to the log by the ledger's alarm. */
export async function rowOf(relay: TestRelay, tokenId: string, model: string): Promise<LoggedRow> {
  for (let tries = 0; tries < 60; tries++) {
    const path = `/api/logs?token=${tokenId}&model=${encodeURIComponent(model)}`;
    const { data } = await relay.manage<{ data: LoggedRow[] }>('GET', path);
    if (data[0] !== undefined) return data[0];
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`no row of ${model}`);
}

/** The states of a channel's keys. */
export async function keyStates(relay: TestRelay, channelId: string): Promise<string[]> {
  const { keys } = await relay.manage<{ keys: { health: { state: string } }[] }>(
    'GET',
    `/api/channels/${channelId}`,
  );
  return keys.map(({ health }) => health.state);
}
