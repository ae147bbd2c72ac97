// Tests the money of realtime sessions: quotas spent between and within responses, turns that the upstream takes
// on its own, transcripts, and interrupted responses.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRealtime } from '../../support/realtime-client.ts';
import {
  answering,
  type RealtimeUpstream,
  responseEvents,
  type Script,
  sessionCreated,
} from '../../support/realtime-upstream.ts';
import type { TestRelay } from '../../support/relay.ts';
import { type RealtimeScene, startRealtimeScene } from './realtime-scene.ts';
import { balanceOf, nano, type Row, rowsOf, sleep } from './scene.ts';

let scene: RealtimeScene;
let relay: TestRelay;
let upstream: RealtimeUpstream;
let script: Script;

beforeAll(async () => {
  scene = await startRealtimeScene(
    () => script,
    ['gpt-realtime', 'gpt-4o-transcribe', 'whisper-1', 'no-price'],
  );
  ({ relay, upstream } = scene);
});
afterAll(() => scene?.stop());
beforeEach(() => {
  script = answering(() => ({ input: 100, output: 500 }));
});

/** gpt-realtime, text only. */
const textCost = (input: number, output: number) => input * 4_000 + output * 16_000;
const last = () => upstream.sessions.at(-1);
const charged = (rows: Row[]) => rows.filter(({ usage_source }) => usage_source !== null);
const textSession = { type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } };
const silentVoice = {
  type: 'session.update',
  session: { type: 'realtime', audio: { input: { turn_detection: null } } },
};

describe('a quota during a realtime session', () => {
  it('serves two responses, refuses the third when spent, and leaves the session usable', async () => {
    script = answering(() => ({ input: 1_000, output: 2_000 }));
    // A response of 2,000 tokens may cost $0.036 plus its input: two fit, a third does not.
    const { id, token } = await relay.token({ quota_usd: 0.1 });
    const client = await openRealtime(relay.url, token);
    client.say(textSession);
    await client.next('session.updated');
    for (let index = 0; index < 2; index++) {
      client.say({ type: 'response.create' });
      await client.next('response.done');
    }
    client.say({ type: 'response.create', event_id: 'third' });
    expect(await client.next('error')).toMatchObject({
      error: { type: 'insufficient_quota', code: 'insufficient_quota', event_id: 'third' },
    });
    expect(last()?.received.filter((text) => text.includes('response.create'))).toHaveLength(2);
    client.say({ ...textSession, event_id: 'still here' });
    await client.next('session.updated');
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.socket.close(1000);
    expect((await client.closed).code).toBe(1000);
    const rows = charged(await rowsOf(relay, id, 4));
    expect(rows.map(({ cost_usd }) => nano(cost_usd))).toEqual([
      textCost(1_000, 2_000),
      textCost(1_000, 2_000),
    ]);
    expect(nano((await balanceOf(relay, id)).spent_usd)).toBe(2 * textCost(1_000, 2_000));
  });

  it('cancels a response when spent in the middle, and charges what the upstream reports', async () => {
    const [created, , , , done] = responseEvents({ input: 600, output: 3_000 }) as Record<
      string,
      { id: string }
    >[];
    const response = created?.response;
    script = {
      opened: (session) => session.say(sessionCreated()),
      event: async (session, event) => {
        if (event.type === 'session.update') session.say({ type: 'session.updated', session: event.session });
        if (event.type === 'response.cancel') session.say(done ?? {});
        if (event.type !== 'response.create') return;
        session.say(created ?? {});
        const delta = {
          type: 'response.output_text.delta',
          response_id: response?.id,
          delta: 'x'.repeat(9_000),
        };
        session.say(delta);
      },
    };
    const { id, token } = await relay.token({ quota_usd: 0.04 });
    const client = await openRealtime(relay.url, token);
    client.say(textSession);
    client.say({ type: 'response.create' });
    expect(await client.next('error', 8_000)).toMatchObject({ error: { code: 'insufficient_quota' } });
    await client.next('response.done');
    expect(last()?.received.map((text) => JSON.parse(text).type)).toEqual([
      'session.update',
      'response.create',
      'response.cancel',
    ]);
    client.socket.close();
    await client.closed;
    const rows = charged(await rowsOf(relay, id, 2));
    expect(rows).toMatchObject([{ error_code: 'insufficient_quota', usage_source: 'upstream' }]);
    expect(nano(rows[0]?.cost_usd ?? 0)).toBe(textCost(600, 3_000));
  });

  it('refuses a limited token a model without a price, and charges an unlimited token nothing for it', async () => {
    const limited = await relay.token({ quota_usd: 1 });
    await expect(openRealtime(relay.url, limited.token, { query: '?model=no-price' })).rejects.toMatchObject({
      status: 400,
      body: { error: { code: 'model_price_unset' } },
    });
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token, { query: '?model=no-price' });
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close();
    const rows = charged(await rowsOf(relay, id, 2));
    expect(rows).toMatchObject([{ cost_usd: null, output_tokens: 500 }]);
  });
});

