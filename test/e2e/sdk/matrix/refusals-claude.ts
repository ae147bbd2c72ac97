// Lists what Anthropic's Messages API refuses.
import { blocksOf, everySchema, firstRefusal, firstTwice, type Rule } from './rules.ts';
import type { Json, Wire } from './wire.ts';

/** Returns the API's error message, or null if it accepts the request. */
export function claudeRefusal(body: Json, model: string): string | null {
  return firstRefusal(rules, body, model);
}

const isThought = ({ type }: Json) => type === 'thinking' || type === 'redacted_thinking';
const turnsOf = ({ messages }: Json, role: string): Json[] =>
  (messages ?? []).filter((message: Json) => message.role === role);
const idsOf = (content: Wire, type: string, id: string): string[] =>
  blocksOf(content)
    .filter((block) => block.type === type)
    .map((block) => block[id]);

const isThinking = ({ thinking }: Json) => thinking !== undefined && thinking.type !== 'disabled';
const isForced = ({ tool_choice: choice }: Json) => choice?.type === 'any' || choice?.type === 'tool';
const isLatest = (model: string) => /opus-5-5|fable-5-1|sonnet-5-5/.test(model);
const hasBudget = (model: string) => /(opus|sonnet|haiku)-4-[015]|3-7-sonnet/.test(model);

const rules: Rule[] = [
  // https://github.com/anthropics/claude-code/issues/20705 (2026-01)
  (body) =>
    turnsOf(body, 'assistant').some(
      ({ content }) => blocksOf(content).some(isThought) && !isThought(blocksOf(content)[0] as Json),
    )
      ? 'If an assistant message contains any thinking blocks, the first block must be `thinking` or `redacted_thinking`.'
      : null,
  (body) =>
    turnsOf(body, 'assistant').some(({ content }) =>
      blocksOf(content).some(({ type, signature }) => type === 'thinking' && !signature),
    )
      ? 'Invalid `signature` in `thinking` block'
      : null,
  // https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks (2026-11):
  // for models with a budget, a turn whose calls are answered last must begin with a thought.
  (body, model) => {
    if (!hasBudget(model) || !isThinking(body)) return null;
    const { role, content } = body.messages.at(-2) ?? {};
    const isOpen = role === 'assistant' && blocksOf(content).some(({ type }) => type === 'tool_use');
    return isOpen && !isThought(blocksOf(content)[0] as Json)
      ? 'Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.'
      : null;
  },
  // https://github.com/anthropics/claude-code/issues/8210 (2025-09), https://github.com/anthropics/claude-code/issues/18947 (2026-01)
  ({ messages }) => {
    for (const [index, { role, content }] of (messages as Json[]).entries()) {
      const uses = role === 'assistant' ? idsOf(content, 'tool_use', 'id') : [];
      const given = idsOf(messages[index + 1]?.content, 'tool_result', 'tool_use_id');
      const left = uses.filter((id) => !given.includes(id));
      if (left.length > 0)
        return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${left}`;
      const made = idsOf(messages[index - 1]?.content, 'tool_use', 'id');
      const unknown = idsOf(content, 'tool_result', 'tool_use_id').find((id) => !made.includes(id));
      if (unknown !== undefined)
        return `messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}`;
    }
    return null;
  },
  // https://github.com/trycua/cua/issues/524 (2025-10), https://github.com/LibreChat-AI/agents/pull/153 (2026-05)
  (body) => {
    const uses = turnsOf(body, 'assistant').flatMap(({ content }) => idsOf(content, 'tool_use', 'id'));
    if (firstTwice(uses) !== undefined) return '`tool_use` ids must be unique';
    const odd = uses.find((id) => !/^[a-zA-Z0-9_-]+$/.test(id));
    return odd === undefined ? null : `tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
  },
  // https://platform.claude.com/docs/en/api/messages/create (2026-11): "text content blocks must be non-empty".
  ({ messages }) => {
    if (messages.length === 0) return 'messages: at least one message is required';
    const isEmpty = ({ content }: Json) =>
      content === '' ||
      content?.length === 0 ||
      blocksOf(content).some(({ type, text }) => type === 'text' && text === '');
    return messages.some(isEmpty) ? 'messages: text content blocks must be non-empty' : null;
  },
  // https://github.com/continuedev/continue/pull/6937 (2025-08)
  (body) => {
    const count = JSON.stringify(body).split('"cache_control":{').length - 1;
    return count > 4 ? `A maximum of 4 blocks with cache_control may be provided. Found ${count}.` : null;
  },
  // https://github.com/mastra-ai/mastra/issues/7507 (2025-09)
  (body, model) =>
    isThinking(body) && isForced(body) && !isLatest(model)
      ? 'Thinking may not be enabled when tool_choice forces tool use.'
      : null,
  // https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5 (2026-11)
  (body, model) => {
    if (!isLatest(model)) return null;
    const type = body.thinking?.type;
    if (type === 'disabled' || type === 'enabled')
      return `"thinking.type.${type}" is not supported for this model.`;
    if (isForced(body)) return 'Forced tool use is not supported for this model.';
    // "Claude Opus 4.7+ rejects non-default values": docs/models-configuration.md of @earendil-works/pi-coding-agent 1.6.0.
    const sampled = ['temperature', 'top_p', 'top_k'].find((name) => ![undefined, 1].includes(body[name]));
    return sampled ? `\`${sampled}\` is deprecated for this model.` : null;
  },
  // https://github.com/BerriAI/litellm/issues/15097 (2025-10)
  ({ temperature, top_p }, model) =>
    temperature !== undefined && top_p !== undefined && /-4-[1-9]|-5/.test(model)
      ? '`temperature` and `top_p` cannot both be specified for this model. Please use only one.'
      : null,
  // https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility (2026-11)
  (body) => {
    const { thinking, temperature, max_tokens } = body;
    if (thinking?.type === 'enabled' && max_tokens <= thinking.budget_tokens)
      return '`max_tokens` must be greater than `thinking.budget_tokens`.';
    return isThinking(body) && temperature !== undefined && temperature !== 1
      ? '`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.'
      : null;
  },
  // https://github.com/BerriAI/litellm/issues/3286 (2024-04)
  ({ stop_sequences: stops = [] }) =>
    stops.some((stop: string) => stop.trim() === '')
      ? 'stop_sequences: each stop sequence must contain non-whitespace'
      : null,
  ({ tools = [] }) => toolsRefusal(tools),
  ({ output_config }) => {
    const schema = output_config?.format?.schema;
    return schema ? strictRefusal(schema, 'output_config.format.schema') : null;
  },
];

