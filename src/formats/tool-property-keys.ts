// Names of tools' arguments as an upstream allows them: what it refuses is renamed at the root of the tool's schema and in the
// conversation's calls, and turned back in the answer.
import type { JsonObject } from '../lib/json.ts';
import { topLevelMembers } from '../lib/json-members.ts';
import { isObject } from './json-reader.ts';
import { normalSchema } from './json-schema.ts';
import { objectRoot } from './json-schema-root.ts';
import type { NeutralMessage, NeutralRequest, NeutralTool } from './neutral.ts';
import { fitName, type NameRule } from './tool-names.ts';

export interface FittedKeys {
  request: NeutralRequest;
  /** Whether arguments of the tool have other names at the upstream than at the caller. */
  hasRenamed(tool: string): boolean;
  /** Arguments of a call of the tool, as JSON text, with the caller's names. Values stay byte for byte. */
  restore(tool: string, argumentsText: string): string;
}

/** From one name of an argument to the other. */
type Renames = ReadonlyMap<string, string>;

/** `rule` undefined: the upstream takes any name. */
export function fitPropertyKeys(request: NeutralRequest, rule: NameRule | undefined): FittedKeys {
  const renames = new Map<string, Renames>();
  const tools =
    rule === undefined ? request.tools : request.tools.map((tool) => fitTool(tool, rule, renames));
  const hasRenamed = (tool: string) => renames.has(tool);
  const back = new Map(
    [...renames].map(([tool, keys]) => [tool, new Map([...keys].map(([from, to]) => [to, from]))]),
  );
  const restore = (tool: string, text: string) => renameMembers(text, back.get(tool));
  if (renames.size === 0) return { request, hasRenamed, restore };
  const messages = request.messages.map((message) => fitCalls(message, renames));
  return { request: { ...request, tools, messages }, hasRenamed, restore };
}

function fitTool(tool: NeutralTool, rule: NameRule, renames: Map<string, Renames>): NeutralTool {
  if (tool.type !== 'function' || tool.parameters === null) return tool;
  const root = objectRoot(normalSchema(tool.parameters));
  const properties = isObject(root.properties) ? root.properties : {};
  const keys = renamesOf(Object.keys(properties), rule);
  if (keys.size === 0) return tool;
  renames.set(tool.name, keys);
  return { ...tool, parameters: renamedRoot(root, properties, keys) };
}

/** Those of the keys that are not allowed, each with a name that no other key has. */
function renamesOf(keys: readonly string[], rule: NameRule): Renames {
  const taken = new Set(keys);
  const renames = new Map<string, string>();
  for (const key of keys) {
    if (fitName(key, rule) === key) continue;
    let fit = fitName(key, rule);
    for (let more = `${key} `; taken.has(fit); more += ' ') fit = fitName(more, rule);
    taken.add(fit);
    renames.set(key, fit);
  }
  return renames;
}

function renamedRoot(root: JsonObject, properties: JsonObject, keys: Renames): JsonObject {
  const rename = (key: string) => keys.get(key) ?? key;
  const renamed = Object.entries(properties).map(([key, schema]) => [rename(key), schema]);
  return {
    ...root,
    properties: Object.fromEntries(renamed),
    ...(Array.isArray(root.required) && { required: root.required.map(rename) }),
  };
}

function fitCalls(message: NeutralMessage, renames: ReadonlyMap<string, Renames>): NeutralMessage {
  const parts = message.parts.map((part) =>
    part.type === 'tool-call' && renames.has(part.name)
      ? { ...part, arguments: renameMembers(part.arguments, renames.get(part.name)) }
      : part,
  );
  return { ...message, parts };
}

/** The text with the keys of its top level renamed; text that is no JSON object comes out as it is. */
function renameMembers(text: string, keys: Renames | undefined): string {
  if (keys === undefined || !text.trimStart().startsWith('{')) return text;
  let result = '';
  let copied = 0;
  for (const { key, keyStart, valueStart } of topLevelMembers(text)) {
    const renamed = keys.get(key);
    if (renamed === undefined) continue;
    result += `${text.slice(copied, keyStart)}${JSON.stringify(renamed)}:`;
    copied = valueStart;
  }
  return result + text.slice(copied);
}