const audio = { type: 'input_audio_buffer.append', audio: 'AAAA'.repeat(400) };

describe('a voice session', () => {
  it('reserves for the turn that the upstream takes on its own, and charges it', async () => {
    script = {
      opened: (session) => session.say(sessionCreated()),
      event: (session, event) => {
        if (event.type !== 'input_audio_buffer.append' || session.received.length !== 5) return;
        for (const frame of responseEvents({ input: 100, output: 50, inputAudio: 80, outputAudio: 50 }))
          session.say(frame);
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.say(audio);
    await sleep(300);
    const held = await balanceOf(relay, id);
    expect(held.open_requests).toBe(2);
    expect(held.reserved_usd).toBeGreaterThan(0.1);
    for (let index = 0; index < 6; index++) client.say(audio);
    await client.next('response.done');
    client.say(audio);
    await sleep(300);
    expect(last()?.received).toEqual(Array.from({ length: 8 }, () => JSON.stringify(audio)));
    client.socket.close();
    await client.closed;
    const rows = charged(await rowsOf(relay, id, 2));
    expect(rows.map(({ cost_usd }) => nano(cost_usd))).toEqual([20 * 4_000 + 80 * 32_000 + 50 * 64_000]);
    await sleep(300);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  });

  it('is closed with 1008 without quota, and sends no audio upstream', async () => {
    script = { opened: (session) => session.say(sessionCreated()) };
    const { token } = await relay.token({ quota_usd: 0.01 });
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.say(audio);
    expect(await client.next('error')).toMatchObject({ error: { code: 'insufficient_quota' } });
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    expect(last()?.received).toEqual([]);
  });

  it('releases the reservation for the upstream’s turns when the client takes over the turns', async () => {
    const { id, token } = await relay.token({ quota_usd: 0.2 });
    const client = await openRealtime(relay.url, token);
    client.say(audio);
    await expect.poll(async () => (await balanceOf(relay, id)).open_requests, { timeout: 5_000 }).toBe(2);
    client.say(silentVoice);
    await expect.poll(async () => (await balanceOf(relay, id)).open_requests, { timeout: 5_000 }).toBe(1);
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close();
  });

  it('needs no reservation for audio if the client takes the turns', async () => {
    const { token } = await relay.token({ quota_usd: 0.01 });
    const client = await openRealtime(relay.url, token);
    client.say(silentVoice);
    await client.next('session.updated');
    client.say(audio);
    client.say({ ...silentVoice, event_id: 'after' });
    await client.next('session.updated');
    client.socket.close();
  });

  it('is charged for an unforeseen response, which is cancelled without quota', async () => {
    const events = responseEvents({ input: 10, output: 10 });
    script = {
      opened: (session) => {
        session.say(sessionCreated());
        session.say(events[0] ?? {});
      },
      event: (session, event) => event.type === 'response.cancel' && session.say(events.at(-1) ?? {}),
    } as Script;
    const { id, token } = await relay.token({ quota_usd: 0.000000001 });
    const client = await openRealtime(relay.url, token);
    await client.next('response.done');
    client.socket.close();
    const rows = charged(await rowsOf(relay, id, 2));
    expect(nano(rows[0]?.cost_usd ?? 0)).toBe(textCost(10, 10));
  });
});

describe('a transcript', () => {
  const completed = (usage: object) => ({
    type: 'conversation.item.input_audio_transcription.completed',
    item_id: 'item_1',
    content_index: 0,
    transcript: 'Hello',
    usage,
  });
  const tokens = {
    type: 'tokens',
    input_tokens: 120,
    output_tokens: 30,
    total_tokens: 150,
    input_token_details: { audio_tokens: 120, text_tokens: 0 },
  };

  it.each([
    ['gpt-4o-transcribe', tokens, 120 * 6_000 + 30 * 10_000],
    ['whisper-1', { type: 'duration', seconds: 9 }, 900_000],
    // Without a price of its own: as the session's model, 10 tokens a second in and 6 out.
    ['gpt-realtime-whisper', { type: 'duration', seconds: 9 }, 90 * 32_000 + 54 * 16_000],
  ])('by %s beside a conversation is charged at its own model’s price', async (model, usage, cost) => {
    script = {
      opened: (session) => session.say(sessionCreated()),
      event: (session, event) => event.type === 'input_audio_buffer.append' && session.say(completed(usage)),
    } as Script;
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    const input = { turn_detection: null, transcription: { model } };
    client.say({ type: 'session.update', session: { type: 'realtime', audio: { input } } });
    client.say(audio);
    await client.next('conversation.item.input_audio_transcription.completed');
    client.socket.close();
    await client.closed;
    const rows = charged(await rowsOf(relay, id, 2));
    expect(rows.map(({ cost_usd }) => nano(cost_usd))).toEqual([cost]);
    await sleep(200);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  });

  it('is charged to a transcription session, whose model is checked', async () => {
    script = {
      opened: (session) => session.say({ type: 'session.created', session: { type: 'transcription' } }),
      event: (session, event) => event.type === 'input_audio_buffer.append' && session.say(completed(tokens)),
    } as Script;
    const { id, token } = await relay.token({ quota_usd: 1, models: ['gpt-4o-transcribe'] });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    const update = (model: string) =>
      client.say({
        type: 'session.update',
        session: { type: 'transcription', audio: { input: { transcription: { model } } } },
      });
    update('whisper-1');
    expect(await client.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
    update('gpt-4o-transcribe');
    client.say(audio);
    await client.next('conversation.item.input_audio_transcription.completed');
    expect(last()?.request.url).toBe('/v1/realtime?intent=transcription');
    expect(last()?.received).toHaveLength(2);
    client.socket.close();
    await client.closed;
    const rows = charged(await rowsOf(relay, id, 2));
    expect(rows.map(({ cost_usd }) => nano(cost_usd))).toEqual([120 * 6_000 + 30 * 10_000]);
  });
});

describe('an interrupted response', () => {
  it.each(['client', 'upstream'] as const)('is charged by what passed when cut by its %s', async (side) => {
    const [created] = responseEvents(null) as { response: { id: string } }[];
    script = {
      opened: (session) => session.say(sessionCreated()),
      event: (session, event) => {
        if (event.type !== 'response.create') return;
        session.say(created ?? {});
        session.say({
          type: 'response.output_text.delta',
          response_id: created?.response.id,
          delta: 'x'.repeat(300),
        });
        session.say({
          type: 'response.output_audio.delta',
          response_id: created?.response.id,
          delta: 'A'.repeat(64_000),
        });
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    if (side === 'client') client.socket.terminate();
    else last()?.socket.terminate();
    await client.closed;
    const rows = charged(await rowsOf(relay, id, 2));
    // 600 tokens of the uncounted prompt, 100 of text, one second of speech.
    expect(rows).toMatchObject([{ usage_source: 'estimated', input_tokens: 600, output_tokens: 120 }]);
    expect(nano(rows[0]?.cost_usd ?? 0)).toBe(600 * 4_000 + 100 * 16_000 + 20 * 64_000);
    await sleep(200);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  });

  it('releases its reservation when the upstream refuses it before it begins', async () => {
    script = {
      opened: (session) => session.say(sessionCreated()),
      event: (session, { event_id }) =>
        session.say({ type: 'error', error: { type: 'invalid_request_error', code: 'x', event_id } }),
    } as Script;
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create', event_id: 'mine' });
    await client.next('error');
    await sleep(300);
    expect((await balanceOf(relay, id)).open_requests).toBe(1);
    client.socket.close();
    expect(charged(await rowsOf(relay, id, 1))).toEqual([]);
  });
});
