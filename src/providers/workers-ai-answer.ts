// Converts Workers AI's answers to OpenAI's shapes. Newer models already use them; older ones send `{response,
// tool_calls, usage}`, whole or event by event, and embedding models `{shape, data}`. Sources: see workers-ai.ts.
import { isObject, textAt } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { RunOn, UpstreamTarget } from './provider.ts';
import { chatStreamOf } from './workers-ai-stream.ts';
import { callsOf, finishOf, type Naming, textOfResponse } from './workers-ai-text.ts';

export function readWorkersAiAnswer(
  response: Response,
  target: UpstreamTarget,
  runOn: RunOn,
): Response | Promise<Response> {
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  const id = response.headers.get('cf-ai-req-id');
  if (id !== null) headers.set('x-request-id', id);
  const naming = { id: `chatcmpl-${id ?? crypto.randomUUID()}`, model: target.model, created: nowSeconds() };
  if (response.status >= 400) return failure(response, headers);
  const { body, status } = response;
  if (body === null || !response.headers.get('content-type')?.includes('text/event-stream')) {
    return whole(response, headers, naming);
  }
  const { readable, done } = chatStreamOf(body, naming);
  runOn(done);
  return new Response(readable, { status, headers });
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

async function whole(response: Response, headers: Headers, naming: Naming): Promise<Response> {
  const text = await response.text().catch((cause) => {
    throw new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
  });
  const answer = objectIn(text);
  headers.set('content-type', 'application/json');
  return new Response(answer === null ? text : JSON.stringify(inOpenaiShape(answer, naming)), { headers });
}

function inOpenaiShape(answer: JsonObject, naming: Naming): JsonObject {
  if (Array.isArray(answer.choices)) return answer;
  if (Array.isArray(answer.data)) return vectors(answer.data, naming);
  const calls = callsOf(answer.tool_calls);
  const content = textOfResponse(answer.response);
  const message = {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return {
    ...naming,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: finishOf(answer, calls.length > 0) }],
    ...(isObject(answer.usage) && { usage: answer.usage }),
  };
}

/** They come without a count of tokens. */
function vectors(rows: readonly unknown[], { model }: Naming): JsonObject {
  return {
    object: 'list',
    model,
    data: rows.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  };
}

/** `{internalCode, description}` of the binding; `errors` of the REST API's envelope, which some answers have. */
async function failure(response: Response, headers: Headers): Promise<Response> {
  const answer = objectIn(await response.text().catch(() => ''));
  const [first] = Array.isArray(answer?.errors) ? answer.errors : [];
  const message =
    textAt(answer ?? undefined, 'description') ??
    textAt(isObject(first) ? first : undefined, 'message') ??
    textAt(answer ?? undefined, 'message') ??
    'The model provider answered with an error.';
  const { status } = response;
  headers.set('content-type', 'application/json');
  const type = status < 500 ? 'invalid_request_error' : 'upstream_error';
  const error = {
    message,
    type,
    param: null,
    code: answer?.internalCode === undefined ? null : String(answer.internalCode),
  };
  return new Response(JSON.stringify({ error }), { status, headers });
}

function objectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
