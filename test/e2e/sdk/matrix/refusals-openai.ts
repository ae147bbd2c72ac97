// Lists what OpenAI's Responses API refuses, and chat completions of OpenAI and DeepSeek.
import { everySchema, firstRefusal, firstTwice, type Rule } from './rules.ts';
import type { Json, Wire } from './wire.ts';

/** Returns the API's error message, or null if it accepts the request. */
export function responsesRefusal(body: Json, model: string): string | null {
  return firstRefusal(responsesRules, body, model);
}

/** Returns the API's error message, or null if it accepts the request. */
export function chatRefusal(body: Json, model: string): string | null {
  return firstRefusal(chatRules, body, model);
}

const itemsOf = ({ input }: Json): Json[] => (Array.isArray(input) ? input : []);
const isCall = ({ type }: Json) => /^(function_call|custom_tool_call)$/.test(type);
const isResult = ({ type }: Json) => /^(function_call_output|custom_tool_call_output)$/.test(type);
const thinks = (model: string) => /^gpt-5|^o\d/.test(model);

const responsesRules: Rule[] = [
  // https://dev.to/routerbase_com (2026-11-19), https://github.com/livekit/agents/pull/7169 (2026-09)
  ({ reasoning }, model) => {
    const effort = reasoning?.effort;
    const isRefused =
      (effort === 'minimal' && /^gpt-(5\.|[6-9])/.test(model)) ||
      (effort === 'none' && /^gpt-(5-|5$|6-astra|6\.1-sol|6\.2)|codex/.test(model));
    return isRefused ? `Unsupported value: '${effort}' is not supported with the '${model}' model.` : null;
  },
  // https://github.com/continuedev/continue/issues/10092 (2026-02), https://github.com/bytedance/trae-agent/issues/245 (2025-08)
  (body) => {
    if (body.previous_response_id) return null;
    const calls = itemsOf(body).filter(isCall);
    const results = itemsOf(body).filter(isResult);
    const orphan = results.find(({ call_id: id }) => !calls.some(({ call_id }) => call_id === id));
    if (orphan) return `No tool call found for function call output with call_id ${orphan.call_id}.`;
    const open = calls.find(({ call_id: id }) => !results.some(({ call_id }) => call_id === id));
    return open ? `No tool output found for function call ${open.call_id}.` : null;
  },
  // https://github.com/vercel/ai/issues/7099 (2025-07)
  (body) => {
    const items = itemsOf(body);
    const alone = items.find(({ type, id }, index) => {
      const next = items[index + 1];
      return type === 'reasoning' && id && (next === undefined || next.role === 'user' || isResult(next));
    });
    return alone
      ? `Item '${alone.id}' of type 'reasoning' was provided without its required following item.`
      : null;
  },
  // https://github.com/vercel/ai/issues/7543 (2025-07): with `store: false` an item is known by its content only.
  (body) => {
    const bare = itemsOf(body).find(
      ({ type, encrypted_content }) => type === 'reasoning' && !encrypted_content && body.store === false,
    );
    return bare
      ? `Item with id '${bare.id}' not found. Items are not persisted when \`store\` is set to false.`
      : null;
  },
  // https://github.com/vercel/ai/issues/7883 (2025-08)
  (body) => {
    const twice = firstTwice(itemsOf(body).flatMap(({ id }) => id ?? []));
    return twice === undefined
      ? null
      : `Duplicate item found with id ${twice}. Remove duplicate items from your input and try again.`;
  },
  // https://github.com/openai/codex/issues/14355 (2026-03)
  (body) => {
    const long = itemsOf(body).find(({ call_id }) => call_id?.length > 64);
    return long
      ? `Invalid 'input[0].call_id': string too long. Expected a string with maximum length 64.`
      : null;
  },
  // https://developers.openai.com/api/docs/guides/latest-model (2026-11): sampling parameters only with effort none.
  ({ temperature, top_p, reasoning }, model) => {
    if (!thinks(model) || reasoning?.effort === 'none') return null;
    const name = temperature === undefined ? (top_p === undefined ? null : 'top_p') : 'temperature';
    return name && `Unsupported parameter: '${name}' is not supported with this model.`;
  },
  ({ tools = [] }) => functionsRefusal(tools.filter(({ type }: Json) => type === 'function')),
  ({ text }) => answerRefusal(text?.format?.type === 'json_schema' ? text.format : null),
];

