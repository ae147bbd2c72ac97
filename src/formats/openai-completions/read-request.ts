// A legacy completion request to the neutral form: the prompt is a user's message.
// https://platform.openai.com/docs/api-reference/completions/create
import type { JsonObject } from '../../lib/json.ts';
import type { NeutralRequest } from '../neutral.ts';
import { emptyRequest, type ReadResult, type RequestFaults, RequestFields } from '../request-fields.ts';
import type { RequestContext } from '../wire-format.ts';

/** The request, or the first fault in it. Prompts of tokens, and several in one request, have no neutral form. */
export function readRequest(body: JsonObject, context: RequestContext): ReadResult<NeutralRequest> {
  const fields = new RequestFields(body);
  fields.ignore('model', 'stream', 'stream_options');
  const prompt = promptText(fields.take('prompt', 'messages'), fields.faults);
  const logprobs = fields.number('logprobs', 'logprobs');
  const stop = fields.take('stop', 'stopSequences') ?? [];
  const request: NeutralRequest = {
    ...emptyRequest(context.model, context.stream, 'openai-completions'),
    messages: [{ role: 'user', parts: [{ type: 'text', text: prompt, at: 'prompt' }], at: 'prompt' }],
    maxOutputTokens: fields.number('max_tokens', 'maxOutputTokens'),
    temperature: fields.number('temperature', 'temperature'),
    topP: fields.number('top_p', 'topP'),
    seed: fields.number('seed', 'seed'),
    frequencyPenalty: fields.number('frequency_penalty', 'frequencyPenalty'),
    presencePenalty: fields.number('presence_penalty', 'presencePenalty'),
    stopSequences: (Array.isArray(stop) ? stop : [stop]).filter((one) => typeof one === 'string'),
    candidateCount: fields.number('n', 'candidateCount'),
    logprobs: logprobs === undefined ? undefined : { top: logprobs },
    userId: fields.text('user', 'userId'),
    echo: fields.boolean('echo', 'echo'),
  };
  // As many as are given back anyway.
  if (body.best_of === (body.n ?? 1)) fields.ignore('best_of');
  const rest = fields.rest();
  return fields.faults.resultOf({
    ...request,
    opaque: { origin: 'openai-completions', fields: rest },
    paths: fields.paths,
  });
}

/** A text, or an array of one. */
function promptText(prompt: unknown, faults: RequestFaults): string {
  const [only, ...others] = Array.isArray(prompt) ? prompt : [prompt ?? ''];
  if (typeof only === 'string' && others.length === 0) return only;
  faults.add(
    'prompt',
    "Invalid 'prompt': this model is reached through a channel that takes one text; several prompts, and prompts of tokens, are only for channels that speak legacy completions.",
  );
  return '';
}
