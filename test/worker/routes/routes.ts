// Every route that accepts a token, as data for the suites that cover all of them.
import { formats } from '../../../src/formats/registry.ts';

export type ApiFormat = 'openai' | 'anthropic' | 'gemini';

export interface TestRoute {
  name: string;
  format: ApiFormat;
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Returns a new body for each request. */
  body(): string | FormData | null;
  /** The model that the request names, or null. */
  model: string | null;
}

const modelOf: Record<string, string> = {
  '/v1/embeddings': 'text-embedding-3-small',
  '/v1/moderations': 'omni-moderation-latest',
  '/v1/audio/speech': 'tts-1',
  '/v1/audio/transcriptions': 'whisper-1',
  '/v1/audio/translations': 'whisper-1',
  '/v1/images/generations': 'dall-e-2',
  '/v1/images/edits': 'dall-e-2',
  '/v1/images/variations': 'dall-e-2',
  '/v1/rerank': 'rerank-v3.5',
  '/v1/messages': 'claude-3-5-haiku-20241022',
  '/v1/messages/count_tokens': 'claude-3-5-haiku-20241022',
};

/** Returns a body with the required fields of every JSON endpoint. */
export function jsonBody(model: string): object {
  const messages = [{ role: 'user', content: 'hi' }];
  return { model, messages, max_tokens: 16, input: 'hi', prompt: 'hi', query: 'q', documents: ['a', 'b'] };
}

function formBody(model: string): FormData {
  const form = new FormData();
  form.set('model', model);
  form.set('file', new File(['some bytes'], 'a.wav'));
  return form;
}

const fixed: TestRoute[] = formats.fixedEndpoints.map(({ path, format, body }) => {
  const model = modelOf[path] ?? 'gpt-4o';
  return {
    name: `POST ${path}`,
    format: format.api,
    method: 'POST',
    path,
    headers: body === 'json' ? { 'content-type': 'application/json' } : {},
    body: () => (body === 'json' ? JSON.stringify(jsonBody(model)) : formBody(model)),
    model,
  };
});

const contents = [{ parts: [{ text: 'hi' }] }];
const geminiBody = { contents, content: contents[0], requests: [{ content: contents[0] }] };

const verbs: TestRoute[] = [...formats.modelMethods.keys()].map((verb) => ({
  name: `POST :${verb}`,
  format: 'gemini',
  method: 'POST',
  path: `/v1beta/models/gemini-2.0-flash:${verb}`,
  headers: { 'content-type': 'application/json' },
  body: () => JSON.stringify(geminiBody),
  model: 'gemini-2.0-flash',
}));

const without = { body: () => null, headers: {} };

const stored: TestRoute[] = [
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/cancel'],
  ['GET', '/input_items'],
].map(([method = '', rest]) => ({
  ...without,
  name: `${method} /v1/responses/{id}${rest}`,
  format: 'openai',
  method,
  path: `/v1/responses/resp_strange${rest}`,
  model: null,
}));

const version = { 'anthropic-version': '2023-06-01' };

const lists: TestRoute[] = [
  { format: 'openai', path: '/v1/models', headers: {}, model: null },
  { format: 'anthropic', path: '/v1/models', headers: version, model: null },
  { format: 'gemini', path: '/v1beta/models', headers: {}, model: null },
  { format: 'openai', path: '/v1/models/gpt-4o', headers: {}, model: 'gpt-4o' },
  { format: 'anthropic', path: '/v1/models/gpt-4o', headers: version, model: 'gpt-4o' },
  { format: 'gemini', path: '/v1beta/models/gpt-4o', headers: {}, model: 'gpt-4o' },
  { format: 'openai', path: '/v1/key', headers: {}, model: null },
  { format: 'anthropic', path: '/v1/key', headers: version, model: null },
  { format: 'gemini', path: '/v1beta/credits', headers: {}, model: null },
  { format: 'openai', path: '/api/usage/token', headers: {}, model: null },
  { format: 'openai', path: '/dashboard/billing/subscription', headers: {}, model: null },
].map((route) => ({
  ...without,
  ...route,
  format: route.format as ApiFormat,
  method: 'GET',
  name: `GET ${route.path} (${route.format})`,
}));

/** Whether a route answers without an upstream, in the format that the headers ask for. */
export const isList = (route: TestRoute) => lists.includes(route);

export const everyRoute: readonly TestRoute[] = [...fixed, ...verbs, ...stored, ...lists];

/** Returns the route's own header with a credential. */
export function ownHeader(format: ApiFormat, token: string): Record<string, string> {
  switch (format) {
    case 'openai':
      return { authorization: `Bearer ${token}` };
    case 'anthropic':
      return { 'x-api-key': token };
    case 'gemini':
      return { 'x-goog-api-key': token };
  }
}

/** What a refusal contains: status, OpenAI's type and code, Anthropic's type, Gemini's status and reason. */
export interface Refusal {
  status: number;
  openai: [type: string, code: string | null];
  anthropic: string;
  gemini: [status: string, reason: string];
}

const unauthorized = (code: string, reason: string): Refusal => ({
  status: 401,
  openai: ['invalid_request_error', code],
  anthropic: 'authentication_error',
  gemini: ['UNAUTHENTICATED', reason],
});
const forbidden = (code: string, reason: string): Refusal => ({
  status: 403,
  openai: ['permission_error', code],
  anthropic: 'permission_error',
  gemini: ['PERMISSION_DENIED', reason],
});

export const refusals = {
  invalidKey: unauthorized('invalid_api_key', 'API_KEY_INVALID'),
  disabled: unauthorized('token_disabled', 'TOKEN_DISABLED'),
  expired: unauthorized('token_expired', 'TOKEN_EXPIRED'),
  modelNotAllowed: forbidden('model_not_allowed', 'MODEL_NOT_ALLOWED'),
  ipNotAllowed: forbidden('ip_not_allowed', 'IP_NOT_ALLOWED'),
} satisfies Record<string, Refusal>;