function toolsRefusal(tools: Json[]): string | null {
  // https://github.com/anthropics/claude-code/issues/10687 (2025-10)
  if (firstTwice(tools.map(({ name }) => name)) !== undefined) return 'tools: Tool names must be unique.';
  for (const [index, { type = 'custom', name, input_schema: schema, strict }] of tools.entries()) {
    if (type !== 'custom') continue;
    const at = `tools.${index}.custom`;
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use (2026-11)
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name))
      return `${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`;
    if (schema?.type !== 'object') return `${at}.input_schema.type: Field required`;
    // https://github.com/anthropics/claude-code/issues/5319 (2025-08)
    if (schema.oneOf ?? schema.allOf ?? schema.anyOf)
      return `${at}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
    // For the root only: https://github.com/decocms/studio/pull/6874 (2026-09),
    // https://github.com/anthropics/claude-code/issues/79418
    if (Object.keys(schema.properties ?? {}).some((key) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(key)))
      return `${at}.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'`;
    const refused = strict === true ? strictRefusal(schema, at) : null;
    if (refused !== null) return refused;
  }
  return null;
}

const unsupported =
  'oneOf not if then else prefixItems patternProperties propertyNames minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength maxItems uniqueItems'.split(
    ' ',
  );

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations (2026-11) */
function strictRefusal(root: Json, at: string): string | null {
  for (const schema of everySchema(root)) {
    const word = unsupported.find((name) => schema[name] !== undefined);
    if (word) return `${at}: For '${schema.type}' type, property '${word}' is not supported`;
    if (schema.minItems > 1)
      return `${at}: For 'array' type, 'minItems' values other than 0 or 1 are not supported`;
    if (schema.type === 'object' && schema.additionalProperties !== false)
      return `${at}: For 'object' type, 'additionalProperties' must be explicitly set to false`;
  }
  return null;
}
