// The two realtime APIs as a run of failing sessions uses them: both ends, and their usage reports.
import type { WebSocket } from 'ws';
import { costOfTurn, liveChannel, liveModel, openLive, turnMessages, turnOf } from '../../support/live.ts';
import { openRealtime, type RealtimeClient } from '../../support/realtime-client.ts';
import {
  channelTo,
  type RealtimeUpstream,
  responseEvents,
  sessionCreated,
  type UpstreamSession,
} from '../../support/realtime-upstream.ts';

export interface Caller {
  socket: WebSocket;
  closed: Promise<unknown>;
  /** Requests so many responses one after the other, then closes. Throws when the session ends before that. */
  hold(answers: number): Promise<void>;
}

export interface RealtimeApi {
  channel(upstream: RealtimeUpstream): Record<string, unknown>;
  opened(session: UpstreamSession): void;
  /** The name that the client gave its session, where the upstream can see it. */
  nameOf(session: UpstreamSession): string;
  /** Whether a frame of the client requests a response; other frames are answered here. */
  requestsResponse(session: UpstreamSession, event: Record<string, unknown>): boolean;
  /** Returns the frames of a response with so many input tokens. */
  answer(inputTokens: number): object[];
  say(session: UpstreamSession, frame: object): void;
  /** Returns the input tokens that a frame reports, or null. */
  reportIn(frame: object): number | null;
  open(url: string, token: string, name: string): Promise<Caller>;
  /** The cost in nano-USD, with 50 tokens of output. */
  costOf(tokens: { input_tokens: number; output_tokens: number }): number;
}

export const openaiApi: RealtimeApi = {
  channel: (upstream) => channelTo(upstream),
  opened: (session) => session.say(sessionCreated()),
  nameOf: ({ request }) => String(request.headers['openai-safety-identifier'] ?? ''),
  requestsResponse: (_, event) => event.type === 'response.create',
  answer: (input) => responseEvents({ input, output: 50 }, 4),
  say: (session, frame) => session.say(frame),
  reportIn: (frame) => {
    const { response } = frame as { response?: { usage?: { input_tokens: number } } };
    return response?.usage?.input_tokens ?? null;
  },
  open: async (url, token, name) => {
    const headers = { authorization: `Bearer ${token}`, 'openai-safety-identifier': name };
    const client = await openRealtime(url, token, { socket: { headers } });
    return { socket: client.socket, closed: client.closed, hold: (answers) => holdRealtime(client, answers) };
  },
  // gpt-realtime, text.
  costOf: ({ input_tokens, output_tokens }) => input_tokens * 4_000 + output_tokens * 16_000,
};

async function holdRealtime(client: RealtimeClient, answers: number): Promise<void> {
  await client.next('session.created');
  client.say({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
  for (let index = 0; index < answers; index++) {
    client.say({ type: 'response.create' });
    await client.next('response.done', 20_000);
  }
  client.socket.close(1000);
}

const names = new WeakMap<UpstreamSession, string>();

export const liveApi: RealtimeApi = {
  channel: (upstream) => liveChannel(upstream),
  opened: () => undefined,
  nameOf: (session) => names.get(session) ?? '',
  requestsResponse: (session, event) => {
    const setup = event.setup as { systemInstruction?: string } | undefined;
    if (setup !== undefined) {
      names.set(session, setup.systemInstruction ?? '');
      session.sayBinary({ setupComplete: {} });
    }
    return 'clientContent' in event;
  },
  answer: (prompt) => turnMessages({ prompt, response: 50 }, 4),
  say: (session, frame) => session.sayBinary(frame),
  reportIn: (frame) => {
    const { usageMetadata } = frame as { usageMetadata?: { promptTokenCount: number } };
    return usageMetadata?.promptTokenCount ?? null;
  },
  open: async (url, token, name) => {
    const client = await openLive(url, { query: `?key=${token}` });
    const generationConfig = { responseModalities: ['TEXT'] };
    const setup = { model: `models/${liveModel}`, systemInstruction: name, generationConfig };
    const hold = async (answers: number) => {
      client.say({ setup });
      await client.next('setupComplete');
      for (let index = 0; index < answers; index++) {
        client.say(turnOf('Go on.'));
        await client.next('turnComplete');
      }
      client.socket.close(1000);
    };
    return { socket: client.socket, closed: client.closed, hold };
  },
  costOf: ({ input_tokens, output_tokens }) => costOfTurn({ prompt: input_tokens, response: output_tokens }),
};
