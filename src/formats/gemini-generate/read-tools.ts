// Tools of a generateContent request, and how they may be called.
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import type { NeutralTool, ToolChoice } from '../neutral.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { memberOf, objectOf, objectsOf, textOf, textsOf } from './members.ts';

/** `VALIDATED` binds every call to its schema: each function is strict then. */
export function readTools(body: JsonObject): NeutralTool[] {
  const strict = modeOf(body) === 'VALIDATED' ? true : undefined;
  return objectsOf(body, 'tools').flatMap((tool, index) => readTool(tool, `tools[${index}]`, strict));
}

function readTool(tool: JsonObject, at: string, strict: boolean | undefined): NeutralTool[] {
  const functions = objectsOf(tool, 'functionDeclarations').map(
    (declaration, index): NeutralTool => ({
      type: 'function',
      name: textOf(declaration, 'name') ?? '',
      description: descriptionOf(declaration),
      parameters: parametersOf(declaration),
      strict,
      ...(resultOf(declaration) && { wrapper: { origin: 'gemini-generate' as const, wire: declaration } }),
      at: `${at}.functionDeclarations[${index}]`,
    }),
  );
  const others = Object.entries(tool)
    .filter(([name, value]) => !/^function_?declarations$/i.test(name) && isObject(value))
    .map(([name, value]) => providerTool(name, value as JsonObject, at));
  return [...functions, ...others];
}

function providerTool(name: string, value: JsonObject, at: string): NeutralTool {
  const path = `${at}.${name}`;
  if (!/^google_?search$/i.test(name)) {
    return { type: 'opaque', origin: 'gemini-generate', wire: { [name]: value }, at: path };
  }
  return {
    type: 'web-search',
    allowedDomains: undefined,
    blockedDomains: undefined,
    maxUses: undefined,
    userLocation: undefined,
    contextSize: undefined,
    opaque: { origin: 'gemini-generate', wire: { [name]: value } },
    at: path,
  };
}

/** Other formats have no member for what the function returns: it moves into the description. */
function descriptionOf(declaration: JsonObject): string | undefined {
  const description = textOf(declaration, 'description');
  const result = resultOf(declaration);
  if (result === undefined) return description;
  const returns = `Returns: ${JSON.stringify(jsonSchemaOf(result))}`;
  return description === undefined ? returns : `${description}\n${returns}`;
}

function resultOf(declaration: JsonObject): JsonObject | undefined {
  return objectOf(declaration, 'responseJsonSchema') ?? objectOf(declaration, 'response');
}

function parametersOf(declaration: JsonObject): JsonObject | null {
  const schema = objectOf(declaration, 'parametersJsonSchema') ?? objectOf(declaration, 'parameters');
  return schema === undefined ? null : jsonSchemaOf(schema);
}

function configOf(body: JsonObject): JsonObject | undefined {
  return objectOf(objectOf(body, 'toolConfig'), 'functionCallingConfig');
}

function modeOf(body: JsonObject): unknown {
  return memberOf(configOf(body), 'mode');
}

export function readToolChoice(body: JsonObject): ToolChoice | undefined {
  const names = textsOf(configOf(body), 'allowedFunctionNames');
  switch (modeOf(body)) {
    case 'NONE':
      return { type: 'none' };
    case 'ANY':
      if (names.length === 0) return { type: 'required' };
      return names.length === 1 && names[0] !== undefined
        ? { type: 'tool', name: names[0] }
        : { type: 'allowed', names, required: true };
    case 'AUTO':
    case 'VALIDATED':
      return names.length > 0 ? { type: 'allowed', names, required: false } : { type: 'auto' };
    default:
      return undefined;
  }
}
