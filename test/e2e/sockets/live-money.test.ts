// The money of Live sessions: turns that the upstream takes by itself, tools, interruptions, quotas that run out, turns
// that nobody reported.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answeringLive,
  costOfTurn,
  type LiveClient,
  liveChannel,
  liveSession,
  liveUsage,
  speech,
  turnMessages,
  turnOf,
} from '../../support/live.ts';
import {
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
  type UpstreamSession,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, nano, type Row, rowsOf, sleep } from './scene.ts';

let relay: TestRelay;
let upstream: RealtimeUpstream;
let script: Script;

beforeAll(async () => {
  [relay, upstream] = await Promise.all([
    startRelay(),
    startRealtimeUpstream({ event: (session, event) => script.event?.(session, event) }),
  ]);
  await relay.channel(liveChannel(upstream));
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});

const last = () => upstream.sessions.at(-1) as UpstreamSession;
const charged = (rows: Row[]) => rows.filter(({ usage_source }) => usage_source !== null);
const sound = { realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', data: 'AAAA'.repeat(400) } } };
const text = { generationConfig: { responseModalities: ['TEXT'] } };
const usage = { prompt: 2_000, response: 100 };

/** An upstream that only sets up; the rest is the test's. */
const settingUp: Script = {
  event: (session, message) => {
    if ('setup' in message) session.sayBinary({ setupComplete: {} });
  },
};

beforeEach(() => {
  script = settingUp;
});

/** Closes, and answers the charged rows once the ledger holds nothing. */
async function closed(client: LiveClient, id: string, rows: number): Promise<Row[]> {
  client.socket.close(1000);
  await client.closed;
  return settled(id, rows);
}

async function settled(id: string, rows: number): Promise<Row[]> {
  const all = await rowsOf(relay, id, rows);
  await sleep(200);
  const balance = await balanceOf(relay, id);
  expect(balance).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  const sum = all.reduce((total, { cost_usd }) => total + nano(cost_usd), 0);
  expect(nano(balance.spent_usd)).toBe(sum);
  expect(all).toHaveLength(rows);
  return charged(all);
}

describe('a turn', () => {
  it('is charged by its own figures: sound, thoughts, tools’ prompts and cached tokens', async () => {
    const used = {
      prompt: 1_500,
      promptAudio: 300,
      response: 90,
      responseAudio: 80,
      thoughts: 28,
      toolPrompt: 40,
      cached: 200,
    };
    script = answeringLive(() => used);
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('Hello'));
    await client.next('turnComplete');
    expect(await closed(client, id, 2)).toMatchObject([
      {
        cost_usd: costOfTurn(used) / 1e9,
        input_tokens: 1_540,
        cached_tokens: 200,
        output_tokens: 118,
        reasoning_tokens: 28,
      },
    ]);
  });

  it('is reserved before it goes on, and what it does not use comes back', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token, text);
    client.say({ clientContent: { turns: [{ role: 'user', parts: [{ text: 'Not yet.' }] }] } });
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    client.say(turnOf('Now.'));
    await sleep(200);
    const held = await balanceOf(relay, id);
    expect(held.open_requests).toBe(2);
    // 1,300 tokens of a prompt that nobody counted and 2,000 of output; the rest is the session's and what was said.
    expect(nano(held.reserved_usd)).toBeGreaterThan(1_300 * 500 + 2_000 * 2_000);
    expect(nano(held.reserved_usd)).toBeLessThan(1_500 * 500 + 2_000 * 2_000);
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    expect(await closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(usage) / 1e9 }]);
  });

  it('that a call of a tool is a part of is one turn, when the upstream counts it so', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('What is the time?'));
    await sleep(50);
    last().sayBinary({ toolCall: { functionCalls: [{ id: 'c', name: 'now', args: {} }] } });
    await client.next('toolCall');
    client.say({
      tool_response: { function_responses: [{ id: 'c', name: 'now', response: { output: '5' } }] },
    });
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(2);
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    expect(await closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(usage) / 1e9 }]);
  });

  it('that a call of a tool ends is charged, and its result begins another', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('What is the time?'));
    await sleep(50);
    const calling = { prompt: 1_400, response: 12 };
    last().sayBinary({
      toolCall: { functionCalls: [{ id: 'c', name: 'now', args: {} }] },
      usageMetadata: liveUsage(calling),
    });
    await client.next('toolCall');
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    client.say({
      toolResponse: { functionResponses: [{ id: 'c', name: 'now', response: { output: '5' } }] },
    });
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(2);
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    const rows = await closed(client, id, 3);
    expect(rows.map(({ cost_usd }) => nano(cost_usd)).sort()).toEqual(
      [costOfTurn(calling), costOfTurn(usage)].sort(),
    );
  });

  it('that is interrupted by the next one is charged, and so is that one', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('Tell me a story.'));
    await sleep(50);
    last().sayBinary(speech(4_000));
    await client.next('modelTurn');
    client.say(turnOf('No, stop.'));
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(3);
    const cut = { prompt: 1_310, response: 30, responseAudio: 30 };
    last().sayBinary({ serverContent: { interrupted: true } });
    last().sayBinary({ serverContent: { turnComplete: true }, usageMetadata: liveUsage(cut) });
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    await client.next('turnComplete');
    const rows = await closed(client, id, 3);
    expect(rows.map(({ cost_usd }) => nano(cost_usd)).sort()).toEqual(
      [costOfTurn(cut), costOfTurn(usage)].sort(),
    );
  });

  it('that asks twice and is answered once costs once', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('One'));
    client.say(turnOf('Two'));
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(3);
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    expect(await closed(client, id, 2)).toHaveLength(1);
  });

  it('whose figure comes after its end is charged once, by the figure; one without, by what passed', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('One'));
    await sleep(50);
    for (const message of turnMessages(null)) last().sayBinary(message);
    last().sayBinary({ usageMetadata: liveUsage(usage) });
    await client.next('turnComplete');
    client.say(turnOf('Two'));
    await sleep(100);
    // Two seconds of speech at 24 kHz: 50 tokens.
    for (let index = 0; index < 4; index++) last().sayBinary(speech(32_000));
    last().sayBinary({ serverContent: { turnComplete: true } });
    await client.next('turnComplete');
    await sleep(3_500);
    const rows = charged(await rowsOf(relay, id, 2));
    expect(rows.map(({ usage_source, status }) => [usage_source, status])).toEqual([
      ['estimated', 200],
      ['upstream', 200],
    ]);
    expect(rows[0]).toMatchObject({ output_tokens: 50 });
    // What the first turn left, and the words of the second.
    expect(rows[0]?.input_tokens).toBeGreaterThan(2_100);
    expect(rows[0]?.input_tokens).toBeLessThan(2_150);
    expect(await closed(client, id, 3)).toHaveLength(2);
  });

  it('that searched pays for the searches too', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token, { tools: [{ googleSearch: {} }] });
    client.say(turnOf('What is new?'));
    await sleep(50);
    last().sayBinary({
      serverContent: {
        modelTurn: { parts: [{ text: 'Much.' }] },
        groundingMetadata: { webSearchQueries: ['news', ''] },
      },
    });
    last().sayBinary({ serverContent: { turnComplete: true }, usageMetadata: liveUsage(usage) });
    await client.next('turnComplete');
    const rows = await closed(client, id, 2);
    expect(nano(rows[0]?.cost_usd ?? 0)).toBe(costOfTurn(usage) + 35_000_000);
  });
});

