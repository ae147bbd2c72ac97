// The response object around the output: what it repeats of the request, and how the answer ended.
// https://platform.openai.com/docs/api-reference/responses/object
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, objectsAt } from '../json-reader.ts';
import type { Usage } from '../usage.ts';
import type { AnswerContext } from '../wire-format.ts';
import type { Ending } from './stop-reason.ts';
import { writeResponsesUsage } from './usage.ts';

/** What changes while an answer is made. */
interface Progress {
  createdAtSeconds: number;
  ending: Ending | null;
  output: readonly JsonObject[];
  usage: Usage | null;
  serviceTier: string | null;
}

/** The object; without an ending it is one in progress. Members in the order in which OpenAI has them. */
export function responseObject(context: AnswerContext, progress: Progress): JsonObject {
  const { ending, output, usage, createdAtSeconds } = progress;
  return {
    id: `resp_${context.answerId}`,
    object: 'response',
    created_at: createdAtSeconds,
    status: ending?.status ?? 'in_progress',
    background: false,
    completed_at: ending?.status === 'completed' ? Math.max(context.nowSeconds, createdAtSeconds) : null,
    error: ending?.error ?? null,
    incomplete_details: ending?.incomplete_details ?? null,
    ...repeated(context),
    output,
    service_tier: progress.serviceTier ?? context.body.service_tier ?? 'auto',
    usage: usage && writeResponsesUsage(usage),
  };
}

/** Returns the caller's value, or the API's default. */
function repeated({ body, model, isKept }: AnswerContext): JsonObject {
  const echo = (name: string, otherwise: unknown) => body[name] ?? otherwise;
  const text = objectAt(body, 'text');
  const reasoning = objectAt(body, 'reasoning');
  return {
    instructions: echo('instructions', null),
    frequency_penalty: echo('frequency_penalty', 0),
    max_output_tokens: echo('max_output_tokens', null),
    max_tool_calls: echo('max_tool_calls', null),
    metadata: echo('metadata', {}),
    model,
    parallel_tool_calls: echo('parallel_tool_calls', true),
    presence_penalty: echo('presence_penalty', 0),
    previous_response_id: echo('previous_response_id', null),
    prompt_cache_key: echo('prompt_cache_key', null),
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: echo('safety_identifier', null),
    store: isKept,
    temperature: echo('temperature', 1),
    text: { ...text, format: text?.format ?? { type: 'text' } },
    tool_choice: echo('tool_choice', 'auto'),
    tools: objectsAt(body, 'tools').map(repeatedTool),
    top_logprobs: echo('top_logprobs', 0),
    top_p: echo('top_p', 1),
    truncation: echo('truncation', 'disabled'),
    // Not null where it is unset: OpenAI's schema has a string.
    ...(typeof body.user === 'string' && { user: body.user }),
  };
}

/**
 * Returns a tool as OpenAI repeats it: functions have all members that the schema requires (FunctionTool of
 * openai-openapi, 2026-11). Translated tools are strict only if the caller requested it.
 */
function repeatedTool(tool: JsonObject): JsonObject {
  if (tool.type !== 'function') return tool;
  const { description = null, parameters = null, strict = false } = tool;
  return { ...tool, description, parameters, strict: strict ?? false };
}
