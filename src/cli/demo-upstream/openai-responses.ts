// POST /v1/responses, and the operations on a response.
import { type Answer, composeAnswer, countTokens, lastTurn, newId, nowSeconds, textOf } from './answer.ts';
import {
  type DemoAnswer,
  DemoRefusal,
  type DemoRequest,
  type JsonObject,
  jsonAnswer,
  jsonBody,
  needed,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';
import { namedStream } from './server-sent-events.ts';

type NamedEvent = JsonObject & { type: string };
interface Kept {
  readonly response: JsonObject;
  readonly input: JsonObject['input'];
}

const mostKept = 200;
/** The latest responses, for GET and DELETE. Limited: the oldest is dropped first. */
const kept = new Map<string, Kept>();

/** Creates a response: whole, as a stream of numbered events, or queued for a later GET. */
export function createResponse(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const model = servedModel(body.model, demoModels.openai);
  const input = needed(body, 'input');
  const answer = composeAnswer(
    model,
    [body.instructions ?? '', input],
    lastTurn(input),
    body.max_output_tokens,
  );
  const item = { id: newId('msg_'), type: 'message', role: 'assistant' };
  const begun = beginResponse(body, model);
  const whole = finishResponse(begun, item, answer);
  if (body.store !== false) keep(whole, input);
  if (body.stream === true) return namedStream(numbered(responseEvents(begun, whole, item, answer)));
  if (body.background === true) return jsonAnswer({ ...begun, status: 'queued' });
  return jsonAnswer(whole);
}

/** GET, DELETE, cancel and input_items of a response made before. */
export function useResponse(request: DemoRequest): DemoAnswer {
  const [, id = '', verb = ''] = /^\/v1\/responses\/([^/]+)\/?(.*)$/.exec(request.path) ?? [];
  const found = kept.get(id);
  if (found === undefined) throw new DemoRefusal(404, `Response with id '${id}' not found.`);
  if (request.method === 'DELETE') {
    kept.delete(id);
    return jsonAnswer({ id, object: 'response', deleted: true });
  }
  if (verb === 'input_items') return jsonAnswer(inputItems(found.input));
  return jsonAnswer(found.response);
}

/** POST /v1/responses/input_tokens. */
export function countResponseInput(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const tokens = countTokens(textOf([body.instructions ?? '', body.input ?? '']));
  return jsonAnswer({ object: 'response.input_tokens', input_tokens: tokens });
}

function beginResponse(body: JsonObject, model: string): JsonObject {
  return {
    id: newId('resp_'),
    object: 'response',
    created_at: nowSeconds(),
    status: 'in_progress',
    background: body.background ?? false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: null, summary: null },
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: 'disabled',
    usage: null,
    metadata: body.metadata ?? {},
  };
}

function finishResponse(begun: JsonObject, item: JsonObject, answer: Answer): JsonObject {
  return {
    ...begun,
    status: answer.cut ? 'incomplete' : 'completed',
    incomplete_details: answer.cut ? { reason: 'max_output_tokens' } : null,
    output: [{ ...item, status: answer.cut ? 'incomplete' : 'completed', content: [textPart(answer.text)] }],
    usage: {
      input_tokens: answer.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: answer.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
  };
}

function responseEvents(
  begun: JsonObject,
  whole: JsonObject,
  item: JsonObject,
  answer: Answer,
): NamedEvent[] {
  const place = { item_id: item.id, output_index: 0, content_index: 0 };
  const finished = Array.isArray(whole.output) ? whole.output[0] : null;
  return [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    },
    { type: 'response.content_part.added', ...place, part: textPart('') },
    ...answer.pieces.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text: answer.text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: textPart(answer.text) },
    { type: 'response.output_item.done', output_index: 0, item: finished },
    { type: answer.cut ? 'response.incomplete' : 'response.completed', response: whole },
  ];
}

function numbered(events: NamedEvent[]): NamedEvent[] {
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function keep(response: JsonObject, input: Kept['input']): void {
  kept.set(String(response.id), { response, input });
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
}

function inputItems(input: Kept['input']): JsonObject {
  const content = [{ type: 'input_text', text: textOf(input) }];
  const item = { id: newId('msg_'), type: 'message', role: 'user', status: 'completed', content };
  return { object: 'list', data: [item], first_id: item.id, last_id: item.id, has_more: false };
}
