// Tools and the choice among them, for a Messages request.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest, NeutralTool } from '../neutral.ts';
import {
  addLoads,
  maximumStrictLoad,
  type StrictLoad,
  strictLoadOf,
  strictToolSchema,
  toolSchema,
} from './json-schema.ts';
import type { ClaudeTraits } from './model-traits.ts';
import { writeCacheMarker } from './write-blocks.ts';

type FunctionTool = Extract<NeutralTool, { type: 'function' }>;

/** Without those that the choice leaves out, and without those of other providers (named as dropped). */
export function writeTools(request: NeutralRequest, traits: ClaudeTraits, drops: DroppedPaths): JsonObject[] {
  const { toolChoice } = request;
  const strict = new StrictTools(traits);
  const allowed = toolChoice?.type === 'allowed' ? new Set(toolChoice.names) : null;
  return request.tools
    .filter((tool) => allowed === null || !('name' in tool) || allowed.has(tool.name))
    .map((tool) => writeTool(tool, strict, drops))
    .filter((tool) => tool !== null);
}

function writeTool(tool: NeutralTool, strict: StrictTools, drops: DroppedPaths): JsonObject | null {
  if ('wrapper' in tool && tool.wrapper?.origin === 'anthropic-messages') return tool.wrapper.wire;
  switch (tool.type) {
    case 'function':
      return {
        name: tool.name,
        ...(tool.description !== undefined && { description: tool.description }),
        ...strict.write(tool, drops),
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

/** Strict tools, as far as Claude's bounds allow; the others are written without, and their `strict` is named. */
class StrictTools {
  readonly #traits: ClaudeTraits;
  #load: StrictLoad = { tools: 0, optionalMembers: 0, unions: 0 };

  constructor(traits: ClaudeTraits) {
    this.#traits = traits;
  }

  write({ parameters, strict, at }: FunctionTool, drops: DroppedPaths): JsonObject {
    const schema = toolSchema(parameters);
    if (strict !== true) return { input_schema: schema };
    const strictSchema = this.#traits.structuredOutput ? strictToolSchema(schema) : null;
    if (strictSchema !== null && this.#hasRoom(strictSchema))
      return { input_schema: strictSchema, strict: true };
    drops.add(`${at}.strict`);
    return { input_schema: schema };
  }

  #hasRoom(schema: JsonObject): boolean {
    const load = addLoads(this.#load, strictLoadOf(schema));
    const isWithin = (['tools', 'optionalMembers', 'unions'] as const).every(
      (count) => load[count] <= maximumStrictLoad[count],
    );
    if (isWithin) this.#load = load;
    return isWithin;
  }
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

/** Null if there is nothing to write. `answerTool` is the tool of the structured answer, which must be callable. */
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
