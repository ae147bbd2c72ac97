// What the playground sends, in each format. Pure.

export const playgroundFormats = ['openai', 'anthropic', 'gemini'] as const;
export type PlaygroundFormat = (typeof playgroundFormats)[number];

interface Question {
  token: string;
  model: string;
  prompt: string;
}

/** Output of a trial: enough to see, too little to cost. */
const maxTokens = 512;

export function playgroundRequest(origin: string, format: PlaygroundFormat, question: Question): Request {
  const { path, headers, body } = wire[format](question);
  return new Request(origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const wire: Record<
  PlaygroundFormat,
  (question: Question) => { path: string; headers: Record<string, string>; body: unknown }
> = {
  openai: ({ token, model, prompt }) => ({
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${token}` },
    body: { model, max_completion_tokens: maxTokens, messages: [{ role: 'user', content: prompt }] },
  }),
  anthropic: ({ token, model, prompt }) => ({
    path: '/v1/messages',
    headers: { 'x-api-key': token, 'anthropic-version': '2023-06-01' },
    body: { model, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt }] },
  }),
  gemini: ({ token, model, prompt }) => ({
    path: `/v1beta/models/${encodeURIComponent(model)}:generateContent`,
    headers: { 'x-goog-api-key': token },
    body: {
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
      generationConfig: { maxOutputTokens: maxTokens },
    },
  }),
};
