// Fields that chat completions and Responses have in common, name for name.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import {
  type NeutralRequest,
  type ReasoningRequest,
  type ResponseFormat,
  reasoningEfforts,
} from './neutral.ts';
import type { RequestFaults, RequestFields } from './request-fields.ts';

/** What both know by the same name. */
export function readCommonFields(fields: RequestFields): Partial<NeutralRequest> {
  return {
    temperature: fields.number('temperature', 'temperature'),
    topP: fields.number('top_p', 'topP'),
    parallelToolCalls: fields.boolean('parallel_tool_calls', 'parallelToolCalls'),
    userId: readUserId(fields),
    metadata: readMetadata(fields),
    serviceTier: fields.text('service_tier', 'serviceTier'),
    promptCacheKey: fields.text('prompt_cache_key', 'promptCacheKey'),
    store: fields.boolean('store', 'store'),
  };
}

/** `safety_identifier` is the newer name. If both are given, `user` is dropped. */
function readUserId(fields: RequestFields): string | undefined {
  return fields.text('safety_identifier', 'userId') ?? fields.text('user', 'userId');
}

function readMetadata(fields: RequestFields): Record<string, string> | undefined {
  const metadata = fields.object('metadata', 'metadata');
  if (metadata === undefined) return undefined;
  const strings = Object.entries(metadata).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(strings);
}

/**
 * Reads the requested reasoning: chat's `reasoning_effort` (`effort`), Responses' and OpenRouter's `reasoning` object.
 * Undefined if neither is given. https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
export function readReasoningRequest(
  effort: unknown,
  reasoning: JsonObject | undefined,
): ReasoningRequest | undefined {
  if (effort === undefined && reasoning === undefined) return undefined;
  const { max_tokens: budget, enabled, exclude, summary, generate_summary: older } = reasoning ?? {};
  const named = reasoningEfforts.find((one) => one === (effort ?? reasoning?.effort));
  const budgetTokens = typeof budget === 'number' ? budget : undefined;
  const wanted = summary ?? older;
  const switched =
    enabled === false ? 'none' : enabled === true && budgetTokens === undefined ? 'medium' : undefined;
  return {
    effort: named ?? switched,
    budgetTokens,
    includeThoughts: exclude === true ? false : wanted !== undefined && wanted !== null ? true : undefined,
    summary: typeof wanted === 'string' ? wanted : undefined,
  };
}

/** The form of the answer: chat's `response_format.json_schema` and Responses' `text.format` hold the same. */
export function readSchemaFormat(
  format: JsonObject,
  at: string,
  faults: RequestFaults,
): ResponseFormat | undefined {
  const { schema, name, description, strict } = format;
  if (schema !== undefined && schema !== null && !isObject(schema))
    return faults.wrongType(`${at}.schema`, 'an object', schema);
  return {
    type: 'json-schema',
    name: typeof name === 'string' ? name : 'answer',
    description: typeof description === 'string' ? description : undefined,
    schema: isObject(schema) ? schema : {},
    strict: typeof strict === 'boolean' ? strict : undefined,
  };
}
