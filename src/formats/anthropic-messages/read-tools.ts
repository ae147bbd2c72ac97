// Tools and the choice among them, of a Messages request.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, textAt } from '../json-reader.ts';
import type { NeutralRequest, NeutralTool } from '../neutral.ts';
import type { RequestFields } from '../request-fields.ts';
import { isDeferred, isServerSearch, visibleTools } from './deferred-tools.ts';
import { cacheMarkerOf } from './read-blocks.ts';

/** `messages`: the conversation on the wire, which refers to deferred tools. */
export function readTools(tools: readonly JsonObject[], messages: readonly JsonObject[]): NeutralTool[] {
  const placed = tools.map((tool, index) => ({ tool, at: `tools[${index}]` }));
  const { shown, hidden } = visibleTools(placed, messages);
  // A tool that was not found yet is not lost.
  return [
    ...shown.map(({ tool, at }) => readTool(tool, at)),
    ...hidden.map(({ tool }) => opaqueTool(tool, '')),
  ];
}

function opaqueTool(wire: JsonObject, at: string): NeutralTool {
  return { type: 'opaque', origin: 'anthropic-messages', wire, at };
}

function readTool(tool: JsonObject, at: string): NeutralTool {
  const type = textAt(tool, 'type') ?? 'custom';
  if (type.startsWith('web_search_')) return readWebSearch(tool, at);
  if (isServerSearch(tool)) return opaqueTool(tool, '');
  if (type !== 'custom' || isForCodeOnly(tool)) return opaqueTool(tool, at);
  const cache = cacheMarkerOf(tool);
  return {
    type: 'function',
    name: textAt(tool, 'name') ?? '',
    description: textAt(tool, 'description'),
    parameters: objectAt(tool, 'input_schema') ?? null,
    strict: typeof tool.strict === 'boolean' ? tool.strict : undefined,
    ...(cache && { cache }),
    ...(isDeferred(tool) && { wrapper: { origin: 'anthropic-messages' as const, wire: tool } }),
    at,
  };
}

/** A tool that only code which Claude runs may call. */
function isForCodeOnly({ allowed_callers: callers }: JsonObject): boolean {
  return Array.isArray(callers) && !callers.includes('direct');
}

function readWebSearch(tool: JsonObject, at: string): NeutralTool {
  return {
    type: 'web-search',
    allowedDomains: textsOf(tool.allowed_domains),
    blockedDomains: textsOf(tool.blocked_domains),
    maxUses: typeof tool.max_uses === 'number' ? tool.max_uses : undefined,
    userLocation: locationOf(tool.user_location),
    contextSize: undefined,
    opaque: { origin: 'anthropic-messages', wire: tool },
    at,
  };
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : undefined;
}

function locationOf(value: unknown): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const { type: _, ...place } = value;
  return place;
}

export function readToolChoice(
  fields: RequestFields,
): Pick<NeutralRequest, 'toolChoice' | 'parallelToolCalls'> {
  const choice = fields.object('tool_choice', 'toolChoice');
  if (choice !== undefined) fields.paths.parallelToolCalls = 'tool_choice.disable_parallel_tool_use';
  const disabled = choice?.disable_parallel_tool_use;
  const parallelToolCalls = typeof disabled === 'boolean' ? !disabled : undefined;
  return { toolChoice: choiceOf(choice), parallelToolCalls };
}

function choiceOf(choice: JsonObject | undefined): NeutralRequest['toolChoice'] {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case 'auto':
      return { type: 'auto' };
    case 'any':
      return { type: 'required' };
    case 'none':
      return { type: 'none' };
    case 'tool':
      return { type: 'tool', name: textAt(choice, 'name') ?? '' };
    default:
      return { type: 'opaque', origin: 'anthropic-messages', wire: choice };
  }
}
