// A conversation of the playground as each API takes it, the text in its answers, and the same request in other languages.
// Pure: the server uses it as well, where no script runs.

/** The formats by their usual names. */
export const playgroundFormats = {
  openai: 'OpenAI Chat',
  responses: 'OpenAI Responses',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
};

/** The levels of reasoning that may be chosen. */
export const efforts = ['minimal', 'low', 'medium', 'high'];

/** The output limit if none is set: long enough to see, cheap enough to run. */
export const usualMaxTokens = 1_024;

/**
 * @typedef {{ role: 'user' | 'assistant', text: string, images?: string[] }} Turn Images are data: URLs.
 * @typedef {{ token: string, model: string, turns: Turn[], system?: string, temperature?: number, maxTokens?: number, effort?: string }} Chat
 * @typedef {{ path: string, headers: Record<string, string>, body: Record<string, unknown> }} PlaygroundRequest
 */

/** The `data:` URL's type and content. */
function imageParts(url) {
  const [, type = '', data = ''] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  return { type, data };
}

const bearer = ({ token }) => ({ authorization: `Bearer ${token}` });
/** Leaves out what is not set. */
const given = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Content is plain text where there is no image. */
function content({ text, images = [] }, textPart, imagePart) {
  return images.length === 0 ? text : [...images.map(imagePart), textPart(text)];
}

