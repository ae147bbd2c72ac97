// Tools and the choice among them, for a Messages request.
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest, NeutralTool } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import { writeCacheMarker } from './write-blocks.ts';

/** Without those that the choice leaves out, and without those of other providers (named as dropped). */
export function writeTools(request: NeutralRequest, drops: DroppedPaths): JsonObject[] {
  const { toolChoice } = request;
  const allowed = toolChoice?.type === 'allowed' ? new Set(toolChoice.names) : null;
  return request.tools
    .filter((tool) => allowed === null || !('name' in tool) || allowed.has(tool.name))
    .map((tool) => writeTool(tool, drops))
    .filter((tool) => tool !== null);
}

function writeTool(tool: NeutralTool, drops: DroppedPaths): JsonObject | null {
  if ('wrapper' in tool && tool.wrapper?.origin === 'anthropic-messages') return tool.wrapper.wire;
  switch (tool.type) {
    case 'function':
      return {
        name: tool.name,
        ...(tool.description !== undefined && { description: tool.description }),
        input_schema: inputSchema(tool.parameters),
        ...(tool.strict === true && { strict: true }),
        ...writeCacheMarker(tool.cache),
      };
    case 'web-search':
      return writeWebSearch(tool, drops);
    case 'opaque':
      if (tool.origin === 'anthropic-messages') return tool.wire;
      drops.add(tool.at);
      return null;
    case 'custom':
      // custom-tools.ts has made functions of these before.
      drops.add(tool.at);
      return null;
  }
}

/** The root must be an object; a tool without arguments has an empty one. */
export function inputSchema(parameters: JsonObject | null): JsonObject {
  if (parameters === null) return { type: 'object', properties: {} };
  return parameters.type === 'object' ? parameters : { ...parameters, type: 'object' };
}

function writeWebSearch(tool: Extract<NeutralTool, { type: 'web-search' }>, drops: DroppedPaths): JsonObject {
  if (tool.opaque.origin === 'anthropic-messages') return tool.opaque.wire;
  if (tool.contextSize !== undefined && tool.contextSize !== 'medium')
    drops.add(`${tool.at}.search_context_size`);
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(tool.allowedDomains !== undefined && { allowed_domains: tool.allowedDomains }),
    ...(tool.blockedDomains !== undefined && { blocked_domains: tool.blockedDomains }),
    ...(tool.maxUses !== undefined && { max_uses: tool.maxUses }),
    ...(tool.userLocation !== undefined && { user_location: { ...tool.userLocation, type: 'approximate' } }),
  };
}

/** Null: nothing is to be said. `answerTool` is the structured answer's, which must be reachable. */
export function writeToolChoice(
  request: NeutralRequest,
  answerTool: JsonObject | null,
  drops: DroppedPaths,
): JsonObject | null {
  const choice = choiceOf(request, answerTool, drops);
  const single = request.parallelToolCalls === false && (request.tools.length > 0 || answerTool !== null);
  if (!single) return choice;
  return choice?.type === 'none'
    ? choice
    : { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
}

function choiceOf(
  request: NeutralRequest,
  answerTool: JsonObject | null,
  drops: DroppedPaths,
): JsonObject | null {
  const { toolChoice: choice } = request;
  if (answerTool !== null) {
    const mayCallOthers = request.tools.length > 0 && choice?.type !== 'none';
    return mayCallOthers ? { type: 'any' } : { type: 'tool', name: answerTool.name };
  }
  switch (choice?.type) {
    case undefined:
      return null;
    case 'auto':
    case 'none':
      return { type: choice.type };
    case 'required':
      return { type: 'any' };
    case 'tool':
      return { type: 'tool', name: choice.name };
    case 'allowed':
      return { type: choice.required ? 'any' : 'auto' };
    case 'opaque':
      drops.fields(request, 'toolChoice');
      return null;
  }
}
