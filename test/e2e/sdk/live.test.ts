// Runs Google's official SDK against the Live API: conversations are the same with and without the relay; recorded
// ones pass byte for byte both ways, and are charged by their usages.
import {
  GoogleGenAI,
  type LiveConnectConfig,
  type LiveServerMessage,
  Modality,
  type Session,
} from '@google/genai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { costNanoUsd, tableRates } from '../../../src/metering/price.ts';
import { usageOfTurn } from '../../../src/realtime/gemini/upstream-frames.ts';
import {
  costOfTurn,
  liveChannel,
  liveModel,
  livePath,
  liveUsage,
  openLive,
  speech,
  turnMessages,
} from '../../support/live.ts';
import { liveTranscripts, replaying } from '../../support/realtime-replay.ts';
import {
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, nano, rowsOf, sleep } from '../sockets/scene.ts';

let relay: TestRelay;
let upstream: RealtimeUpstream;
let script: Script;

beforeAll(async () => {
  [relay, upstream] = await Promise.all([
    startRelay(),
    startRealtimeUpstream({
      opened: (session) => script.opened?.(session),
      event: (session, event) => script.event?.(session, event),
    }),
  ]);
  await relay.channel(liveChannel(upstream));
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});

const calling = { prompt: 1_300, response: 20, promptAudio: 90 };
const answering = { prompt: 1_400, response: 60, promptAudio: 90, responseAudio: 55, thoughts: 12 };
const greeting = { prompt: 1_250, response: 9 };

beforeEach(() => {
  script = {
    event: (session, message) => {
      const say = (...messages: object[]) => messages.forEach(session.sayBinary);
      if ('setup' in message) say({ setupComplete: {} });
      if ('clientContent' in message) say(...turnMessages(greeting));
      const input = message.realtimeInput as { audioStreamEnd?: boolean } | undefined;
      if (input?.audioStreamEnd === true)
        say(
          { serverContent: { inputTranscription: { text: 'What is the time?' } } },
          {
            toolCall: { functionCalls: [{ id: 'call_1', name: 'now', args: {} }] },
            usageMetadata: liveUsage(calling),
          },
        );
      if ('toolResponse' in message)
        say(
          speech(8_000),
          { serverContent: { outputTranscription: { text: 'Five.' } } },
          ...turnMessages(answering, 0),
          { sessionResumptionUpdate: { newHandle: 'handle', resumable: true } },
          { goAway: { timeLeft: '50s' } },
        );
    },
  };
});

/** Returns the messages to the SDK, up to the one with `last`. */
async function converse(
  baseUrl: string,
  apiKey: string,
): Promise<{ messages: LiveServerMessage[]; closed: { code: number; reason: string } }> {
  const messages: LiveServerMessage[] = [];
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  let arrived = () => {};
  const session = await connect(baseUrl, apiKey, {
    onmessage: (message) => {
      messages.push(message);
      arrived();
    },
    onclose: ({ code, reason }) => ended.resolve({ code, reason }),
  });
  const until = async (isThere: (message: LiveServerMessage) => boolean) => {
    while (!messages.some(isThere)) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
  };
  session.sendClientContent({ turns: 'Hello', turnComplete: true });
  await until(({ serverContent }) => serverContent?.turnComplete === true);
  const data = Buffer.alloc(3_200).toString('base64');
  for (let index = 0; index < 5; index++)
    session.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
  session.sendRealtimeInput({ audioStreamEnd: true });
  await until(({ toolCall }) => toolCall !== undefined);
  session.sendToolResponse({ functionResponses: { id: 'call_1', name: 'now', response: { output: '5' } } });
  await until(({ goAway }) => goAway !== undefined);
  session.close();
  return { messages, closed: await ended.promise };
}

interface Connecting {
  version?: string;
  model?: string;
  onmessage?(message: LiveServerMessage): void;
  onclose?(event: { code: number; reason: string }): void;
}

function connect(
  baseUrl: string,
  apiKey: string,
  { onmessage = () => undefined, onclose = () => undefined, version, model = liveModel }: Connecting = {},
): Promise<Session> {
  const config: LiveConnectConfig = {
    responseModalities: [Modality.AUDIO],
    systemInstruction: 'Be brief.',
    tools: [{ functionDeclarations: [{ name: 'now' }] }],
    inputAudioTranscription: {},
    sessionResumption: {},
  };
  const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl, ...(version && { apiVersion: version }) } });
  return ai.live.connect({ model, config, callbacks: { onmessage, onclose: onclose as never } });
}

