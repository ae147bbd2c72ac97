// Neutral tools and the choice among them to a chat request.
// https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools
import type { JsonObject } from '../../lib/json.ts';
import { functionOfCustomTool } from '../custom-tools.ts';
import { openaiParameters, strictSchema } from '../json-schema-openai.ts';
import type { NeutralTool } from '../neutral.ts';
import { parallelField, type Writing } from '../openai-target.ts';
import { cacheMarker } from './write-parts.ts';

/** Writes `tools`, `tool_choice`, `parallel_tool_calls` and `web_search_options`. */
export function writeTools(writing: Writing): JsonObject {
  const allowed = onlyAllowed(writing);
  const tools = allowed.flatMap((tool) => writeTool(tool, writing) ?? []);
  const search = writing.request.tools.find((tool) => tool.type === 'web-search');
  const options = search === undefined ? {} : writeSearch(search, writing);
  // A choice without tools is refused.
  if (tools.length === 0) {
    if (writing.request.tools.length > 0 || writing.request.toolChoice?.type !== 'auto') dropChoice(writing);
    return options;
  }
  return { tools, ...writeChoice(writing), ...parallelField(writing), ...options };
}

function dropChoice({ request, dropped }: Writing): void {
  const { toolChoice } = request;
  if (toolChoice !== undefined && toolChoice.type !== 'auto' && toolChoice.type !== 'none')
    dropped.fields(request, 'toolChoice');
}

/** Imitators know no `allowed_tools`: there, the others are left out (a documented rewrite). */
function onlyAllowed({ request, genuine }: Writing): NeutralTool[] {
  const { tools, toolChoice } = request;
  if (genuine || toolChoice?.type !== 'allowed') return tools;
  return tools.filter((tool) => !('name' in tool) || toolChoice.names.includes(tool.name));
}

function writeTool(tool: NeutralTool, writing: Writing): JsonObject | null {
  const { genuine, dropped } = writing;
  switch (tool.type) {
    case 'function':
      return writeFunction(tool, writing);
    case 'custom': {
      if (!genuine) return writeFunction(functionOfCustomTool(tool), writing);
      const { name, description } = tool;
      const format = customFormat(tool.format);
      return {
        type: 'custom',
        custom: { name, ...(description !== undefined && { description }), ...format },
      };
    }
    case 'web-search':
      return null;
    case 'opaque':
      if (tool.origin === 'openai-chat') return tool.wire;
      dropped.add(tool.at);
      return null;
  }
}

/** Chat has a grammar's members inside `grammar`, Responses beside the type. */
function customFormat(format: unknown): JsonObject {
  if (typeof format !== 'object' || format === null) return {};
  const { type, syntax, definition } = format as JsonObject;
  if (type !== 'grammar' || definition === undefined) return { format };
  return { format: { type, grammar: { syntax, definition } } };
}

function writeFunction(tool: Extract<NeutralTool, { type: 'function' }>, writing: Writing): JsonObject {
  const { name, description, cache, at } = tool;
  const parameters = openaiParameters(tool.parameters);
  const schema = tool.strict ? strictSchema(parameters) : null;
  const strict = tool.strict && schema === null ? undefined : tool.strict;
  if (strict !== tool.strict) writing.dropped.add(`${at}.strict`);
  const definition = {
    name,
    ...(description !== undefined && { description }),
    parameters: schema ?? parameters,
    ...(strict !== undefined && { strict }),
  };
  const marker = cache && !writing.genuine ? cacheMarker(cache.ttl, writing) : {};
  return { type: 'function', function: definition, ...marker };
}

/** Only for models made for search: chat cannot express a search for others. */
function writeSearch(tool: Extract<NeutralTool, { type: 'web-search' }>, writing: Writing): JsonObject {
  const { allowedDomains, blockedDomains, maxUses, userLocation, contextSize, opaque, at } = tool;
  const { dropped, traits } = writing;
  if (opaque.origin === 'openai-chat') return { web_search_options: opaque.wire };
  if (!traits.searches) {
    dropped.add(at);
    return {};
  }
  if (allowedDomains) dropped.add(`${at}.allowed_domains`);
  if (blockedDomains) dropped.add(`${at}.blocked_domains`);
  if (maxUses !== undefined) dropped.add(`${at}.max_uses`);
  return {
    web_search_options: {
      ...(contextSize && { search_context_size: contextSize }),
      ...(userLocation && { user_location: { type: 'approximate', approximate: userLocation } }),
    },
  };
}

function writeChoice({ request, genuine, dropped }: Writing): JsonObject {
  const { toolChoice, tools } = request;
  switch (toolChoice?.type) {
    case undefined:
      return {};
    case 'auto':
    case 'none':
    case 'required':
      return { tool_choice: toolChoice.type };
    case 'tool':
      return { tool_choice: named(toolChoice.name, tools, genuine) };
    case 'allowed': {
      const mode = toolChoice.required ? 'required' : 'auto';
      if (!genuine) return { tool_choice: mode };
      const list = toolChoice.names.map((name) => named(name, tools, genuine));
      return { tool_choice: { type: 'allowed_tools', allowed_tools: { mode, tools: list } } };
    }
    case 'opaque':
      if (toolChoice.origin === 'openai-chat') return { tool_choice: toolChoice.wire };
      dropped.fields(request, 'toolChoice');
      return {};
  }
}

function named(name: string, tools: NeutralTool[], genuine: boolean): JsonObject {
  const custom = genuine && tools.some((tool) => tool.type === 'custom' && tool.name === name);
  return custom ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } };
}
