// Tools of a generateContent request, and how they may be called.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest, NeutralTool } from '../neutral.ts';
import { geminiParameters } from './json-schema.ts';

/** Writes `tools` and `toolConfig`, or nothing. */
export function writeTools(request: NeutralRequest, drops: DroppedPaths): JsonObject {
  const { toolChoice: choice } = request;
  const filter = choice?.type === 'allowed' && !choice.required ? new Set(choice.names) : null;
  const functions = request.tools
    .filter((tool) => tool.type === 'function')
    .filter(({ name }) => filter === null || filter.has(name));
  const declared = functions.map(writeFunction);
  for (const tool of functions) if (tool.cache !== undefined) drops.add(`${tool.at}.cache_control`);
  const others = request.tools.map((tool) => writeOther(tool, drops)).filter((tool) => tool !== null);
  const tools = [...(declared.length > 0 ? [{ functionDeclarations: declared }] : []), ...others];
  if (request.parallelToolCalls === false && declared.length > 0) drops.fields(request, 'parallelToolCalls');
  const config = declared.length === 0 ? null : configOf(request, drops);
  return {
    ...(tools.length > 0 && { tools }),
    ...(config !== null && { toolConfig: { functionCallingConfig: config } }),
  };
}

function writeFunction(tool: Extract<NeutralTool, { type: 'function' }>): JsonObject {
  if (tool.wrapper?.origin === 'gemini-generate' && tool.wrapper.wire !== null) return tool.wrapper.wire;
  const takesNothing = tool.parameters === null || Object.keys(tool.parameters).length === 0;
  return {
    name: tool.name,
    // Required by the schema, though it may be empty.
    description: tool.description ?? '',
    ...(!takesNothing &&
      tool.parameters !== null && { parametersJsonSchema: geminiParameters(tool.parameters) }),
  };
}

function writeOther(tool: NeutralTool, drops: DroppedPaths): JsonObject | null {
  switch (tool.type) {
    case 'function':
      return null;
    case 'web-search':
      return writeSearch(tool, drops);
    case 'opaque':
      if (tool.origin === 'gemini-generate') return tool.wire;
      drops.add(tool.at);
      return null;
    case 'custom':
      drops.add(tool.at);
      return null;
  }
}

/** Writes the search. Google's takes no settings that the others have. */
function writeSearch(tool: Extract<NeutralTool, { type: 'web-search' }>, drops: DroppedPaths): JsonObject {
  if (tool.opaque.origin === 'gemini-generate') return tool.opaque.wire;
  const settings = ['allowedDomains', 'blockedDomains', 'maxUses', 'userLocation'] as const;
  for (const name of settings) if (tool[name] !== undefined) drops.add(`${tool.at}.${wireNames[name]}`);
  return { googleSearch: {} };
}

const wireNames = {
  allowedDomains: 'allowed_domains',
  blockedDomains: 'blocked_domains',
  maxUses: 'max_uses',
  userLocation: 'user_location',
} as const;

/** Writes the choice. Null: the default, AUTO. Strict functions become VALIDATED. */
function configOf(request: NeutralRequest, drops: DroppedPaths): JsonObject | null {
  const { toolChoice: choice, tools } = request;
  const isStrict = tools.some((tool) => tool.type === 'function' && tool.strict === true);
  switch (choice?.type) {
    case undefined:
      return isStrict ? { mode: 'VALIDATED' } : null;
    case 'auto':
      return { mode: isStrict ? 'VALIDATED' : 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'allowed':
      return choice.required ? { mode: 'ANY', allowedFunctionNames: choice.names } : { mode: 'AUTO' };
    case 'opaque':
      drops.fields(request, 'toolChoice');
      return null;
  }
}