const writers = {
  openai: (chat, stream) => ({
    path: '/v1/chat/completions',
    headers: bearer(chat),
    body: given({
      model: chat.model,
      stream,
      max_completion_tokens: chat.maxTokens,
      temperature: chat.temperature,
      reasoning_effort: chat.effort,
      messages: [
        ...(chat.system ? [{ role: 'system', content: chat.system }] : []),
        ...chat.turns.map((turn) => ({
          role: turn.role,
          content: content(
            turn,
            (text) => ({ type: 'text', text }),
            (url) => ({ type: 'image_url', image_url: { url } }),
          ),
        })),
      ],
    }),
  }),
  responses: (chat, stream) => ({
    path: '/v1/responses',
    headers: bearer(chat),
    body: given({
      model: chat.model,
      stream,
      max_output_tokens: chat.maxTokens,
      temperature: chat.temperature,
      reasoning: chat.effort && { effort: chat.effort },
      instructions: chat.system,
      input: chat.turns.map((turn) => ({
        role: turn.role,
        content: content(
          turn,
          (text) => ({ type: 'input_text', text }),
          (url) => ({ type: 'input_image', image_url: url }),
        ),
      })),
    }),
  }),
  anthropic: (chat, stream) => ({
    path: '/v1/messages',
    headers: { 'x-api-key': chat.token, 'anthropic-version': '2023-06-01' },
    body: given({
      model: chat.model,
      stream,
      max_tokens: chat.maxTokens ?? usualMaxTokens,
      temperature: chat.temperature,
      output_config: chat.effort && { effort: chat.effort === 'minimal' ? 'low' : chat.effort },
      system: chat.system,
      messages: chat.turns.map((turn) => ({
        role: turn.role,
        content: content(
          turn,
          (text) => ({ type: 'text', text }),
          (url) => {
            const { type, data } = imageParts(url);
            return { type: 'image', source: { type: 'base64', media_type: type, data } };
          },
        ),
      })),
    }),
  }),
  gemini: (chat, stream) => ({
    path: `/v1beta/models/${encodeURIComponent(chat.model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: { 'x-goog-api-key': chat.token },
    body: given({
      systemInstruction: chat.system && { parts: [{ text: chat.system }] },
      contents: chat.turns.map(({ role, text, images = [] }) => ({
        role: role === 'assistant' ? 'model' : 'user',
        parts: [
          ...images.map((url) => {
            const { type, data } = imageParts(url);
            return { inlineData: { mimeType: type, data } };
          }),
          { text },
        ],
      })),
      generationConfig: given({
        maxOutputTokens: chat.maxTokens,
        temperature: chat.temperature,
        thinkingConfig: chat.effort && { thinkingLevel: chat.effort },
      }),
    }),
  }),
};

/**
 * Returns the request, without an origin.
 * @param {keyof typeof playgroundFormats} format
 * @param {Chat} chat
 * @param {boolean} stream
 * @returns {PlaygroundRequest}
 */
export function requestFor(format, chat, stream) {
  const set = { ...chat, system: chat.system || undefined, effort: chat.effort || undefined };
  return writers[format](set, stream || undefined);
}

/** The text of an event of a stream. */
export const textOfEvent = {
  openai: (event) => event.choices?.[0]?.delta?.content ?? '',
  responses: (event) => (event.type === 'response.output_text.delta' ? event.delta : ''),
  anthropic: (event) => event.delta?.text ?? '',
  gemini: (event) => textOfParts(event.candidates?.[0]?.content?.parts),
};

const textOfParts = (parts) =>
  (parts ?? []).map(({ text, thought }) => (thought ? '' : (text ?? ''))).join('');

/** The text of a whole answer. */
const textOfAnswer = {
  openai: ({ choices }) => choices?.[0]?.message?.content ?? '',
  responses: ({ output }) => (output ?? []).map((item) => textOfParts(item.content)).join(''),
  anthropic: (answer) => textOfParts(answer.content),
  gemini: ({ candidates }) => textOfParts(candidates?.[0]?.content?.parts),
};

/** The message of an answer or an event that is an error; undefined for others. */
export const errorOf = (value) => value?.error?.message ?? value?.response?.error?.message;

/**
 * Returns the text of a whole answer.
 * @param {keyof typeof playgroundFormats} format
 * @param {unknown} answer
 * @returns {string}
 */
export function answerText(format, answer) {
  return typeof answer === 'object' && answer !== null ? String(textOfAnswer[format](answer)) : '';
}

/**
 * Returns the request as it is shown, without the token.
 * @param {PlaygroundRequest} request
 * @param {string} token
 * @returns {string}
 */
export function requestText({ path, headers, body }, token) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${masked(value, token)}`);
  return [`POST ${path}`, ...lines, '', JSON.stringify(body, null, 2)].join('\n');
}

const masked = (value, token) => (token === '' ? value : value.replace(token, () => '$RELAY_TOKEN'));

/**
 * Returns the request to paste, as curl, Python, and Node, without the token.
 * @param {string} origin
 * @param {keyof typeof playgroundFormats} format
 * @param {Chat} chat
 */
export function codeFor(origin, format, chat) {
  const request = requestFor(format, { ...chat, token: '$RELAY_TOKEN' }, false);
  return {
    curl: curlFor(origin, request),
    python: pythonFor(origin, format, request),
    node: nodeFor(origin, format, request),
  };
}

function curlFor(origin, { path, headers, body }) {
  const heads = Object.entries(headers).map(([name, value]) => `  -H "${name}: ${value}" \\\n`);
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return `curl '${origin}${path}' \\\n${heads.join('')}  -H 'content-type: application/json' \\\n  -d '${json}'`;
}

/** Strings of JSON are strings of Python; the three words differ. */
function python(value, indent = '') {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((one) => python(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (members.length === 0) return open + close;
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join('')}${indent}${close}`;
}

function pythonFor(origin, format, { path, body }) {
  const call = {
    openai: [
      'from openai import OpenAI',
      `OpenAI(base_url="${origin}/v1", api_key=token)`,
      'chat.completions.create',
    ],
    responses: [
      'from openai import OpenAI',
      `OpenAI(base_url="${origin}/v1", api_key=token)`,
      'responses.create',
    ],
    anthropic: [
      'from anthropic import Anthropic',
      `Anthropic(base_url="${origin}", api_key=token)`,
      'messages.create',
    ],
  }[format];
  if (call === undefined)
    return `import os\nimport requests\n\nprint(requests.post(\n    "${origin}${path}",\n    headers={"x-goog-api-key": os.environ["RELAY_TOKEN"]},\n    json=${python(body, '    ')},\n).json())`;
  const [library, client, method] = call;
  return `import os\n${library}\n\ntoken = os.environ["RELAY_TOKEN"]\nclient = ${client}\nprint(client.${method}(**${python(body)}))`;
}

function nodeFor(origin, format, { path, body }) {
  const json = JSON.stringify(body, null, 2);
  const call = {
    openai: [
      "import OpenAI from 'openai';",
      `new OpenAI({ baseURL: '${origin}/v1', apiKey })`,
      'chat.completions.create',
    ],
    responses: [
      "import OpenAI from 'openai';",
      `new OpenAI({ baseURL: '${origin}/v1', apiKey })`,
      'responses.create',
    ],
    anthropic: [
      "import Anthropic from '@anthropic-ai/sdk';",
      `new Anthropic({ baseURL: '${origin}', apiKey })`,
      'messages.create',
    ],
  }[format];
  if (call === undefined)
    return `const response = await fetch('${origin}${path}', {\n  method: 'POST',\n  headers: { 'x-goog-api-key': process.env.RELAY_TOKEN, 'content-type': 'application/json' },\n  body: JSON.stringify(${json}),\n});\nconsole.log(await response.json());`;
  const [library, client, method] = call;
  return `${library}\n\nconst apiKey = process.env.RELAY_TOKEN;\nconst client = ${client};\nconsole.log(await client.${method}(${json}));`;
}
