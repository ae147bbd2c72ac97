// A Messages request to the neutral form. https://docs.anthropic.com/en/api/messages
import type { JsonObject } from '../../lib/json.ts';
import { countAt, objectAt, objectsAt, textAt } from '../json-reader.ts';
import {
  type NeutralMessage,
  type NeutralRequest,
  type ReasoningRequest,
  type ResponseFormat,
  reasoningEfforts,
  type TextPart,
} from '../neutral.ts';
import { emptyRequest, type ReadResult, RequestFields } from '../request-fields.ts';
import type { RequestContext } from '../wire-format.ts';
import { readContent } from './read-blocks.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/** The request, or the first fault in it. */
export function readRequest(body: JsonObject, context: RequestContext): ReadResult<NeutralRequest> {
  const fields = new RequestFields(body);
  // Bedrock and Vertex have the version in the body.
  fields.ignore('model', 'stream', 'anthropic_version');
  const request: NeutralRequest = {
    ...emptyRequest(context.model, context.stream, 'anthropic-messages'),
    system: readSystem(fields.take('system', 'system')),
    messages: readMessages(fields),
    tools: readTools(fields.objects('tools', 'tools') ?? [], objectsAt(body, 'messages')),
    ...readToolChoice(fields),
    maxOutputTokens: fields.number('max_tokens', 'maxOutputTokens'),
    temperature: fields.number('temperature', 'temperature'),
    topP: fields.number('top_p', 'topP'),
    topK: fields.number('top_k', 'topK'),
    stopSequences: fields.texts('stop_sequences', 'stopSequences'),
    ...readOutput(fields),
    userId: textAt(fields.object('metadata', 'userId'), 'user_id'),
    serviceTier: fields.text('service_tier', 'serviceTier'),
  };
  const rest = fields.rest();
  return fields.faults.resultOf({
    ...request,
    opaque: { origin: 'anthropic-messages', fields: rest },
    paths: fields.paths,
  });
}

function readSystem(system: unknown): TextPart[] {
  return readContent(system, 'system').filter((part) => part.type === 'text');
}

function readMessages(fields: RequestFields): NeutralMessage[] {
  const messages = fields.objects('messages', 'messages');
  if (messages === undefined) fields.faults.missing('messages');
  return (messages ?? []).map((message, index) => readMessage(message, `messages[${index}]`, fields));
}

function readMessage({ role, content }: JsonObject, at: string, { faults }: RequestFields): NeutralMessage {
  const known = (['user', 'assistant', 'system'] as const).find((name) => name === role);
  if (known === undefined) faults.add(`${at}.role`, `Invalid '${at}.role': expected user or assistant.`);
  if (typeof content !== 'string' && !Array.isArray(content)) {
    faults.wrongType(`${at}.content`, 'a string or an array of blocks', content);
  }
  return { role: known ?? 'user', parts: readContent(content, `${at}.content`), at };
}

/** Reads the effort and the response format, which may both be in `output_config`. */
function readOutput(fields: RequestFields): Pick<NeutralRequest, 'reasoning' | 'responseFormat'> {
  const thinking = fields.object('thinking', 'reasoning');
  const config = fields.object('output_config');
  // The beta's name of output_config.format.
  const beta = fields.object('output_format', 'responseFormat');
  const reasoning = readReasoning(thinking, config);
  const responseFormat = readResponseFormat(objectAt(config, 'format') ?? beta);
  if (reasoning !== undefined) fields.paths.reasoning ??= 'output_config.effort';
  if (responseFormat !== undefined) fields.paths.responseFormat ??= 'output_config.format';
  return { reasoning, responseFormat };
}

/** https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking */
function readReasoning(
  thinking: JsonObject | undefined,
  config: JsonObject | undefined,
): ReasoningRequest | undefined {
  const effort = reasoningEfforts.find((known) => known === config?.effort);
  if (thinking === undefined && effort === undefined) return undefined;
  const includeThoughts = thinking === undefined ? undefined : thinking.display !== 'omitted';
  const request = { effort, budgetTokens: undefined, includeThoughts, summary: undefined };
  switch (thinking?.type) {
    case 'disabled':
    // Thinking is off but for notes between tool calls: …/models/sonnet-5-5/whats-new-sonnet-5-5 (2026-11).
    case 'between_tools':
      return { ...request, effort: undefined, budgetTokens: 0, includeThoughts: false };
    case 'enabled':
      return { ...request, budgetTokens: countAt(thinking, 'budget_tokens') };
    case 'adaptive':
      return { ...request, budgetTokens: 'dynamic' };
    default:
      return request;
  }
}

function readResponseFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  const schema = objectAt(format, 'schema');
  if (format?.type !== 'json_schema' || schema === undefined) return undefined;
  const name =
    textAt(schema, 'title')
      ?.replace(/[^a-zA-Z0-9_-]/g, '_')
      .slice(0, 64) ?? 'answer';
  return { type: 'json-schema', name, description: undefined, schema, strict: true };
}
