// Tests which model a realtime session is charged and checked for if the URL does not fix it: changes that the
// client does not wait for, transcription sessions without a model yet, transcription beside an answer.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRealtime } from '../../support/realtime-client.ts';
import {
  answering,
  type RealtimeUpstream,
  type Script,
  sessionCreated,
} from '../../support/realtime-upstream.ts';
import type { TestRelay } from '../../support/relay.ts';
import { type RealtimeScene, startRealtimeScene } from './realtime-scene.ts';
import { nano, rowsOf, sleep } from './scene.ts';

let scene: RealtimeScene;
let relay: TestRelay;
let upstream: RealtimeUpstream;
let script: Script;

beforeAll(async () => {
  scene = await startRealtimeScene(
    () => script,
    ['gpt-realtime', 'gpt-realtime-mini', 'mapped', 'gpt-4o-transcribe', 'whisper-1', 'my-whisper'],
    { mapped: 'gpt-realtime-mini', 'my-whisper': 'whisper-1' },
  );
  ({ relay, upstream } = scene);
});
afterAll(() => scene?.stop());
beforeEach(() => {
  script = answering(() => ({ input: 1_000, output: 1_000 }));
});

/** The usage of an upstream's response: 1,000 tokens of text each way. */
const costs = { 'gpt-realtime': 20_000_000, 'gpt-realtime-mini': 3_000_000, mapped: 3_000_000 };
const change = (model: string) => ({ type: 'session.update', session: { type: 'realtime', model } });
const transcriptionBy = (model: string) => ({
  type: 'session.update',
  session: { type: 'transcription', audio: { input: { transcription: { model } } } },
});
const audio = { type: 'input_audio_buffer.append', audio: 'A'.repeat(64_000) };

/** Returns the charged models of the session's responses and transcripts, in order. */
async function chargesOf(id: string, rows: number) {
  const all = (await rowsOf(relay, id, rows)) as unknown as {
    id: string;
    requested_model: string;
    cost_usd: number;
  }[];
  const parts = all.filter(({ id }) => /_\d+$/.test(id)).sort((one, other) => one.id.localeCompare(other.id));
  return parts.map(({ requested_model, cost_usd }) => [requested_model, nano(cost_usd)]);
}

describe('a change of the model', () => {
  it('charges the next response at the model that answers, even if the client does not wait', async () => {
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    for (const model of ['gpt-realtime-mini', 'gpt-realtime', 'mapped'] as const) {
      client.say(change(model));
      client.say({ type: 'response.create' });
      await client.next('response.done');
    }
    client.socket.close(1000);
    expect(await chargesOf(id, 4)).toEqual([
      ['gpt-realtime-mini', costs['gpt-realtime-mini']],
      ['gpt-realtime', costs['gpt-realtime']],
      ['mapped', costs.mapped],
    ]);
  });

  it('to a more expensive one reserves at its price', async () => {
    // 2,000 tokens of speech cost $0.04 with the small model, $0.128 with the large one.
    const { token } = await relay.token({ quota_usd: 0.1 });
    const client = await openRealtime(relay.url, token, { query: '?model=gpt-realtime-mini' });
    client.say(change('gpt-realtime'));
    client.say({ type: 'response.create', event_id: 'mine' });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'insufficient_quota', event_id: 'mine' },
    });
    expect(upstream.sessions.at(-1)?.received).toHaveLength(1);
    client.socket.close();
  });

  it('is recognized after an update of another setting', async () => {
    // The upstream answers the first after both have arrived.
    const models: string[] = [];
    script = {
      ...script,
      event: (session, event) => {
        models.push((event.session as { model?: string }).model ?? 'gpt-realtime');
        if (models.length < 2) return;
        for (const model of models)
          session.say({ type: 'session.updated', session: { type: 'realtime', model } });
      },
    };
    const { token } = await relay.token({ models: ['gpt-realtime', 'mapped'] });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } });
    client.say(change('mapped'));
    await client.next('session.updated');
    await client.next('session.updated');
    await sleep(300);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.socket.close();
  });
});

it('checks and maps a model that is named in a binary frame', async () => {
  const { token } = await relay.token({ models: ['gpt-realtime', 'mapped'] });
  const client = await openRealtime(relay.url, token);
  await client.next('session.created');
  const binary: Buffer[] = [];
  upstream.sessions.at(-1)?.socket.on('message', (data, isBinary) => {
    if (isBinary) binary.push(data as Buffer);
  });
  client.socket.send(Buffer.from(JSON.stringify(change('gpt-realtime-mini'))));
  expect(await client.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
  client.socket.send(Buffer.from(JSON.stringify(change('mapped'))));
  await expect
    .poll(() => binary.map(String), { timeout: 5_000 })
    .toEqual([JSON.stringify(change('gpt-realtime-mini'))]);
  client.socket.close();
});

describe('a session of an edited token', () => {
  const edit = (id: string, models: string[]) => relay.manage('PATCH', `/api/tokens/${id}`, { models });

  it('ends if its model is no longer allowed, though a frame has named that model', async () => {
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token, { query: '' });
    client.say(change('gpt-realtime'));
    await client.next('session.updated');
    await sleep(1_500);
    await edit(id, ['gpt-realtime-mini']);
    // The ledger is called again every 10 s in any case.
    expect(await Promise.race([client.closed, sleep(6_000)])).toMatchObject({ reason: 'model_not_allowed' });
  });

  it('is checked for the model that answers now, not for the previous one', async () => {
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    client.say(change('gpt-realtime-mini'));
    await client.next('session.updated');
    await edit(id, ['gpt-realtime-mini']);
    await sleep(500);
    client.say({ type: 'response.create' });
    await client.next('response.done');
    await sleep(1_500);
    await edit(id, ['gpt-realtime']);
    expect(await Promise.race([client.closed, sleep(6_000)])).toMatchObject({ reason: 'model_not_allowed' });
  });
});

