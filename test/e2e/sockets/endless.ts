// Defines streams of every format without an end, and finds the error at a client's end of them.
import type { ServerResponse } from 'node:http';
import type { Handler } from '../../support/upstream.ts';

/** One way to request a stream. */
export interface StreamKind {
  name: string;
  path: string;
  body: object;
  headers(token: string): Record<string, string>;
  /** The upstream's first piece, and every later one; each ends at an event boundary. */
  first: string;
  piece(index: number): string;
  /** Returns the error that a client's parser finds at the end of the text; throws without one. */
  errorIn(text: string): { message: string; [field: string]: unknown };
}

const messages = [{ role: 'user', content: 'Count.' }];
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const chunk =
  'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n';

const chat = (name: string, options: object): StreamKind => ({
  name,
  path: '/v1/chat/completions',
  body: { model: 'gpt-4o', stream: true, messages, ...options },
  headers: bearer,
  first: chunk,
  piece: () => chunk,
  errorIn: (text) => lastData(text).error,
});

const candidate = '{"candidates":[{"content":{"role":"model","parts":[{"text":"word "}]},"index":0}]}';

export const kinds: readonly StreamKind[] = [
  chat('chat completions', {}),
  chat('chat completions with usage', { stream_options: { include_usage: true } }),
  {
    name: 'responses',
    path: '/v1/responses',
    body: { model: 'gpt-4o', stream: true, store: false, input: 'Count.' },
    headers: bearer,
    first:
      'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1"}}\n\n',
    piece: (index) =>
      `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${index},"delta":"word "}\n\n`,
    errorIn: (text) => {
      const events = dataOf(text);
      const last = events.at(-1);
      if (last.type !== 'error') throw new Error(`no error: ${JSON.stringify(last)}`);
      if (last.sequence_number !== events.at(-2).sequence_number + 1) throw new Error('out of sequence');
      return last;
    },
  },
  {
    name: 'messages',
    path: '/v1/messages',
    body: { model: 'claude-3-5-haiku-20241022', stream: true, max_tokens: 4_000, messages },
    headers: (token) => ({ 'x-api-key': token }),
    first:
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}\n\n' +
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    piece: () =>
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word "}}\n\n',
    errorIn: (text) => {
      if (!/event: error\ndata: [^\n]*\n\n$/.test(text)) throw new Error(`no error: ${text.slice(-200)}`);
      const last = lastData(text);
      if (last.type !== 'error') throw new Error('no error');
      return last.error;
    },
  },
  {
    name: 'generate, events',
    path: '/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse',
    body: { contents: [{ parts: [{ text: 'Count.' }] }] },
    headers: (token) => ({ 'x-goog-api-key': token }),
    first: `data: ${candidate}\r\n\r\n`,
    piece: () => `data: ${candidate}\r\n\r\n`,
    errorIn: (text) => lastData(text).error,
  },
  {
    name: 'generate, array',
    path: '/v1beta/models/gemini-2.0-flash:streamGenerateContent',
    body: { contents: [{ parts: [{ text: 'Count.' }] }] },
    headers: (token) => ({ 'x-goog-api-key': token }),
    first: `[${candidate}`,
    piece: () => `\n,\r\n${candidate}`,
    errorIn: (text) => JSON.parse(text).at(-1).error,
  },
];

// biome-ignore lint/suspicious/noExplicitAny: events of every shape.
function dataOf(text: string): any[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)));
}

// biome-ignore lint/suspicious/noExplicitAny: events of every shape.
function lastData(text: string): any {
  const last = dataOf(text).at(-1);
  if (last?.error === undefined) throw new Error(`no error at the end: ${text.slice(-300)}`);
  return last;
}

/** Returns the kind of a request at the upstream. */
export function kindAt(path: string): StreamKind {
  const kind = kinds.find((candidate) => {
    const [route = '', query = ''] = candidate.path.split('?');
    return path.startsWith(route) && path.includes('?') === (query !== '');
  });
  if (kind === undefined) throw new Error(`no kind for ${path}`);
  return kind;
}

export function openStream(kind: StreamKind, response: ServerResponse): void {
  const type = kind.name === 'generate, array' ? 'application/json' : 'text/event-stream';
  response.writeHead(200, { 'content-type': type });
  response.write(kind.first);
}

/** Starts an upstream whose streams run until the relay closes them, which is reported to `onClose`. */
export function endless(onClose: () => void, everyMs = 40): Handler {
  return ({ path }, response) => {
    const kind = kindAt(path);
    openStream(kind, response);
    let index = 0;
    const timer = setInterval(() => {
      index += 1;
      response.write(kind.piece(index));
    }, everyMs);
    response.on('close', () => {
      clearInterval(timer);
      onClose();
    });
  };
}