describe('a voice session', () => {
  it('reserves for the turn that the upstream will take by itself, and charges it', async () => {
    const used = { prompt: 1_400, promptAudio: 100, response: 60, responseAudio: 55 };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await liveSession(relay.url, token);
    client.say(sound);
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(2);
    for (let index = 0; index < 5; index++) client.say(sound);
    await sleep(100);
    expect((await balanceOf(relay, id)).open_requests).toBe(2);
    last().sayBinary({ serverContent: { inputTranscription: { text: 'Hello' } } });
    last().sayBinary(speech(8_000));
    for (const message of turnMessages(used, 0)) last().sayBinary(message);
    await client.next('turnComplete');
    client.say(sound);
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(2);
    expect(last().received.slice(1)).toEqual(Array.from({ length: 7 }, () => JSON.stringify(sound)));
    expect(await closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(used) / 1e9 }]);
  });

  it('whose client says itself when the speaker begins and ends is reserved at the end', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const setup = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const client = await liveSession(relay.url, token, setup);
    for (const message of [{ realtimeInput: { activityStart: {} } }, sound, sound]) client.say(message);
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    client.say({ realtimeInput: { activityEnd: {} } });
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(2);
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    expect(await closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(usage) / 1e9 }]);
  });

  it('without quota for it is closed with 1008, and the sound goes nowhere', async () => {
    const { id, token } = await relay.token({ quota_usd: 0.001 });
    const client = await liveSession(relay.url, token);
    client.say(sound);
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(last().received).toHaveLength(1);
    expect(await settled(id, 2)).toEqual([]);
  });

  it('that only shows pictures holds nothing', async () => {
    const { id, token } = await relay.token({ quota_usd: 0.001 });
    const client = await liveSession(relay.url, token);
    const picture = { mimeType: 'image/jpeg', data: 'AAAA'.repeat(2_000) };
    client.say({ realtimeInput: { video: picture } });
    client.say({ realtimeInput: { mediaChunks: [picture] } });
    await sleep(200);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    expect(await closed(client, id, 1)).toEqual([]);
  });
});