describe('a transcription session', () => {
  const completed = {
    type: 'conversation.item.input_audio_transcription.completed',
    item_id: 'item_1',
    transcript: 'Hello',
    usage: { type: 'duration', seconds: 9 },
  };
  beforeEach(() => {
    script = {
      opened: (session) => session.say({ type: 'session.created', session: { type: 'transcription' } }),
      event: (session, event) => {
        if (event.type === 'session.update') session.say({ type: 'session.updated', session: event.session });
        if (event.type === 'input_audio_buffer.append') session.say(completed);
      },
    };
  });

  it('without a model waits for the client to name one, and is charged for that model', async () => {
    const { id, token } = await relay.token({ models: ['whisper-1'] });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    await client.next('session.created');
    client.say(transcriptionBy('gpt-4o-transcribe'));
    expect(await client.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
    await sleep(300);
    client.say(transcriptionBy('whisper-1'));
    client.say(audio);
    await client.next(completed.type);
    client.socket.close(1000);
    expect((await client.closed).code).toBe(1000);
    expect(await chargesOf(id, 2)).toEqual([['whisper-1', 900_000]]);
  });

  it('without a model is closed if the default model is not allowed, and sends no audio', async () => {
    const { token } = await relay.token({ models: ['whisper-1'] });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    client.say(audio);
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'model_not_allowed' });
    expect(upstream.sessions.at(-1)?.received).toEqual([]);
  });

  it('maps its model to the channel’s name, also when opened by an ephemeral secret', async () => {
    const { token } = await relay.token({ models: ['my-whisper'] });
    const { session } = transcriptionBy('my-whisper');
    const secret = await mint(token, session);
    const openings = [
      await openRealtime(relay.url, secret.body.value ?? null, { query: '' }),
      await openRealtime(relay.url, token, { query: '?intent=transcription' }),
    ];
    openings[1]?.say(transcriptionBy('my-whisper'));
    for (const client of openings) await client.next('session.updated');
    const received = upstream.sessions.slice(-2).flatMap(({ received }) => received);
    expect(received.map((text) => JSON.parse(text).session)).toEqual([
      transcriptionBy('whisper-1').session,
      transcriptionBy('whisper-1').session,
    ]);
    for (const client of openings) client.socket.close();
  });

  it('is closed when its upstream changes to a model that is not allowed', async () => {
    const { token } = await relay.token({ models: ['whisper-1'] });
    const client = await openRealtime(relay.url, token, { query: '?intent=transcription' });
    client.say(transcriptionBy('whisper-1'));
    await client.next('session.updated');
    // The relay reads it as audio, and the upstream as an update: the last of two types.
    const { session } = transcriptionBy('gpt-4o-transcribe');
    client.socket.send(
      `{"type":"input_audio_buffer.append","audio":"","session":${JSON.stringify(session)},"type":"session.update"}`,
    );
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'model_not_allowed' });
  });

  it('may name an allowed model if its ephemeral secret names none', async () => {
    const { token } = await relay.token({ models: ['whisper-1'] });
    const secret = await mint(token, { type: 'transcription' });
    const client = await openRealtime(relay.url, secret.body.value ?? null, { query: '' });
    client.say(transcriptionBy('gpt-4o-transcribe'));
    expect(await client.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
    client.say(transcriptionBy('whisper-1'));
    client.say(audio);
    await client.next(completed.type);
    client.socket.close();
  });
});

describe('a transcription model beside the answers', () => {
  const session = {
    type: 'realtime',
    model: 'gpt-realtime',
    audio: { input: { transcription: { model: 'whisper-1' } } },
  };

  it('is refused in an update if not allowed, and the session continues', async () => {
    script = { ...script, opened: (session) => session.say(sessionCreated()) };
    const { token } = await relay.token({ models: ['gpt-realtime'] });
    const client = await openRealtime(relay.url, token);
    client.say({ type: 'session.update', event_id: 'mine', session });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'model_not_allowed', event_id: 'mine' },
    });
    client.say(audio);
    client.say({ type: 'response.create' });
    await client.next('response.done');
    expect(upstream.sessions.at(-1)?.received).toHaveLength(2);
    client.socket.close();
  });

  it('is refused in an ephemeral secret', async () => {
    const { token } = await relay.token({ models: ['gpt-realtime'] });
    expect(await mint(token, session)).toMatchObject({
      status: 403,
      body: { error: { code: 'model_not_allowed' } },
    });
    expect((await mint(token, { ...session, audio: {} })).status).toBe(200);
  });
});

async function mint(token: string, session: object) {
  const answer = await fetch(`${relay.url}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ session }),
  });
  return { status: answer.status, body: (await answer.json()) as { value?: string; error?: object } };
}
