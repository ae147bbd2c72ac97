// A Responses request to the neutral form.
// https://platform.openai.com/docs/api-reference/responses/create
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt } from '../json-reader.ts';
import type { NeutralMessage, NeutralRequest, NeutralTool, ResponseFormat, TextPart } from '../neutral.ts';
import { readCommonFields, readReasoningRequest, readSchemaFormat } from '../openai-sampling.ts';
import { emptyRequest, type ReadResult, type RequestFaults, RequestFields } from '../request-fields.ts';
import type { RequestContext } from '../wire-format.ts';
import { uniqueTools, withChosenNames, withToolNames } from './namespaces.ts';
import { readInput } from './read-input.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/** The request, or the first fault in it. */
export function readRequest(body: JsonObject, context: RequestContext): ReadResult<NeutralRequest> {
  const fields = new RequestFields(body);
  // How the answer is framed is the relay's business, not the target's.
  fields.ignore('model', 'stream', 'stream_options');
  const { system, messages, tools: brought } = readConversation(fields, body);
  const tools = uniqueTools([...readTools(fields), ...brought]);
  const request: NeutralRequest = {
    ...emptyRequest(context.model, context.stream, 'openai-responses'),
    system,
    messages: withToolNames(messages, tools),
    tools,
    toolChoice: withChosenNames(readToolChoice(fields), tools),
    ...readCommonFields(fields),
    ...readOutput(fields),
    previousResponseId: fields.text('previous_response_id', 'previousResponseId'),
  };
  ignoreDefaults(fields, body);
  const rest = fields.rest();
  return fields.faults.resultOf({
    ...request,
    opaque: { origin: 'openai-responses', fields: rest },
    paths: fields.paths,
  });
}

function readConversation(
  fields: RequestFields,
  body: JsonObject,
): { system: TextPart[]; messages: NeutralMessage[]; tools: NeutralTool[] } {
  const instructions = fields.text('instructions', 'system');
  const { system, messages, tools } = readInput(inputItems(fields, body), fields.faults);
  const first: TextPart[] = instructions ? [{ type: 'text', text: instructions, at: 'instructions' }] : [];
  return { system: [...first, ...system], messages, tools };
}

/** A text is a user's message. What stored prompts and earlier responses bring along needs no input. */
function inputItems(fields: RequestFields, body: JsonObject): JsonObject[] {
  const input = fields.take('input', 'messages');
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if (input !== undefined && !Array.isArray(input)) {
    fields.faults.wrongType('input', 'a string or an array', input);
    return [];
  }
  const continued = ['previous_response_id', 'conversation', 'prompt'].some(
    (key) => (body[key] ?? undefined) !== undefined,
  );
  if (input === undefined && !continued) fields.faults.missing('input');
  return onlyObjects(input ?? [], fields.faults);
}

function onlyObjects(items: unknown[], faults: RequestFaults): JsonObject[] {
  for (const [index, item] of items.entries())
    if (!isObject(item)) faults.wrongType(`input[${index}]`, 'an object', item);
  return items.filter(isObject);
}

function readOutput(fields: RequestFields): Partial<NeutralRequest> {
  const text = fields.object('text');
  const format = objectAt(text, 'format');
  if (format !== undefined) fields.paths.responseFormat = 'text.format';
  const verbosity = (['low', 'medium', 'high'] as const).find((one) => one === text?.verbosity);
  if (verbosity !== undefined) fields.paths.verbosity = 'text.verbosity';
  return {
    maxOutputTokens: fields.number('max_output_tokens', 'maxOutputTokens'),
    reasoning: readReasoningRequest(undefined, fields.object('reasoning', 'reasoning')),
    responseFormat: format && readResponseFormat(format, fields.faults),
    verbosity,
    logprobs: readLogprobs(fields),
  };
}

function readResponseFormat(format: JsonObject, faults: RequestFaults): ResponseFormat | undefined {
  switch (format.type) {
    case undefined:
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema':
      return readSchemaFormat(format, 'text.format', faults);
    default:
      return faults.add(
        'text.format.type',
        "Invalid 'text.format.type': expected one of text, json_object and json_schema.",
      );
  }
}

const logprobsInclude = 'message.output_text.logprobs';

/** Requested by `include` or by a number of alternatives. */
function readLogprobs(fields: RequestFields): NeutralRequest['logprobs'] {
  const top = fields.number('top_logprobs') ?? 0;
  const include = fields.take('include');
  const included = Array.isArray(include) && include.includes(logprobsInclude);
  if (!included && top === 0) return undefined;
  fields.paths.logprobs = top > 0 ? 'top_logprobs' : 'include';
  return { top };
}

/** Includes that a writer always answers, or that only show more of what another field requests. */
const knownIncludes: readonly unknown[] = ['reasoning.encrypted_content', logprobsInclude];

/** Fields with the API's default value request nothing, nor do includes that are always answered. */
function ignoreDefaults(fields: RequestFields, body: JsonObject): void {
  if (body.background === false) fields.ignore('background');
  if (body.truncation === 'disabled') fields.ignore('truncation');
  const { include } = body;
  const unknown = Array.isArray(include) ? include.filter((one) => !knownIncludes.includes(one)) : [];
  if (unknown.length > 0) fields.keepRest('include', unknown);
}