const chatRules: Rule[] = [
  // https://github.com/agno-agi/agno/issues/3105 (2025-05), https://github.com/itmisx/deepx-code/issues/94 (2026-06)
  ({ messages }) => {
    for (const [index, { role, tool_calls: calls, tool_call_id: id }] of (messages as Json[]).entries()) {
      const before = (messages as Json[]).slice(0, index);
      if (role === 'tool') {
        const opener = before.findLast((message) => message.role !== 'tool');
        if (!(opener?.tool_calls ?? []).some((call: Json) => call.id === id))
          return "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
      }
      const answers = (messages as Json[]).slice(index + 1, index + 1 + (calls?.length ?? 0));
      const left = (calls ?? []).filter(
        (call: Json) => !answers.some(({ tool_call_id }) => tool_call_id === call.id),
      );
      if (left.length > 0)
        return "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.";
    }
    return null;
  },
  // https://api-docs.deepseek.com/api/create-chat-completion (2026-11)
  ({ messages }) =>
    messages.some(
      ({ role, content, tool_calls }: Json) => role === 'assistant' && !content && !tool_calls?.length,
    )
      ? 'Invalid assistant message: content or tool_calls must be set'
      : null,
  // https://api-docs.deepseek.com/guides/thinking_mode (2026-11), https://github.com/earendil-works/pi/issues/3636
  // (2026-04): a turn that calls tools is sent back with its thought.
  ({ messages, thinking }, model) => {
    if (!/deepseek-(v4|reasoner)/.test(model) || thinking?.type === 'disabled') return null;
    const isBare = ({ role, tool_calls, reasoning_content: thought }: Json) =>
      role === 'assistant' && tool_calls?.length > 0 && typeof thought !== 'string';
    return messages.some(isBare)
      ? 'The `reasoning_content` in the thinking mode must be passed back to the API.'
      : null;
  },
  // https://github.com/BerriAI/litellm/pull/34569 (2026-07)
  ({ tools = [], reasoning_effort: effort }, model) =>
    /^gpt-(5\.[5-9]|[6-9])/.test(model) && tools.length > 0 && effort !== 'none'
      ? `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.`
      : null,
  ({ tools = [] }) => functionsRefusal(tools.flatMap(({ function: one }: Json) => one ?? [])),
  ({ response_format: format }) => answerRefusal(format?.json_schema ?? null),
];

function functionsRefusal(functions: Json[]): string | null {
  for (const { name, parameters, strict } of functions) {
    // https://platform.openai.com/docs/api-reference/chat/create (2026-11)
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
      return "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
    // https://github.com/alibaba/spring-ai-alibaba/issues/4576 (2026-04), https://github.com/github/github-mcp-server/issues/1548 (2025-12)
    if (parameters && parameters.type !== 'object')
      return `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${parameters.type}"'.`;
    if (parameters && !parameters.properties)
      return `Invalid schema for function '${name}': In context=(), object schema missing properties.`;
    // https://github.com/PrefectHQ/fastmcp/issues/2464 (2025-11): not in strict mode alone.
    if (everySchema(parameters).some(({ type, items }) => type === 'array' && !items))
      return `Invalid schema for function '${name}': array schema missing items.`;
    const refused = strict === true ? strictRefusal(parameters) : null;
    if (refused) return `Invalid schema for function '${name}': ${refused}`;
  }
  return null;
}

function answerRefusal(format: Json | null): string | null {
  if (format === null) return null;
  // https://developers.openai.com/api/docs/guides/structured-outputs (2026-11)
  if (format.schema.type !== 'object')
    return `Invalid schema for response_format '${format.name}': schema must be a JSON Schema of 'type: "object"'.`;
  const refused = format.strict === true ? strictRefusal(format.schema) : null;
  return refused && `Invalid schema for response_format '${format.name}': ${refused}`;
}

/**
 * https://github.com/ash-project/ash_ai/issues/155 (2025-12),
 * https://github.com/lastmile-ai/openai-agents-mcp/issues/2 (2025-03)
 */
function strictRefusal(root: Wire): string | null {
  for (const schema of everySchema(root)) {
    const word = [
      'oneOf',
      'allOf',
      'not',
      'if',
      'patternProperties',
      'minLength',
      'maxLength',
      'uniqueItems',
      'default',
    ].find((name) => schema[name] !== undefined);
    if (word) return `In context=(), '${word}' is not permitted.`;
    if (schema.type !== 'object') continue;
    if (schema.additionalProperties !== false)
      return "In context=(), 'additionalProperties' is required to be supplied and to be false.";
    const missing = Object.keys(schema.properties ?? {}).find((name) => !schema.required?.includes(name));
    if (missing !== undefined)
      return `In context=(), 'required' is required to be supplied and to be an array including every key in properties. SetupProblem '${missing}'.`;
  }
  return null;
}
