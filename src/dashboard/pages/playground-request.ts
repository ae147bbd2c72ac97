// The playground's requests in each format, and how to find the text in their answers. Pure.
import { isObject } from '../../formats/json-reader.ts';

/** The formats by their usual names. */
export const playgroundFormats = {
  openai: 'OpenAI Chat',
  responses: 'OpenAI Responses',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
} as const;
export type PlaygroundFormat = keyof typeof playgroundFormats;

/** The filled-in values. */
export interface Question {
  token: string;
  model: string;
  prompt: string;
}

/** A request without an origin. */
export interface PlaygroundRequest {
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** The output limit of a trial: long enough to see, cheap enough to run. */
const maxTokens = 1_024;

export function playgroundRequest(
  format: PlaygroundFormat,
  { token, model, prompt }: Question,
  stream: boolean,
): PlaygroundRequest {
  const name = encodeURIComponent(model);
  const messages = [{ role: 'user', content: prompt }];
  const streaming = stream ? { stream } : {};
  switch (format) {
    case 'openai':
      return {
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${token}` },
        body: { model, ...streaming, max_completion_tokens: maxTokens, messages },
      };
    case 'responses':
      return {
        path: '/v1/responses',
        headers: { authorization: `Bearer ${token}` },
        body: { model, ...streaming, max_output_tokens: maxTokens, input: prompt },
      };
    case 'anthropic':
      return {
        path: '/v1/messages',
        headers: { 'x-api-key': token, 'anthropic-version': '2023-06-01' },
        body: { model, ...streaming, max_tokens: maxTokens, messages },
      };
    case 'gemini':
      return {
        path: `/v1beta/models/${name}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
        headers: { 'x-goog-api-key': token },
        body: {
          contents: [{ role: 'user', parts: [{ text: prompt }] }],
          generationConfig: { maxOutputTokens: maxTokens },
        },
      };
  }
}

/** For the page's script: streamed requests of every format, with these placeholders for the form's fields. */
export const blanks: Question = {
  token: 'TOKEN-OF-THE-FORM',
  model: 'MODEL-OF-THE-FORM',
  prompt: 'PROMPT-OF-THE-FORM',
};

/** Returns the request as it is shown, without the token. */
export function requestText({ path, headers, body }: PlaygroundRequest, token: string): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value.replace(token, '$RELAY_TOKEN')}`,
  );
  return [`POST ${path}`, ...lines, '', JSON.stringify(body, null, 2)].join('\n');
}

/** Returns the text of a whole answer, or the message of an error; null if the answer has neither. */
export function answerOf(
  format: PlaygroundFormat,
  answer: unknown,
): { text?: string; error?: string } | null {
  if (!isObject(answer)) return null;
  const { error } = answer;
  if (isObject(error)) return { error: String(error.message) };
  const text = textOf[format](answer as Answer);
  return text === '' ? null : { text };
}

/** The parts of an answer that contain text. */
interface Answer {
  choices?: { message?: { content?: string | null } }[];
  output?: { content?: { text?: string }[] }[];
  content?: { text?: string }[];
  candidates?: { content?: { parts?: { text?: string }[] } }[];
}

const joined = (parts: { text?: string }[] | undefined) =>
  (parts ?? []).map(({ text }) => text ?? '').join('');

const textOf: Record<PlaygroundFormat, (answer: Answer) => string> = {
  openai: ({ choices }) => choices?.[0]?.message?.content ?? '',
  responses: ({ output }) => (output ?? []).map(({ content }) => joined(content)).join(''),
  anthropic: ({ content }) => joined(content),
  gemini: ({ candidates }) => joined(candidates?.[0]?.content?.parts),
};
