// Tests unreported usage and refusals that name no event: transcripts and responses without usage, interrupted in
// the middle, and turns requested in vain.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealtime } from '../../support/realtime-client.ts';
import {
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
    () => ({ opened: (session) => session.say(sessionCreated()), ...script }),
    ['gpt-realtime', 'gpt-4o-transcribe', 'whisper-1'],
  );
  ({ relay, upstream } = scene);
});
afterAll(() => scene?.stop());

const partsOf = (rows: Row[]) => rows.filter(({ id }) => /_\d+$/.test(id));
/** A second of PCM16 at 24 kHz. */
const second = { type: 'input_audio_buffer.append', audio: 'A'.repeat(64_000) };
const transcribing = 'conversation.item.input_audio_transcription';

async function settled(id: string, rows: number): Promise<Row[]> {
  const all = await rowsOf(relay, id, rows);
  await expect.poll(async () => (await balanceOf(relay, id)).open_requests, { timeout: 5_000 }).toBe(0);
  expect((await balanceOf(relay, id)).reserved_usd).toBe(0);
  return partsOf(all);
}

describe('a transcript without reported usage', () => {
  it.each([
    // For a second: 10 tokens in and 6 out, or a second at $0.36 an hour.
    ['gpt-4o-transcribe', 10 * 6_000 + 6 * 10_000],
    ['whisper-1', 100_000],
  ])('by %s is charged by the audio sent', async (model, cost) => {
    script = {
      event: (session, { type }) => {
        if (type === 'session.update')
          session.say({ type: 'session.updated', session: { type: 'transcription' } });
        if (type === second.type) session.say({ type: `${transcribing}.completed`, transcript: 'Hello' });
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    client.say({
      type: 'session.update',
      session: { type: 'transcription', audio: { input: { transcription: { model } } } },
    });
    for (let index = 0; index < 2; index++) {
      client.say(second);
      await client.next(`${transcribing}.completed`);
    }
    client.socket.close(1000);
    const rows = await settled(id, 3);
    expect(rows.map(({ usage_source, cost_usd }) => [usage_source, nano(cost_usd)])).toEqual([
      ['estimated', cost],
      ['estimated', cost],
    ]);
  });

  it('costs nothing if nobody requested it', async () => {
    script = {
      event: (session, { type }) => {
        if (type === second.type) session.say({ type: `${transcribing}.completed`, transcript: 'Hello' });
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say(second);
    await client.next(`${transcribing}.completed`);
    client.socket.close(1000);
    expect(await settled(id, 2)).toMatchObject([{ usage_source: null, cost_usd: 0 }]);
  });

  it('is charged by its speech if the client saw its text but not its end', async () => {
    script = {
      event: (session, { type }) => {
        if (type !== second.type || session.received.length !== 3) return;
        session.say({ type: 'input_audio_buffer.speech_started', audio_start_ms: 500 });
        session.say({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: 2_500 });
        session.say({ type: `${transcribing}.delta`, delta: 'All that was said' });
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    for (let index = 0; index < 3; index++) client.say(second);
    await client.next(`${transcribing}.delta`);
    client.socket.terminate();
    expect(await settled(id, 2)).toMatchObject([
      { status: 499, usage_source: 'estimated', input_tokens: 20, output_tokens: 12 },
    ]);
  });

  it('costs nothing for audio that was never transcribed', async () => {
    script = {};
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    client.say(second);
    await sleep(300);
    client.socket.close(1000);
    expect(await settled(id, 1)).toEqual([]);
  });
});

describe('a response without reported usage', () => {
  const created = { type: 'response.created', response: { id: 'resp_1' } };
  const done = (status: string) => ({
    response: { id: 'resp_1', status, usage: null },
    type: 'response.done',
  });

  it.each([
    ['completed', 'estimated'],
    ['incomplete', 'estimated'],
    ['failed', null],
    ['cancelled', null],
  ])('that is %s without any output has the usage source %s', async (status, source) => {
    script = {
      event: (session, { type }) => {
        if (type === 'response.create') for (const frame of [created, done(status)]) session.say(frame);
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close(1000);
    const rows = await settled(id, 2);
    expect(rows).toMatchObject([{ usage_source: source, input_tokens: source === null ? 0 : 600 }]);
  });

  it('is charged by its text, whatever the order of an event’s members', async () => {
    const delta = { delta: 'x'.repeat(300), response_id: 'resp_1', type: 'response.output_text.delta' };
    script = {
      event: (session, { type }) => {
        if (type === 'response.create')
          for (const frame of [created, delta, done('completed')]) session.say(frame);
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close(1000);
    expect(await settled(id, 2)).toMatchObject([{ input_tokens: 600, output_tokens: 100 }]);
  });
});

describe('a response refused by the upstream', () => {
  const refusal = (error: object) => ({
    type: 'error',
    error: { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', event_id: null, ...error },
  });

  it('releases its reservation if the error does not name the event', async () => {
    script = {
      event: (session, { type }) => {
        if (type === 'response.create') session.say(refusal({ param: 'response.max_output_tokens' }));
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create', response: { max_output_tokens: -1 } });
    await client.next('error');
    await expect.poll(async () => (await balanceOf(relay, id)).open_requests, { timeout: 5_000 }).toBe(1);
    client.socket.close(1000);
    expect(await settled(id, 1)).toEqual([]);
  });

  it('costs nothing if the error names nothing and the client has left', async () => {
    script = {
      event: (session, { type }) => {
        if (type === 'response.create') session.say(refusal({ param: null }));
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create' });
    await client.next('error');
    client.socket.close(1000);
    expect(await settled(id, 1)).toEqual([]);
  });

  it('retains its reservation if the error is about another event', async () => {
    script = {
      event: (session, { type }) => {
        if (type === 'session.update') session.say(refusal({ param: 'session.voice' }));
        if (type !== 'response.create') return;
        for (const frame of responseEvents({ input: 100, output: 10 })) session.say(frame);
      },
    };
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'response.create' });
    client.say({ type: 'session.update', session: { voice: 'nobody' } });
    await client.next('response.done');
    await client.next('error');
    client.socket.close(1000);
    expect(await settled(id, 2)).toMatchObject([{ usage_source: 'upstream', input_tokens: 100 }]);
  });
});

it('reserves for input inside a response, and withholds a response that exceeds the quota', async () => {
  script = {};
  const { id, token } = await relay.token({ quota_usd: 0.2 });
  const client = await openRealtime(relay.url, token);
  const content = [{ type: 'input_text', text: 'word '.repeat(80_000) }];
  const response = { conversation: 'none', input: [{ type: 'message', role: 'user', content }] };
  client.say({ type: 'response.create', response });
  expect(await client.next('error')).toMatchObject({ error: { code: 'insufficient_quota' } });
  expect(upstream.sessions.at(-1)?.received).toEqual([]);
  client.socket.close();
  expect((await balanceOf(relay, id)).spent_usd).toBe(0);
});

it('leaves the conversation’s length unchanged after a response outside of it', async () => {
  const figures = [
    { input: 20_000, output: 1_000 },
    { input: 50, output: 10 },
  ];
  script = {
    event: (session, { type }) => {
      const usage = type === 'response.create' ? figures.shift() : undefined;
      if (usage !== undefined) for (const frame of responseEvents(usage)) session.say(frame);
    },
  };
  const { id, token } = await relay.token({ quota_usd: 1 });
  const client = await openRealtime(relay.url, token);
  for (const response of [{}, { conversation: 'none', input: [] }]) {
    client.say({ type: 'response.create', response });
    await client.next('response.done');
  }
  client.say({ type: 'response.create' });
  // 21,000 tokens of text at $4 per million, and 2,000 of speech.
  await expect
    .poll(async () => (await balanceOf(relay, id)).reserved_usd, { timeout: 5_000 })
    .toBeGreaterThan(0.084 + 0.128);
  client.socket.terminate();
});

it('charges a response once if its end is reported twice', async () => {
  script = {
    event: (session, { type }) => {
      if (type !== 'response.create') return;
      const events = responseEvents({ input: 100, output: 10 });
      for (const frame of [...events, events.at(-1) ?? {}]) session.say(frame);
    },
  };
  const { id, token } = await relay.token({ quota_usd: 1 });
  const client = await openRealtime(relay.url, token);
  for (let index = 0; index < 2; index++) {
    client.say({ type: 'response.create' });
    for (let ends = 0; ends < 2; ends++) await client.next('response.done');
  }
  client.socket.close(1000);
  expect(await settled(id, 3)).toHaveLength(2);
});
