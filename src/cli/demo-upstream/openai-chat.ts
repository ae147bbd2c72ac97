// POST /v1/chat/completions and POST /v1/completions.
import { type Answer, composeAnswer, lastTurn, newId, nowSeconds } from './answer.ts';
import {
  type DemoAnswer,
  type DemoRequest,
  type Json,
  type JsonObject,
  jsonAnswer,
  jsonBody,
  needed,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';
import { dataStream } from './server-sent-events.ts';

/** Chat completions: role chunk, content chunks, finish chunk, usage only if requested, [DONE]. */
export function chatCompletions(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const model = servedModel(body.model, demoModels.openai);
  const messages = needed(body, 'messages');
  const bound = body.max_completion_tokens ?? body.max_tokens;
  const answer = composeAnswer(model, messages, lastTurn(messages), bound);
  const indexes = choiceIndexes(body);
  const head = { id: newId('chatcmpl-'), created: nowSeconds(), model, system_fingerprint: 'fp_demo' };
  if (body.stream === true) return dataStream(chatChunks(head, answer, indexes, wantsUsage(body)));
  const choices = indexes.map((index) => ({
    index,
    message: { role: 'assistant', content: answer.text, refusal: null, annotations: [] },
    logprobs: null,
    finish_reason: finishReason(answer),
  }));
  return jsonAnswer({ ...head, object: 'chat.completion', choices, usage: usage(answer, indexes.length) });
}

/** Legacy completions: the same in its older shape. */
export function completions(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const model = servedModel(body.model, demoModels.openai);
  const prompt = needed(body, 'prompt');
  const answer = composeAnswer(model, prompt, lastTurn(prompt), body.max_tokens ?? 64);
  const head = { id: newId('cmpl-'), object: 'text_completion', created: nowSeconds(), model };
  const choice = (text: string, reason: string | null) => ({
    text,
    index: 0,
    logprobs: null,
    finish_reason: reason,
  });
  if (body.stream !== true) {
    return jsonAnswer({
      ...head,
      choices: [choice(answer.text, finishReason(answer))],
      usage: usage(answer, 1),
    });
  }
  const withUsage = wantsUsage(body);
  const chunk = (choices: Json[]) => ({ ...head, choices, ...(withUsage ? { usage: null } : {}) });
  return dataStream([
    ...answer.pieces.map((piece) => chunk([choice(piece, null)])),
    chunk([choice('', finishReason(answer))]),
    ...(withUsage ? [{ ...head, choices: [], usage: usage(answer, 1) }] : []),
  ]);
}

function chatChunks(head: JsonObject, answer: Answer, indexes: number[], withUsage: boolean): Json[] {
  const begin = { ...head, object: 'chat.completion.chunk' };
  const chunk = (index: number, delta: JsonObject, reason: string | null = null) => ({
    ...begin,
    choices: [{ index, delta, logprobs: null, finish_reason: reason }],
    ...(withUsage ? { usage: null } : {}),
  });
  return [
    ...indexes.map((index) => chunk(index, { role: 'assistant', content: '', refusal: null })),
    ...answer.pieces.flatMap((piece) => indexes.map((index) => chunk(index, { content: piece }))),
    ...indexes.map((index) => chunk(index, {}, finishReason(answer))),
    ...(withUsage ? [{ ...begin, choices: [], usage: usage(answer, indexes.length) }] : []),
  ];
}

function choiceIndexes(body: JsonObject): number[] {
  const count = typeof body.n === 'number' ? Math.min(Math.max(body.n, 1), 8) : 1;
  return Array.from({ length: count }, (_, index) => index);
}

function wantsUsage({ stream_options: options }: JsonObject): boolean {
  return (
    typeof options === 'object' &&
    options !== null &&
    !Array.isArray(options) &&
    options.include_usage === true
  );
}

function finishReason(answer: Answer): string {
  return answer.cut ? 'length' : 'stop';
}

function usage(answer: Answer, choices: number): JsonObject {
  const output = answer.outputTokens * choices;
  return {
    prompt_tokens: answer.inputTokens,
    completion_tokens: output,
    total_tokens: answer.inputTokens + output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
