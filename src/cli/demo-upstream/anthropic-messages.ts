// POST /v1/messages and POST /v1/messages/count_tokens.
import { type Answer, composeAnswer, countTokens, lastTurn, newId, textOf } from './answer.ts';
import {
  type DemoAnswer,
  DemoRefusal,
  type DemoRequest,
  type JsonObject,
  jsonAnswer,
  jsonBody,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';
import { namedStream } from './server-sent-events.ts';

/** Messages, whole or as Anthropic's order of events. */
export function messages(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const model = servedModel(body.model, demoModels.anthropic);
  for (const name of ['max_tokens', 'messages']) requireField(body, name);
  const prompt = [body.system ?? '', body.messages ?? []];
  const answer = composeAnswer(model, prompt, lastTurn(body.messages), body.max_tokens);
  const message = { id: newId('msg_01'), type: 'message', role: 'assistant', model };
  if (body.stream === true) return namedStream(messageEvents(message, answer));
  return jsonAnswer({
    ...message,
    content: [{ type: 'text', text: answer.text }],
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: usage(answer, answer.outputTokens),
  });
}

/** Counts what the messages would cost to read. */
export function countMessageTokens(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  servedModel(body.model, demoModels.anthropic);
  requireField(body, 'messages');
  return jsonAnswer({ input_tokens: countTokens(textOf([body.system ?? '', body.messages ?? []])) });
}

function messageEvents(message: JsonObject, answer: Answer): (JsonObject & { type: string })[] {
  const begun = { ...message, content: [], stop_reason: null, stop_sequence: null, usage: usage(answer, 1) };
  return [
    { type: 'message_start', message: begun },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    ...answer.pieces.map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason(answer), stop_sequence: null },
      usage: { output_tokens: answer.outputTokens },
    },
    { type: 'message_stop' },
  ];
}

function requireField(body: JsonObject, name: string): void {
  if (body[name] === undefined) throw new DemoRefusal(400, `${name}: Field required`);
}

function stopReason(answer: Answer): string {
  return answer.cut ? 'max_tokens' : 'end_turn';
}

function usage(answer: Answer, outputTokens: number): JsonObject {
  return {
    input_tokens: answer.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputTokens,
    service_tier: 'standard',
  };
}
