// Replays every byte-exact recording through the running relay, delivered whole, at seeded cuts and byte by byte:
// the caller gets the recorded bytes, and the log the provider's own counts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveFixtures, reportSkippedReplay } from '../../support/fixtures.ts';
import { type LogRowView, rowsOf } from '../../support/log-rows.ts';
import { exchange, inParallel, type RawResponse } from '../../support/raw-client.ts';
import { recordedTokens } from '../../support/recorded-usage.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import {
  type Recording,
  type ReplayUpstream,
  replayHeaders,
  startReplayUpstream,
} from '../../support/replay-upstream.ts';
import { isWhole, wholeOrShort } from '../../support/test-length.ts';
import { contentTypeOf, expectedAnswer } from './expected-answer.ts';
import { idsNamedBy, type Replay, replayableFixtures, replaysOf } from './replays.ts';

reportSkippedReplay();

const width = 16;
/** All deliveries take minutes: one byte at a time costs the runtime the most. */
const allReplaysMs = wholeOrShort(600_000, 120_000);
/** The number of recordings that a failure names. */
const shownFaults = 30;
const fixtures = replayableFixtures();
const replays = isWhole ? fixtures.flatMap(replaysOf) : withSampledBytes(fixtures.flatMap(replaysOf));

describe.skipIf(!haveFixtures)('replaying the recordings through the relay', () => {
  let relay: TestRelay;
  let upstream: ReplayUpstream;
  const tokens: string[] = [];
  const answers = new Map<Replay, RawResponse>();

  beforeAll(async () => {
    const recordings = new Map(fixtures.map((fixture) => [fixture.name, recordingOf(fixture)]));
    const made = fixtures.flatMap(idsNamedBy);
    recordings.set('earlier', earlierResponse(made));
    [relay, upstream] = await Promise.all([startRelay(), startReplayUpstream(recordings)]);
    await makeChannels(relay, upstream.url);
    for (let count = 0; count < 4; count++) tokens.push((await relay.token()).token);
    await makeEarlierResponse();
  });

  afterAll(async () => {
    await Promise.all([relay?.stop(), upstream?.stop()]);
  });

  /** Ids in the recorded requests work only for the account that created them: one response creates them all. */
  async function makeEarlierResponse(): Promise<void> {
    const { status } = await exchange({
      method: 'POST',
      url: `${relay.url}/v1/responses`,
      headers: {
        authorization: `Bearer ${tokens[0]}`,
        'content-type': 'application/json',
        [replayHeaders.recording]: 'earlier',
        [replayHeaders.delivery]: 'whole',
      },
      body: JSON.stringify({
        model: replays.find(({ channel }) => channel === 'openai')?.model,
        input: 'hi',
      }),
    });
    expect(status).toBe(200);
  }

  async function send(replay: Replay, index: number): Promise<void> {
    const token = tokens[index % tokens.length] ?? '';
    const headers = Object.fromEntries(
      Object.entries(replay.headers).map(([name, value]) => [
        name,
        value || (name === 'authorization' ? `Bearer ${token}` : token),
      ]),
    );
    const { method, path, body } = replay;
    answers.set(replay, await exchange({ method, url: relay.url + path, headers, ...(body && { body }) }));
  }

  it(
    'answers each with the id that is in the log',
    async () => {
      const startedAt = performance.now();
      await inParallel(
        replays.map((replay, index) => ({ replay, index })),
        width,
        ({ replay, index }) => send(replay, index),
      );
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      console.log(
        `${fixtures.length} recordings, ${replays.length} replays in ${seconds} s: ${deliveryCounts()}`,
      );
      expect(replays.filter((replay) => !answers.get(replay)?.headers['x-request-id'])).toEqual([]);
    },
    allReplaysMs,
  );

  it('sends the upstream the caller’s body with only the model name changed and usage enabled', () => {
    expect(mismatches((replay) => requestFault(replay, upstream))).toEqual([]);
  });

  it('passes status, content type and bytes on as recorded', () => {
    expect(mismatches((replay) => answerFault(replay, answers.get(replay)))).toEqual([]);
  });

  it('reveals nothing about the operator’s account and its limits', () => {
    const secret = /^(x-ratelimit-|anthropic-ratelimit-|openai-organization|set-cookie|cf-|x-envoy-|server$)/;
    const leaks = [...answers.values()].flatMap(({ headers }) =>
      Object.keys(headers).filter((name) => secret.test(name)),
    );
    expect(leaks).toEqual([]);
  });

  it('logs the provider’s own token counts', async () => {
    const ids = [...answers.values()].map(({ headers }) => String(headers['x-request-id']));
    const rows = await rowsOf(relay, ids);
    const compared = new Map<string, number>();
    const faults = mismatches((replay) => {
      const row = rows.get(String(answers.get(replay)?.headers['x-request-id']));
      return row === undefined ? 'no row' : rowFault(replay, row, answers.get(replay)?.status, compared);
    });
    console.table(Object.fromEntries(compared));
    expect(faults).toEqual([]);
  });
});

