// A chat completion request to the neutral form.
// https://platform.openai.com/docs/api-reference/chat/create
import type { JsonObject } from '../../lib/json.ts';
import { objectAt } from '../json-reader.ts';
import { type NeutralRequest, type ResponseFormat, reasoningEfforts } from '../neutral.ts';
import { readCommonFields, readReasoningRequest, readSchemaFormat } from '../openai-sampling.ts';
import { emptyRequest, type ReadResult, RequestFields } from '../request-fields.ts';
import type { RequestContext } from '../wire-format.ts';
import { readMessages } from './read-messages.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/** The request, or the first fault in it. */
export function readRequest(body: JsonObject, context: RequestContext): ReadResult<NeutralRequest> {
  const fields = new RequestFields(body);
  // How the answer is framed is the relay's business, not the target's.
  fields.ignore('model', 'stream', 'stream_options');
  const messages = fields.objects('messages', 'messages');
  if (messages === undefined) fields.faults.missing('messages');
  const request: NeutralRequest = {
    ...emptyRequest(context.model, context.stream, 'openai-chat'),
    ...readMessages(messages ?? [], fields.faults),
    tools: readTools(fields),
    toolChoice: readToolChoice(fields),
    ...readCommonFields(fields),
    ...readSampling(fields),
    ...readOutput(fields),
  };
  const rest = fields.rest();
  return fields.faults.resultOf({
    ...request,
    opaque: { origin: 'openai-chat', fields: rest },
    paths: fields.paths,
  });
}

function readSampling(fields: RequestFields): Partial<NeutralRequest> {
  return {
    maxOutputTokens:
      fields.number('max_completion_tokens', 'maxOutputTokens') ??
      fields.number('max_tokens', 'maxOutputTokens'),
    topK: fields.number('top_k', 'topK'),
    seed: fields.number('seed', 'seed'),
    frequencyPenalty: fields.number('frequency_penalty', 'frequencyPenalty'),
    presencePenalty: fields.number('presence_penalty', 'presencePenalty'),
    stopSequences: readStopSequences(fields),
    candidateCount: fields.number('n', 'candidateCount'),
    logprobs: readLogprobs(fields),
    reasoning: readReasoning(fields),
  };
}

/** One string, or several. */
function readStopSequences(fields: RequestFields): string[] {
  const stop = fields.take('stop', 'stopSequences') ?? [];
  const list = Array.isArray(stop) ? stop : [stop];
  if (list.every((one) => typeof one === 'string')) return list;
  return fields.faults.wrongType('stop', 'a string or an array of strings', stop) ?? [];
}

function readLogprobs(fields: RequestFields): NeutralRequest['logprobs'] {
  const wanted = fields.boolean('logprobs', 'logprobs');
  const top = fields.number('top_logprobs');
  return wanted ? { top: top ?? 0 } : undefined;
}

function readReasoning(fields: RequestFields): NeutralRequest['reasoning'] {
  const effort = fields.oneOf('reasoning_effort', reasoningEfforts, 'reasoning');
  return readReasoningRequest(effort, fields.object('reasoning', 'reasoning'));
}

function readOutput(fields: RequestFields): Partial<NeutralRequest> {
  const modalities = fields.take('modalities', 'outputModalities');
  const audio = fields.object('audio', 'audioOutput');
  const known = ['text', 'audio', 'image'] as const;
  return {
    responseFormat: readResponseFormat(fields),
    outputModalities: Array.isArray(modalities) ? known.filter((one) => modalities.includes(one)) : undefined,
    audioOutput: audio && {
      voice: audio.voice,
      format: typeof audio.format === 'string' ? audio.format : 'wav',
    },
    verbosity: fields.oneOf('verbosity', ['low', 'medium', 'high'], 'verbosity'),
  };
}

function readResponseFormat(fields: RequestFields): ResponseFormat | undefined {
  const format = fields.object('response_format', 'responseFormat');
  switch (format?.type) {
    case undefined:
      return undefined;
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema':
      return readSchemaFormat(
        objectAt(format, 'json_schema') ?? {},
        'response_format.json_schema',
        fields.faults,
      );
    default:
      return fields.faults.add(
        'response_format.type',
        "Invalid 'response_format.type': expected one of text, json_object and json_schema.",
      );
  }
}
