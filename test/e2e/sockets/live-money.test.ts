// Tests the money of Live sessions: turns that the upstream takes on its own, spent quotas, interrupted sessions.
import { describe, expect, it } from 'vitest';
import {
  answeringLive,
  costOfTurn,
  liveChannel,
  liveSession,
  speech,
  turnMessages,
  turnOf,
} from '../../support/live.ts';
import { LiveScene } from './live-scene.ts';
import { balanceOf, nano, sleep } from './scene.ts';

const scene = new LiveScene();
const audio = { realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', data: 'AAAA'.repeat(400) } } };
const text = { generationConfig: { responseModalities: ['TEXT'] } };
const usage = { prompt: 2_000, response: 100 };

describe('a voice session', () => {
  it('reserves for the turn that the upstream takes on its own, and charges it', async () => {
    const used = { prompt: 1_400, promptAudio: 100, response: 60, responseAudio: 55 };
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(audio);
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(2);
    for (let index = 0; index < 5; index++) client.say(audio);
    await sleep(100);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(2);
    scene.last().sayBinary({ serverContent: { inputTranscription: { text: 'Hello' } } });
    scene.last().sayBinary(speech(8_000));
    for (const message of turnMessages(used, 0)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    client.say(audio);
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(2);
    expect(scene.last().received.slice(1)).toEqual(Array.from({ length: 7 }, () => JSON.stringify(audio)));
    expect(await scene.closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(used) / 1e9 }]);
  });

  it('reserves at the end of speech if the client signals it', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const setup = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const client = await liveSession(scene.relay.url, token, setup);
    for (const message of [{ realtimeInput: { activityStart: {} } }, audio, audio]) client.say(message);
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(1);
    client.say({ realtimeInput: { activityEnd: {} } });
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(2);
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    expect(await scene.closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(usage) / 1e9 }]);
  });

  it('is closed with 1008 without quota, and sends no audio upstream', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 0.001 });
    const client = await liveSession(scene.relay.url, token);
    client.say(audio);
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(scene.last().received).toHaveLength(1);
    expect(await scene.settled(id, 2)).toEqual([]);
  });

  it('reserves nothing while it only sends images', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 0.001 });
    const client = await liveSession(scene.relay.url, token);
    const image = { mimeType: 'image/jpeg', data: 'AAAA'.repeat(2_000) };
    client.say({ realtimeInput: { video: image } });
    client.say({ realtimeInput: { mediaChunks: [image] } });
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(1);
    expect(await scene.closed(client, id, 1)).toEqual([]);
  });
});

describe('a quota during a voice session', () => {
  it('closes the session at the third turn if it covers two, and withholds that turn', async () => {
    const used = { prompt: 1_000, response: 2_000 };
    scene.script = answeringLive(() => used);
    // A turn costs $0.0045 and reserves $0.0047 at first, then more for its history: two fit, a third does not.
    const { id, token } = await scene.relay.token({ quota_usd: 0.012 });
    const client = await liveSession(scene.relay.url, token, text);
    for (const words of ['one', 'two']) {
      client.say(turnOf(words));
      await client.next('turnComplete');
    }
    client.say(turnOf('three'));
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(scene.last().received).toHaveLength(3);
    const rows = await scene.settled(id, 4);
    expect(rows.map(({ cost_usd }) => nano(cost_usd))).toEqual([costOfTurn(used), costOfTurn(used)]);
  });

  it('delays a turn without room until the running turn ends', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 0.006 });
    const client = await liveSession(scene.relay.url, token, text);
    client.say(turnOf('one'));
    await sleep(100);
    scene.last().sayBinary({ serverContent: { modelTurn: { parts: [{ text: 'So,' }] } } });
    await client.next('modelTurn');
    client.say(turnOf('two'));
    await sleep(300);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(scene.last().received).toHaveLength(2);
    expect(await scene.settled(id, 3)).toMatchObject([
      { usage_source: 'upstream', cost_usd: costOfTurn(usage) / 1e9 },
    ]);
  });

  it('ends the session if spent within a turn, and charges what passed', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 0.006 });
    const client = await liveSession(scene.relay.url, token, text);
    client.say(turnOf('Go on and on.'));
    await sleep(100);
    scene.last().sayBinary({ serverContent: { modelTurn: { parts: [{ text: 'x'.repeat(9_000) }] } } });
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    const [row] = await scene.settled(id, 2);
    expect(row).toMatchObject({
      usage_source: 'estimated',
      error_code: 'insufficient_quota',
      output_tokens: 3_000,
    });
  });
});

it('refuses a limited token a model without a price, and charges an unlimited token nothing for it', async () => {
  await scene.relay.channel(liveChannel(scene.upstream, { name: 'new', models: ['gemini-9-live'] }));
  scene.script = answeringLive(() => usage);
  const open = async (token: string) => {
    const client = await liveSession(scene.relay.url, token, { model: 'models/gemini-9-live' });
    client.say(turnOf('Hello'));
    return client;
  };
  const limited = await scene.relay.token({ quota_usd: 1 });
  const refused = await open(limited.token);
  expect(await refused.closed).toMatchObject({ code: 1008, reason: 'model_price_unset' });
  expect(scene.last().received).toHaveLength(1);
  const { id, token } = await scene.relay.token();
  const client = await open(token);
  await client.next('turnComplete');
  expect(await scene.closed(client, id, 2)).toMatchObject([{ cost_usd: null, output_tokens: 100 }]);
});

describe('an interrupted session', () => {
  it.each(['client', 'upstream'] as const)(
    'is charged for its turn by what passed when cut by its %s',
    async (side) => {
      const { id, token } = await scene.relay.token({ quota_usd: 1 });
      const client = await liveSession(scene.relay.url, token);
      client.say(turnOf('Hello'));
      await sleep(100);
      scene.last().sayBinary(speech(64_000));
      await client.next('modelTurn');
      if (side === 'client') client.socket.terminate();
      else scene.last().socket.terminate();
      await client.closed;
      const [row] = await scene.settled(id, 2);
      // One second of speech.
      expect(row).toMatchObject({ usage_source: 'estimated', output_tokens: 25 });
      expect(row?.status).toBe(side === 'client' ? 499 : 502);
      const { input_tokens = 0, cost_usd = 0 } = row ?? {};
      expect(input_tokens).toBeGreaterThan(1_300);
      expect(input_tokens).toBeLessThan(1_350);
      expect(nano(cost_usd)).toBe(input_tokens * 500 + 25 * 12_000);
    },
  );

  it('is charged the upstream’s input before an answer if the client left, and nothing if the upstream did', async () => {
    for (const side of ['client', 'upstream'] as const) {
      const { id, token } = await scene.relay.token({ quota_usd: 1 });
      const client = await liveSession(scene.relay.url, token);
      client.say(turnOf('Hello'));
      await sleep(100);
      if (side === 'client') client.socket.terminate();
      else scene.last().socket.close(1011);
      await client.closed;
      const rows = await scene.settled(id, side === 'client' ? 2 : 1);
      expect(rows.map(({ output_tokens }) => output_tokens)).toEqual(side === 'client' ? [0] : []);
    }
  });
});
