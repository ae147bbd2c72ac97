// Both ends of a session of Gemini's Live API: a client for tests, and an upstream's messages.
import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { opened } from './realtime-client.ts';
import type { Script } from './realtime-upstream.ts';

export const livePath = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

/** The model of the tests; USD a million tokens: text 0.50 and 2, audio 3 and 12. */
export const liveModel = 'gemini-2.5-flash-native-audio-preview-09-2025';

type Message = Record<string, unknown> & {
  serverContent?: { turnComplete?: boolean };
  setupComplete?: object;
};

export interface LiveClient {
  socket: WebSocket;
  /** The messages as they arrived, text and binary alike. */
  received: string[];
  isBinary: boolean[];
  closed: Promise<{ code: number; reason: string; atMs: number }>;
  say(message: object): void;
  /** Returns the next message with that member, each message once. Throws after 5 s, or when the socket closes. */
  next(name: 'setupComplete' | 'turnComplete' | 'modelTurn' | 'toolCall' | 'goAway'): Promise<Message>;
}

/**
 * Opens a session; rejects with the refusal's status and body. `credential` is the query or the headers with the
 * token.
 */
export async function openLive(
  url: string,
  credential: { query?: string; headers?: Record<string, string> },
  path = livePath,
  options: ClientOptions = {},
): Promise<LiveClient> {
  const { query = '', headers = {} } = credential;
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}${query}`, { headers, ...options });
  const client = clientOf(socket);
  await opened(socket);
  return client;
}

/** Opens a session with the token in the query, and sets it up. */
export async function liveSession(url: string, token: string, setup: object = {}): Promise<LiveClient> {
  const client = await openLive(url, { query: `?key=${token}` });
  client.say({ setup: { model: `models/${liveModel}`, ...setup } });
  await client.next('setupComplete');
  return client;
}

/** Returns a text turn of the client. */
export const turnOf = (text: string) => ({
  clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true },
});

function clientOf(socket: WebSocket): LiveClient {
  const received: string[] = [];
  const isBinary: boolean[] = [];
  const news = new EventTarget();
  let at = 0;
  const closed = new Promise<{ code: number; reason: string; atMs: number }>((resolve) => {
    socket.once('close', (code, reason) => {
      news.dispatchEvent(new Event('news'));
      resolve({ code, reason: String(reason), atMs: Date.now() });
    });
  });
  socket.on('error', () => undefined);
  socket.on('message', (data, binary) => {
    received.push(String(data));
    isBinary.push(binary);
    news.dispatchEvent(new Event('news'));
  });
  const find = (name: string) => {
    for (let index = at; index < received.length; index++) {
      const message = JSON.parse(received[index] ?? '') as Message;
      if (!(name in message) && !(name in (message.serverContent ?? {}))) continue;
      at = index + 1;
      return message;
    }
    return null;
  };
  return {
    socket,
    received,
    isBinary,
    closed,
    say: (message) => socket.send(JSON.stringify(message)),
    next: async (name) => {
      const deadlineMs = Date.now() + 5_000;
      for (;;) {
        const message = find(name);
        if (message !== null) return message;
        if (socket.readyState === socket.CLOSED) throw new Error(`closed before ${name} came`);
        const leftMs = deadlineMs - Date.now();
        if (leftMs <= 0) throw new Error(`no ${name} within 5 s; ${received.length} frames came`);
        await once(news, 'news', { signal: AbortSignal.timeout(leftMs) }).catch(() => undefined);
      }
    },
  };
}

/** The usage that a turn reports. */
export interface TurnUsage {
  prompt: number;
  response: number;
  promptAudio?: number;
  responseAudio?: number;
  cached?: number;
  thoughts?: number;
  toolPrompt?: number;
}

/** Returns a usageMetadata in the Live API's form: thoughts are in neither the response nor the total. */
export function liveUsage(usage: TurnUsage): object {
  const { prompt, response, promptAudio = 0, responseAudio = 0, cached, thoughts, toolPrompt } = usage;
  const details = (text: number, audio: number) => [
    ...(text > 0 ? [{ modality: 'TEXT', tokenCount: text }] : []),
    ...(audio > 0 ? [{ modality: 'AUDIO', tokenCount: audio }] : []),
  ];
  return {
    promptTokenCount: prompt,
    responseTokenCount: response,
    totalTokenCount: prompt + response,
    promptTokensDetails: details(prompt - promptAudio, promptAudio),
    responseTokensDetails: details(response - responseAudio, responseAudio),
    ...(cached !== undefined && { cachedContentTokenCount: cached }),
    ...(thoughts !== undefined && { thoughtsTokenCount: thoughts }),
    ...(toolPrompt !== undefined && { toolUsePromptTokenCount: toolPrompt }),
  };
}

/**
 * Returns the cost with the model of the tests, in nano-USD. Cached input has no price of its own and costs as
 * input.
 */
export function costOfTurn(usage: TurnUsage): number {
  const { prompt, response, promptAudio = 0, responseAudio = 0, thoughts = 0, toolPrompt = 0 } = usage;
  const input = (prompt + toolPrompt - promptAudio) * 500 + promptAudio * 3_000;
  return input + (response - responseAudio + thoughts) * 2_000 + responseAudio * 12_000;
}

const modelTurn = (part: object) => ({ serverContent: { modelTurn: { parts: [part] } } });

/** Returns speech of that length in base64. */
export const speech = (characters: number) =>
  modelTurn({ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA'.repeat(characters / 4) } });

/** Returns the messages of one turn, in order. */
export function turnMessages(usage: TurnUsage | null, pieces = 3): object[] {
  return [
    ...Array.from({ length: pieces }, () => modelTurn({ text: 'word ' })),
    { serverContent: { generationComplete: true } },
    {
      serverContent: { turnComplete: true },
      ...(usage !== null && { usageMetadata: liveUsage(usage) }),
    },
  ];
}

/** Returns an upstream that accepts any setup, and answers every turn of the client with that usage. */
export function answeringLive(usageOf: (index: number) => TurnUsage | null, pieces = 3): Script {
  let index = 0;
  return {
    event: (session, message) => {
      if ('setup' in message) session.sayBinary({ setupComplete: {} });
      const content = message.clientContent as { turnComplete?: boolean } | undefined;
      if (content?.turnComplete !== true) return;
      for (const reply of turnMessages(usageOf(index), pieces)) session.sayBinary(reply);
      index += 1;
    },
  };
}

/** Returns the fields of a channel to this upstream. */
export const liveChannel = ({ url }: { url: string }, fields: Record<string, unknown> = {}) => ({
  name: 'live',
  provider: 'gemini',
  base_url: url,
  keys: ['key-of-the-operator'],
  models: [liveModel],
  ...fields,
});