/**
 * One-byte chunks cost workerd some 200 µs each, two minutes for all of them. Of one endpoint's recordings of
 * one provider, streamed or not, only the smallest is delivered byte by byte, and none above 2 KB.
 */
function withSampledBytes(all: Replay[]): Replay[] {
  const size = ({ fixture }: Replay) => fixture.bytes.length;
  const bytewise = all.filter((replay) => replay.delivery === 'bytes' && size(replay) <= 2_048);
  const alike = Map.groupBy(bytewise, ({ fixture: { meta }, usageOption }) =>
    [meta.provider, meta.endpoint, meta.stream, meta.status >= 400, usageOption].join(),
  );
  const smallest = [...alike.values()].map((some) =>
    some.reduce((least, one) => (size(one) < size(least) ? one : least)),
  );
  return [...all.filter(({ delivery }) => delivery !== 'bytes'), ...smallest];
}

function mismatches(faultOf: (replay: Replay) => string | null): string[] {
  const faults = replays.flatMap((replay) => {
    const fault = faultOf(replay);
    return fault === null ? [] : [`${replay.id}: ${fault}`];
  });
  return faults.length <= shownFaults
    ? faults
    : [...faults.slice(0, shownFaults), `and ${faults.length - shownFaults} more`];
}

function deliveryCounts(): string {
  const count = (wanted: string) => replays.filter(({ delivery }) => delivery === wanted).length;
  const which = isWhole ? 'all bodies up to 8 KB' : 'a sample; npm run test:long for every body up to 8 KB';
  return `${count('whole')} whole, ${count('cuts')} at seeded cuts, ${count('bytes')} byte by byte (${which})`;
}

function recordingOf({ meta, bytes }: (typeof fixtures)[number]): Recording {
  const recorded = (meta as { response_headers?: Record<string, string> }).response_headers ?? {};
  const framing = ['content-length', 'transfer-encoding', 'content-encoding', 'connection', 'keep-alive'];
  const others = Object.entries(recorded).filter(([name]) => !framing.includes(name));
  return {
    status: meta.status,
    headers: { ...Object.fromEntries(others), 'content-type': contentTypeOf(meta) ?? '' },
    bytes,
  };
}

function earlierResponse(ids: string[]): Recording {
  const output = ids.map((id) => ({ id, type: 'message', role: 'assistant', content: [] }));
  const body = { id: 'resp_earlier', object: 'response', status: 'completed', output };
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    bytes: Buffer.from(JSON.stringify(body)),
  };
}

async function makeChannels(relay: TestRelay, upstreamUrl: string): Promise<void> {
  const byName = Map.groupBy(replays, ({ channel }) => channel);
  const channels = [...byName].map(([name, served]) => {
    const names = new Map(served.map(({ model, upstreamModel }) => [model, upstreamModel]));
    const provider = served[0]?.channelKind;
    const base_url = provider === 'openai-compatible' ? `${upstreamUrl}/v1` : upstreamUrl;
    return {
      name,
      provider,
      base_url,
      keys: ['upstream-key'],
      models: [...names.keys()],
      model_map: Object.fromEntries(names),
      settings: {
        responses_api: true,
        forward_headers: Object.values(replayHeaders),
        shared_resources: ['fileSearchStores/*', 'cachedContents/*'],
      },
    };
  });
  await inParallel(channels, 4, (channel) => relay.channel(channel));
}