describe('a quota', () => {
  it('that runs out in the third turn serves two; the third goes nowhere, and the session is closed', async () => {
    const used = { prompt: 1_000, response: 2_000 };
    script = answeringLive(() => used);
    // A turn costs $0.0045 and reserves $0.0047 at first, then more for what came before it: two fit, and no third.
    const { id, token } = await relay.token({ quota_usd: 0.012 });
    const client = await liveSession(relay.url, token, text);
    for (const words of ['one', 'two']) {
      client.say(turnOf(words));
      await client.next('turnComplete');
    }
    client.say(turnOf('three'));
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(last().received).toHaveLength(3);
    const rows = await settled(id, 4);
    expect(rows.map(({ cost_usd }) => nano(cost_usd))).toEqual([costOfTurn(used), costOfTurn(used)]);
  });

  it('that has no room for the next turn waits for the end of the one that runs', async () => {
    const { id, token } = await relay.token({ quota_usd: 0.006 });
    const client = await liveSession(relay.url, token, text);
    client.say(turnOf('one'));
    await sleep(100);
    last().sayBinary({ serverContent: { modelTurn: { parts: [{ text: 'So,' }] } } });
    await client.next('modelTurn');
    client.say(turnOf('two'));
    await sleep(300);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    for (const message of turnMessages(usage)) last().sayBinary(message);
    await client.next('turnComplete');
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(last().received).toHaveLength(2);
    expect(await settled(id, 3)).toMatchObject([
      { usage_source: 'upstream', cost_usd: costOfTurn(usage) / 1e9 },
    ]);
  });

  it('that runs out within a turn ends the session, which is charged by what passed', async () => {
    const { id, token } = await relay.token({ quota_usd: 0.006 });
    const client = await liveSession(relay.url, token, text);
    client.say(turnOf('Go on and on.'));
    await sleep(100);
    last().sayBinary({ serverContent: { modelTurn: { parts: [{ text: 'x'.repeat(9_000) }] } } });
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    const [row] = await settled(id, 2);
    expect(row).toMatchObject({
      usage_source: 'estimated',
      error_code: 'insufficient_quota',
      output_tokens: 3_000,
    });
  });
});

it('a limited token is not given a model without a price; an unlimited one pays nothing for it', async () => {
  await relay.channel(liveChannel(upstream, { name: 'new', models: ['gemini-9-live'] }));
  script = answeringLive(() => usage);
  const open = async (token: string) => {
    const client = await liveSession(relay.url, token, { model: 'models/gemini-9-live' });
    client.say(turnOf('Hello'));
    return client;
  };
  const limited = await relay.token({ quota_usd: 1 });
  const refused = await open(limited.token);
  expect(await refused.closed).toMatchObject({ code: 1008, reason: 'model_price_unset' });
  expect(last().received).toHaveLength(1);
  const { id, token } = await relay.token();
  const client = await open(token);
  await client.next('turnComplete');
  expect(await closed(client, id, 2)).toMatchObject([{ cost_usd: null, output_tokens: 100 }]);
});

describe('a session that is broken off', () => {
  it.each(['client', 'upstream'] as const)(
    'by its %s is charged for its turn by what passed',
    async (side) => {
      const { id, token } = await relay.token({ quota_usd: 1 });
      const client = await liveSession(relay.url, token);
      client.say(turnOf('Hello'));
      await sleep(100);
      last().sayBinary(speech(64_000));
      await client.next('modelTurn');
      if (side === 'client') client.socket.terminate();
      else last().socket.terminate();
      await client.closed;
      const [row] = await settled(id, 2);
      // One second of speech.
      expect(row).toMatchObject({ usage_source: 'estimated', output_tokens: 25 });
      expect(row?.status).toBe(side === 'client' ? 499 : 502);
      const { input_tokens = 0, cost_usd = 0 } = row ?? {};
      expect(input_tokens).toBeGreaterThan(1_300);
      expect(input_tokens).toBeLessThan(1_350);
      expect(nano(cost_usd)).toBe(input_tokens * 500 + 25 * 12_000);
    },
  );

  it('before an answer costs what the upstream was told if the client left, and nothing if the upstream did', async () => {
    for (const side of ['client', 'upstream'] as const) {
      const { id, token } = await relay.token({ quota_usd: 1 });
      const client = await liveSession(relay.url, token);
      client.say(turnOf('Hello'));
      await sleep(100);
      if (side === 'client') client.socket.terminate();
      else last().socket.close(1011);
      await client.closed;
      const rows = await settled(id, side === 'client' ? 2 : 1);
      expect(rows.map(({ output_tokens }) => output_tokens)).toEqual(side === 'client' ? [0] : []);
    }
  });
});
