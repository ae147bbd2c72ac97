// Reads tools of Responses and the choice among them: functions and custom tools, alone or in a namespace, the client's
// search for tools, and web search. Only OpenAI has the others.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralTool, ToolChoice, ToolWrapper } from '../neutral.ts';
import type { RequestFaults, RequestFields } from '../request-fields.ts';
import { flatName } from './namespaces.ts';

/** The tools in order. */
export function readTools(fields: RequestFields): NeutralTool[] {
  const tools = fields.objects('tools', 'tools') ?? [];
  return tools.flatMap((tool, index) => readTool(tool, `tools[${index}]`, fields.faults));
}

/** Tools that an item of the conversation brings: they are the model's from there on. */
export function readItemTools(item: JsonObject, at: string, faults: RequestFaults): NeutralTool[] {
  return objectsAt(item, 'tools')
    .flatMap((tool, index) => readTool(tool, `${at}.tools[${index}]`, faults))
    .map((tool): NeutralTool => ('name' in tool ? heldByItem(tool) : tool))
    .filter((tool) => tool.type !== 'opaque' || tool.at !== '');
}

function heldByItem(tool: Extract<NeutralTool, { name: string }>): NeutralTool {
  return { ...tool, wrapper: { ...tool.wrapper, origin: 'openai-responses', wire: null } };
}

function readTool(tool: JsonObject, at: string, faults: RequestFaults): NeutralTool[] {
  switch (tool.type) {
    case 'function':
      return [readFunction(tool, at, faults)];
    case 'custom':
      return [readCustom(tool, at, faults)];
    case 'namespace':
      return readNamespace(tool, at, faults);
    case 'tool_search':
      return [readToolSearch(tool, at)];
    default:
      return typeof tool.type === 'string' && /^web_search/.test(tool.type)
        ? [readSearch(tool, at)]
        : [opaqueTool(tool, at)];
  }
}

function opaqueTool(wire: JsonObject, at: string): NeutralTool {
  return { type: 'opaque', origin: 'openai-responses', wire, at };
}

function readCustom(tool: JsonObject, at: string, faults: RequestFaults): NeutralTool {
  const { format } = tool;
  return {
    type: 'custom',
    name: needName(tool, at, faults),
    description: textAt(tool, 'description'),
    format: format ?? undefined,
    at,
  };
}

/** Reads the functions and custom tools inside, under flat names. Each gets the namespace's description. */
function readNamespace(wire: JsonObject, at: string, faults: RequestFaults): NeutralTool[] {
  const name = needName(wire, at, faults);
  const about = textAt(wire, 'description')?.trim();
  const tools = objectsAt(wire, 'tools').flatMap((tool, index) =>
    readTool(tool, `${at}.tools[${index}]`, faults),
  );
  if (tools.length === 0) return [opaqueTool(wire, at)];
  return tools.map((tool) => {
    if (!('name' in tool)) return tool;
    const namespace = { name, tool: tool.name };
    const wrapper: ToolWrapper = { origin: 'openai-responses', namespace, wire };
    const description = tool.description ?? about;
    return { ...tool, name: flatName(namespace), description, wrapper };
  });
}

/** The name under which other models call the client's search for tools. */
export const toolSearchName = 'tool_search';

/**
 * A search that the client runs is a function to other models. OpenAI's own search has nothing left to find: tools
 * whose loading is deferred are shown to other models at once.
 * https://developers.openai.com/api/docs/guides/tools-tool-search, read 2026-11
 */
function readToolSearch(wire: JsonObject, at: string): NeutralTool {
  if (wire.execution !== 'client') return opaqueTool(wire, '');
  const { parameters } = wire;
  return {
    type: 'function',
    name: toolSearchName,
    description: textAt(wire, 'description'),
    parameters: isObject(parameters) ? parameters : null,
    strict: undefined,
    wrapper: { origin: 'openai-responses', isSearch: true, wire },
    at,
  };
}

function needName(tool: JsonObject, at: string, faults: RequestFaults): string {
  const name = textAt(tool, 'name');
  if (name === undefined) faults.missing(`${at}.name`);
  return name ?? '';
}

function readFunction(tool: JsonObject, at: string, faults: RequestFaults): NeutralTool {
  const { parameters, strict } = tool;
  if (parameters !== undefined && parameters !== null && !isObject(parameters))
    faults.wrongType(`${at}.parameters`, 'an object', parameters);
  return {
    type: 'function',
    name: needName(tool, at, faults),
    description: textAt(tool, 'description'),
    parameters: isObject(parameters) ? parameters : null,
    strict: typeof strict === 'boolean' ? strict : undefined,
    at,
  };
}

function readSearch(tool: JsonObject, at: string): NeutralTool {
  const filters = objectAt(tool, 'filters');
  const { type: _, ...location } = objectAt(tool, 'user_location') ?? {};
  const size = tool.search_context_size;
  return {
    type: 'web-search',
    allowedDomains: domains(filters?.allowed_domains),
    blockedDomains: domains(filters?.blocked_domains),
    maxUses: undefined,
    userLocation: Object.keys(location).length > 0 ? location : undefined,
    contextSize: size === 'low' || size === 'medium' || size === 'high' ? size : undefined,
    opaque: { origin: 'openai-responses', wire: tool },
    at,
  };
}

function domains(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((domain) => typeof domain === 'string') : undefined;
}

/** Reads a name, or an object that names one tool, several, or a hosted one. */
export function readToolChoice(fields: RequestFields): ToolChoice | undefined {
  const choice = fields.take('tool_choice', 'toolChoice');
  if (choice === undefined) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice };
  const named = isObject(choice) ? readNamed(choice) : undefined;
  return named ?? { type: 'opaque', origin: 'openai-responses', wire: choice };
}

function readNamed(choice: JsonObject): ToolChoice | undefined {
  // Chat's shape, which clients mix up with this one, has the name inside.
  const name = textAt(choice, 'name') ?? textAt(objectAt(choice, 'function'), 'name');
  const namespace = textAt(choice, 'namespace');
  if ((choice.type === 'function' || choice.type === 'custom') && name !== undefined)
    return { type: 'tool', name: namespace === undefined ? name : flatName({ name: namespace, tool: name }) };
  if (choice.type === toolSearchName) return { type: 'tool', name: toolSearchName };
  if (choice.type !== 'allowed_tools') return undefined;
  const names = objectsAt(choice, 'tools').map((tool) => textAt(tool, 'name'));
  // A hosted tool among them has no name, so only the same format can express it.
  if (names.includes(undefined)) return undefined;
  return {
    type: 'allowed',
    names: names.filter((one) => one !== undefined),
    required: choice.mode === 'required',
  };
}