function requestFault(replay: Replay, upstream: ReplayUpstream): string | null {
  const received = upstream.receivedAs(replay.id);
  if (received === undefined) return 'nothing came to the upstream';
  if (received.path !== replay.upstreamPath) return `path ${received.path}, not ${replay.upstreamPath}`;
  if (JSON.stringify(received.headers).includes('sk-oo8-')) return 'the caller’s token went to the upstream';
  const expected = replay.upstreamBody ?? Buffer.alloc(0);
  if (replay.usageOption !== 'not requested')
    return received.body.equals(expected) ? null : 'the body is another';
  const withUsage = { ...JSON.parse(expected.toString()), stream_options: { include_usage: true } };
  const sent = JSON.parse(received.body.toString());
  return JSON.stringify(sent) === JSON.stringify(withUsage)
    ? null
    : `the body is ${received.body.toString().slice(0, 200)}`;
}

function answerFault(replay: Replay, answer: RawResponse | undefined): string | null {
  if (answer === undefined) return 'no answer';
  const expected = expectedAnswer(replay);
  if (expected.sort === 'refusal') return refusalFault(replay, answer);
  if (answer.broken) return 'the connection broke';
  if (answer.status !== expected.status)
    return `status ${answer.status}: ${answer.bytes.toString().slice(0, 200)}`;
  if (answer.headers['content-type'] !== expected.contentType)
    return `content type ${answer.headers['content-type']}`;
  if (answer.bytes.equals(expected.bytes)) return null;
  const at = answer.bytes.findIndex((byte, index) => byte !== expected.bytes[index]);
  const from = at < 0 ? answer.bytes.length : at;
  return `${answer.bytes.length} bytes of ${expected.bytes.length}, other at ${from}: ${answer.bytes.subarray(from, from + 80)}`;
}

/** Returns null for a 502 in the route's format that no SDK retries, because only the operator can fix the cause. */
function refusalFault({ path }: Replay, { status, headers, bytes }: RawResponse): string | null {
  const body = JSON.parse(bytes.toString());
  const code = path.includes('/v1beta/')
    ? body.error?.status
    : path.includes('/messages')
      ? body.error?.type
      : body.error?.code;
  const wanted = path.includes('/v1beta/')
    ? 'UNAVAILABLE'
    : path.includes('/messages')
      ? 'api_error'
      : 'upstream_error';
  const good = status === 502 && headers['x-should-retry'] === 'false' && code === wanted;
  return good ? null : `status ${status}, ${bytes}`;
}

const freeEndpoints = new Set(['moderations', 'count-tokens', 'countTokens', 'responses-sub']);

function rowFault(
  replay: Replay,
  row: LogRowView,
  status: number | undefined,
  compared: Map<string, number>,
): string | null {
  const { fixture } = replay;
  if (row.status !== status) return `status ${row.status} in the log, ${status} to the caller`;
  if (row.attempts.at(-1)?.status !== fixture.meta.status) return `attempts ${JSON.stringify(row.attempts)}`;
  const charged = chargeFault(row);
  if (charged !== null) return charged;
  const isNothing = fixture.meta.status >= 400 || freeEndpoints.has(fixture.meta.endpoint);
  const expected = isNothing
    ? { input_tokens: 0, output_tokens: 0, cached_tokens: 0 }
    : recordedTokens(fixture);
  if (expected === null || (row.usage_source !== 'upstream' && !isNothing && isCut(fixture.name)))
    return null;
  for (const [field, value] of Object.entries(expected)) {
    compared.set(field, (compared.get(field) ?? 0) + 1);
    const logged = row[field as keyof LogRowView];
    if (logged !== value) return `${field} is ${logged}, the provider says ${value} (${row.usage_source})`;
  }
  return null;
}

/** Returns null if the prices of a row add up to its cost. */
function chargeFault({ charge, cost_usd }: LogRowView): string | null {
  if (charge === null)
    return cost_usd === null || cost_usd === 0 ? null : `cost ${cost_usd} without a charge`;
  const usd = charge.items.reduce((sum, { count, usd: each, per }) => sum + (count * each) / per, 0);
  const nano = Math.ceil(Number((usd * charge.multiplier * 1e9).toFixed(3)));
  return nano === Math.round((cost_usd ?? 0) * 1e9)
    ? null
    : `cost ${cost_usd}, but its charge makes ${nano} nano-USD`;
}

/** Returns whether the stream is truncated: it has no usage from the provider, and what passed is estimated. */
function isCut(name: string): boolean {
  return /midstream-error|truncated-stream/.test(name);
}
