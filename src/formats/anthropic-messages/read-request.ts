// A Messages request to the neutral form. https://docs.anthropic.com/en/api/messages

import { type FieldTable, pathsOf, unknownFields } from '../field-table.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralMessage, NeutralRequest, ReasoningWish, ResponseFormat, TextPart } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import type { RequestFault } from '../request.ts';
import type { RequestContext } from '../translation.ts';
import { readContent } from './read-blocks.ts';
import { readToolChoice, readTools } from './read-tools.ts';

const fields: FieldTable = {
  model: 'model',
  messages: 'messages',
  stream: 'stream',
  system: 'system',
  max_tokens: 'maxOutputTokens',
  stop_sequences: 'stopSequences',
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  tools: 'tools',
  tool_choice: 'toolChoice',
  thinking: 'reasoning',
  output_config: 'responseFormat',
  // The beta's name of output_config.format.
  output_format: 'responseFormat',
  metadata: 'userId',
  service_tier: 'serviceTier',
  // Bedrock and Vertex have the version in the body.
  anthropic_version: null,
};

/** Throws nothing: what is wrong is told as a fault. */
export function readMessagesRequest(
  body: JsonObject,
  context: RequestContext,
): NeutralRequest | RequestFault {
  const fault = faultOf(body);
  if (fault !== null) return fault;
  const reasoning = readReasoning(body);
  return {
    ...context,
    system: readSystem(body.system),
    messages: readMessages(body),
    tools: readTools(body),
    ...readToolChoice(objectAt(body, 'tool_choice')),
    maxOutputTokens: numberAt(body, 'max_tokens'),
    temperature: numberAt(body, 'temperature'),
    topP: numberAt(body, 'top_p'),
    topK: numberAt(body, 'top_k'),
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    stopSequences: textsAt(body, 'stop_sequences'),
    candidateCount: undefined,
    logprobs: undefined,
    responseFormat: readResponseFormat(body),
    reasoning,
    outputModalities: undefined,
    audioOutput: undefined,
    verbosity: undefined,
    userId: textAt(objectAt(body, 'metadata'), 'user_id'),
    metadata: undefined,
    serviceTier: textAt(body, 'service_tier'),
    promptCacheKey: undefined,
    store: undefined,
    previousResponseId: undefined,
    echo: undefined,
    opaque: { origin: 'anthropic-messages', fields: unknownFields(body, fields) },
    paths: pathsOfRequest(body, reasoning),
  };
}

function pathsOfRequest(body: JsonObject, reasoning: ReasoningWish | undefined): NeutralRequest['paths'] {
  const paths = pathsOf(body, fields);
  if (body.thinking === undefined && reasoning !== undefined) paths.reasoning = 'output_config.effort';
  if (body.tool_choice !== undefined) paths.parallelToolCalls = 'tool_choice.disable_parallel_tool_use';
  return paths;
}

function faultOf(body: JsonObject): RequestFault | null {
  if (!Array.isArray(body.messages)) return fault('messages', 'must be an array');
  const index = body.messages.findIndex((message) => !isMessage(message));
  if (index < 0) return null;
  return fault(`messages.${index}`, 'must have a `role` of user or assistant and a `content`');
}

function isMessage(message: unknown): boolean {
  if (!isObject(message)) return false;
  const { role, content } = message;
  const known = role === 'user' || role === 'assistant' || role === 'system';
  return known && (typeof content === 'string' || Array.isArray(content));
}

function fault(param: string, what: string): RequestFault {
  return { ok: false, message: `${param}: ${what}.`, param };
}

function readSystem(system: unknown): TextPart[] {
  return readContent(system, 'system').filter((part) => part.type === 'text');
}

function readMessages(body: JsonObject): NeutralMessage[] {
  return objectsAt(body, 'messages').map((message, index) => {
    const at = `messages[${index}]`;
    const role = message.role === 'assistant' || message.role === 'system' ? message.role : 'user';
    return { role, parts: readContent(message.content, `${at}.content`), at };
  });
}

/** https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking */
function readReasoning(body: JsonObject): ReasoningWish | undefined {
  const thinking = objectAt(body, 'thinking');
  const effort = textAt(objectAt(body, 'output_config'), 'effort') as ReasoningWish['effort'];
  if (thinking === undefined && effort === undefined) return undefined;
  const includeThoughts = thinking === undefined ? undefined : thinking.display !== 'omitted';
  const wish = { effort, budgetTokens: undefined, includeThoughts, summary: undefined };
  switch (thinking?.type) {
    case 'disabled':
      return { ...wish, effort: undefined, budgetTokens: 0, includeThoughts: false };
    case 'enabled':
      return { ...wish, budgetTokens: numberAt(thinking, 'budget_tokens') };
    case 'adaptive':
      return { ...wish, budgetTokens: 'dynamic' };
    default:
      return wish;
  }
}

function readResponseFormat(body: JsonObject): ResponseFormat | undefined {
  const format = objectAt(objectAt(body, 'output_config'), 'format') ?? objectAt(body, 'output_format');
  const schema = objectAt(format, 'schema');
  if (format?.type !== 'json_schema' || schema === undefined) return undefined;
  const name =
    textAt(schema, 'title')
      ?.replace(/[^a-zA-Z0-9_-]/g, '_')
      .slice(0, 64) ?? 'answer';
  return { type: 'json-schema', name, description: undefined, schema, strict: true };
}

function numberAt(body: JsonObject, key: string): number | undefined {
  const value = body[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textsAt(body: JsonObject, key: string): string[] {
  const value = body[key];
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}
