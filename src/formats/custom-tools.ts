// OpenAI's custom tools (free text in, no schema) for upstreams that only have functions: a function with one text,
// `input`. Its calls are restored for clients, which know the custom tool. A function has no grammar, so the
// description contains it.
import { isObject } from './json-reader.ts';
import type { NeutralRequest, NeutralTool, ToolCallPart } from './neutral.ts';

type CustomTool = Extract<NeutralTool, { type: 'custom' }>;
type FunctionTool = Extract<NeutralTool, { type: 'function' }>;

/** Returns the function that replaces a custom tool. */
export function functionOfCustomTool({ name, description, format, at }: CustomTool): FunctionTool {
  const definition = isObject(format) && isObject(format.grammar) ? format.grammar : format;
  const grammar = isObject(definition) && typeof definition.definition === 'string' ? definition : null;
  const hint =
    grammar && `The input follows this ${String(grammar.syntax ?? '')} grammar:\n${grammar.definition}`;
  const described = [description, hint].filter((text) => text).join('\n\n');
  return {
    type: 'function',
    name,
    description: described === '' ? undefined : described,
    parameters: {
      type: 'object',
      properties: { input: { type: 'string' } },
      required: ['input'],
      additionalProperties: false,
    },
    strict: undefined,
    at,
  };
}

/** Returns an earlier call of a custom tool as a call of its function. */
export function functionCallOfCustom(call: ToolCallPart): ToolCallPart {
  const { custom: _, ...rest } = call;
  return { ...rest, arguments: JSON.stringify({ input: call.arguments }) };
}

/** Whether the caller knows the tool as a custom one. */
export function isCustomTool({ tools }: NeutralRequest, name: string): boolean {
  return tools.some((tool) => tool.type === 'custom' && tool.name === name);
}

/** The free text in the arguments of the function; the arguments themselves where they are of another shape. */
export function customInputOf(functionArguments: string): string {
  try {
    const value: unknown = JSON.parse(functionArguments);
    return isObject(value) && typeof value.input === 'string' ? value.input : functionArguments;
  } catch {
    return functionArguments;
  }
}
