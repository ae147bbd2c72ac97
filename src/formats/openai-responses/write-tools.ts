// Neutral tools and the choice among them to a Responses request.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
import type { JsonObject } from '../../lib/json.ts';
import { openaiParameters, strictSchema } from '../json-schema-openai.ts';
import type { NeutralTool } from '../neutral.ts';
import { parallelField, type Writing } from '../openai-target.ts';

/** Writes `tools`, `tool_choice` and `parallel_tool_calls`. */
export function writeTools(writing: Writing): JsonObject {
  const { request, dropped } = writing;
  const tools = [...new Set(request.tools.flatMap((tool) => writeTool(tool, writing) ?? []))];
  if (tools.length > 0) return { tools, ...writeChoice(writing), ...parallelField(writing) };
  if (request.toolChoice && !['auto', 'none'].includes(request.toolChoice.type))
    dropped.fields(request, 'toolChoice');
  return {};
}

/** A wrapper of several tools comes with each of them; null also for a tool that an item of the input holds. */
function writeTool(tool: NeutralTool, writing: Writing): JsonObject | null {
  if ('name' in tool && tool.wrapper?.origin === 'openai-responses') return tool.wrapper.wire;
  switch (tool.type) {
    case 'function':
      return writeFunction(tool, writing);
    case 'custom': {
      const { name, description } = tool;
      return {
        type: 'custom',
        name,
        ...(description !== undefined && { description }),
        ...customFormat(tool.format),
      };
    }
    case 'web-search':
      return writeSearch(tool, writing);
    case 'opaque':
      if (tool.origin === 'openai-responses') return tool.wire;
      writing.dropped.add(tool.at);
      return null;
  }
}

/** Chat has a grammar's members inside `grammar`, Responses beside the type. */
function customFormat(format: unknown): JsonObject {
  if (typeof format !== 'object' || format === null) return {};
  const { type, grammar } = format as JsonObject;
  if (type !== 'grammar' || typeof grammar !== 'object') return { format };
  return { format: { type, ...grammar } };
}

/** Strict is the default of this format only, so it is switched off unless requested. */
function writeFunction(tool: Extract<NeutralTool, { type: 'function' }>, { dropped }: Writing): JsonObject {
  const { name, description, at } = tool;
  const parameters = openaiParameters(tool.parameters);
  const strict = tool.strict ? strictSchema(parameters) : null;
  if (tool.strict && strict === null) dropped.add(`${at}.strict`);
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    parameters: strict ?? parameters,
    strict: strict !== null,
  };
}

function writeSearch(tool: Extract<NeutralTool, { type: 'web-search' }>, { dropped }: Writing): JsonObject {
  const { allowedDomains, blockedDomains, maxUses, userLocation, contextSize, opaque, at } = tool;
  if (opaque.origin === 'openai-responses') return opaque.wire;
  if (blockedDomains) dropped.add(`${at}.blocked_domains`);
  if (maxUses !== undefined) dropped.add(`${at}.max_uses`);
  return {
    type: 'web_search',
    ...(allowedDomains && { filters: { allowed_domains: allowedDomains } }),
    ...(userLocation && { user_location: { type: 'approximate', ...userLocation } }),
    ...(contextSize && { search_context_size: contextSize }),
  };
}

function writeChoice({ request, dropped }: Writing): JsonObject {
  const { toolChoice, tools } = request;
  switch (toolChoice?.type) {
    case undefined:
      return {};
    case 'auto':
    case 'none':
    case 'required':
      return { tool_choice: toolChoice.type };
    case 'tool':
      return { tool_choice: named(toolChoice.name, tools) };
    case 'allowed': {
      const list = toolChoice.names.map((name) => named(name, tools));
      return {
        tool_choice: { type: 'allowed_tools', mode: toolChoice.required ? 'required' : 'auto', tools: list },
      };
    }
    case 'opaque':
      if (toolChoice.origin === 'openai-responses') return { tool_choice: toolChoice.wire };
      dropped.fields(request, 'toolChoice');
      return {};
  }
}

function named(name: string, tools: NeutralTool[]): JsonObject {
  const tool = tools.find((one) => 'name' in one && one.name === name);
  const { namespace, isSearch } = (tool !== undefined && 'name' in tool ? tool.wrapper : undefined) ?? {};
  if (isSearch) return { type: 'tool_search' };
  return { type: tool?.type === 'custom' ? 'custom' : 'function', name: namespace?.tool ?? name };
}