describe('the SDK', () => {
  it('has the same conversation as without the relay, and each turn is charged once', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const direct = await converse(upstream.url, 'some-key');
    const relayed = await converse(relay.url, token);
    expect(relayed.messages).toEqual(direct.messages);
    const [first, second] = upstream.sessions.slice(-2);
    expect(second?.received).toEqual(first?.received);
    expect(second?.sent).toEqual(first?.sent);
    // The SDK's own version, and two slashes.
    expect(second?.request.url).toBe(livePath.replace('v1beta', 'v1'));
    expect(first?.request.url).toContain(second?.request.url);
    expect(second?.request.headers['user-agent']).toBe(first?.request.headers['user-agent']);
    const rows = await rowsOf(relay, id, 4);
    const costs = rows
      .filter(({ usage_source }) => usage_source === 'upstream')
      .map(({ cost_usd }) => nano(cost_usd));
    expect(costs.sort()).toEqual([greeting, calling, answering].map(costOfTurn).sort());
    await sleep(200);
    const balance = await balanceOf(relay, id);
    expect(balance).toMatchObject({ open_requests: 0, reserved_usd: 0 });
    expect(nano(balance.spent_usd)).toBe(costs.reduce((sum, cost) => sum + cost, 0));
  });

  it('accepts a base URL that ends in a version', async () => {
    const { token } = await relay.token();
    for (const version of ['v1beta', 'v1alpha']) {
      const session = await connect(`${relay.url}/v1beta`, token, { version });
      session.close();
      expect(upstream.sessions.at(-1)?.request.url).toBe(livePath.replace('v1beta', version));
    }
  });

  it('raises an error for an invalid token, a forbidden model and an unknown model', async () => {
    await expect(connect(relay.url, 'sk-oo8-wrong')).rejects.toThrow('401');
    const { token } = await relay.token({ models: ['gemini-2.0-flash'] });
    await expect(connect(relay.url, token)).rejects.toThrow('(code 1008): model_not_allowed');
    const any = await relay.token();
    await expect(connect(relay.url, any.token, { model: 'nobody-has-it' })).rejects.toThrow(
      '(code 1008): model_not_found',
    );
  });

  it('receives a close frame when the quota does not cover its next turn', async () => {
    const { token } = await relay.token({ quota_usd: 0.001 });
    const closed = Promise.withResolvers<{ code: number; reason: string }>();
    const session = await connect(relay.url, token, { onclose: closed.resolve });
    session.sendClientContent({ turns: 'Hello' });
    expect(await closed.promise).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
  });
});

describe.skipIf(liveTranscripts().length === 0)('recorded sessions', () => {
  it.each(liveTranscripts())(
    'passes $name with byte-identical frames both ways and charges each turn once',
    async (transcript) => {
      script = replaying(
        () => transcript,
        (session, event) => session.sayBinary(event),
      );
      const { id, token } = await relay.token({ quota_usd: 1 });
      const client = await openLive(relay.url, { headers: { 'x-goog-api-key': token } });
      const from = (dir: string) =>
        transcript.lines.filter((line) => line.dir === dir).map(({ event }) => event);
      for (const event of from('client')) {
        client.say(event);
        if ('client_content' in event) await client.next('toolCall');
      }
      await client.next('turnComplete');
      const session = upstream.sessions.at(-1);
      expect(client.received).toEqual(session?.sent);
      expect(client.received.map((text) => JSON.parse(text))).toEqual(from('server'));
      expect(session?.received).toEqual(from('client').map((event) => JSON.stringify(event)));
      client.socket.close();
      const usages = from('server').flatMap(({ usageMetadata }) => usageOfTurn(usageMetadata ?? {}) ?? []);
      const rates = tableRates('gemini', liveModel, undefined, new Date());
      if (rates === null) throw new Error('the model has no price');
      const rows = await rowsOf(relay, id, usages.length + 1);
      const charged = rows.filter(({ usage_source }) => usage_source !== null);
      expect(charged.map(({ cost_usd }) => nano(cost_usd))).toEqual(
        usages.map((usage) => costNanoUsd(usage, rates)),
      );
      expect(usages).toHaveLength(1);
    },
  );
});
