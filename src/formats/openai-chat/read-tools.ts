// Tools and the choice among them, from chat requests: today's, and the legacy `functions`.
// https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralRequest, NeutralTool, ToolChoice } from '../neutral.ts';
import { readCacheMarker } from '../openai-media.ts';
import type { RequestFaults, RequestFields } from '../request-fields.ts';

/** Reads all tools in order: `tools`, `functions`, and the search of `web_search_options`. */
export function readTools(fields: RequestFields): NeutralTool[] {
  const { faults } = fields;
  const tools = fields.objects('tools', 'tools') ?? [];
  const functions = fields.objects('functions', 'tools') ?? [];
  const search = fields.object('web_search_options', 'tools');
  const all = [
    ...tools.map((tool, index) => readTool(tool, `tools[${index}]`, faults)),
    ...functions.map((tool, index) =>
      readFunction(tool, tool, `functions[${index}]`, `functions[${index}]`, faults),
    ),
    ...(search === undefined ? [] : [readSearch(search)]),
  ];
  return fields.take('tool_choice') === 'validated' ? all.map(validated) : all;
}

/** Copilot's `validated` is Gemini's VALIDATED: every call is bound to its schema, so each function is strict. */
function validated(tool: NeutralTool): NeutralTool {
  return tool.type === 'function' ? { ...tool, strict: tool.strict ?? true } : tool;
}

function readTool(tool: JsonObject, at: string, faults: RequestFaults): NeutralTool {
  const definition = objectAt(tool, 'function');
  if (tool.type === 'function' || (tool.type === undefined && definition)) {
    return readFunction(definition ?? {}, tool, at, `${at}.function`, faults);
  }
  const custom = objectAt(tool, 'custom');
  if (tool.type !== 'custom' || custom === undefined)
    return { type: 'opaque', origin: 'openai-chat', wire: tool, at };
  const name = textAt(custom, 'name');
  if (name === undefined) faults.missing(`${at}.custom.name`);
  return {
    type: 'custom',
    name: name ?? '',
    description: textAt(custom, 'description'),
    format: custom.format ?? undefined,
    at,
  };
}

function readFunction(
  definition: JsonObject,
  tool: JsonObject,
  at: string,
  path: string,
  faults: RequestFaults,
): NeutralTool {
  const name = textAt(definition, 'name');
  if (name === undefined) faults.missing(`${path}.name`);
  const { parameters, strict } = definition;
  if (parameters !== undefined && parameters !== null && !isObject(parameters))
    faults.wrongType(`${path}.parameters`, 'an object', parameters);
  return {
    type: 'function',
    name: name ?? '',
    description: textAt(definition, 'description'),
    parameters: isObject(parameters) ? parameters : null,
    strict: typeof strict === 'boolean' ? strict : undefined,
    ...readCacheMarker(tool),
    at,
  };
}

function readSearch(options: JsonObject): NeutralTool {
  const location = objectAt(options, 'user_location');
  const size = options.search_context_size;
  return {
    type: 'web-search',
    allowedDomains: undefined,
    blockedDomains: undefined,
    maxUses: undefined,
    userLocation: objectAt(location, 'approximate'),
    contextSize: size === 'low' || size === 'medium' || size === 'high' ? size : undefined,
    opaque: { origin: 'openai-chat', wire: options },
    at: 'web_search_options',
  };
}

/** `tool_choice`, or the legacy `function_call`. */
export function readToolChoice(fields: RequestFields): NeutralRequest['toolChoice'] {
  const choice = fields.take('tool_choice', 'toolChoice');
  const legacy = fields.take('function_call', 'toolChoice');
  const given = choice ?? legacy;
  if (given === undefined) return undefined;
  if (given === 'auto' || given === 'none' || given === 'required') return { type: given };
  // Copilot's, for Gemini's models (readTools has made the functions strict).
  if (given === 'validated') return { type: 'auto' };
  // Mistral's name.
  if (given === 'any') return { type: 'required' };
  return (
    (isObject(given) ? readNamed(given) : undefined) ?? { type: 'opaque', origin: 'openai-chat', wire: given }
  );
}

function readNamed(choice: JsonObject): ToolChoice | undefined {
  const name = textAt(objectAt(choice, 'function') ?? objectAt(choice, 'custom') ?? choice, 'name');
  if (name !== undefined) return { type: 'tool', name };
  const allowed = objectAt(choice, 'allowed_tools');
  if (allowed === undefined) return undefined;
  const names = objectsAt(allowed, 'tools').map((tool) =>
    textAt(objectAt(tool, 'function') ?? objectAt(tool, 'custom') ?? tool, 'name'),
  );
  return {
    type: 'allowed',
    names: names.filter((name) => name !== undefined),
    required: allowed.mode === 'required',
  };
}
