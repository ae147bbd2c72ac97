// Tools in namespaces: Responses groups functions (Codex wraps every MCP server's tools this way), no other format does.
// A tool is read under one flat name, `mcp__wx__get_weather`; calls are answered with `namespace` and the bare name.
// https://github.com/openai/openai-openapi NamespaceToolParam, FunctionToolCall.namespace (2026-11)
import { crc32 } from '../../lib/crc32.ts';
import type { NeutralMessage, NeutralTool, ToolCallPart, ToolChoice, ToolNamespace } from '../neutral.ts';

/** The longest name that every target takes (tool-names.ts). */
const maximumNameLength = 64;

/** Returns the flat name. If it is too long, the namespace is shortened, because the bare name matters more. */
export function flatName({ name, tool }: ToolNamespace): string {
  const prefix = name.endsWith('__') ? name : `${name}__`;
  if (prefix.length + tool.length <= maximumNameLength) return prefix + tool;
  const sum = crc32(`${name}\n${tool}`).toString(36);
  const room = maximumNameLength - tool.length - sum.length - 3;
  return room > 0 ? `${name.slice(0, room)}_${sum}__${tool}` : prefix + tool;
}

type NamedTool = Extract<NeutralTool, { name: string }>;

/** A name that no earlier tool has; the same for the same tools in the same order. */
function unusedName(tool: NamedTool, taken: ReadonlySet<string>): string {
  const namespace = tool.wrapper?.namespace;
  if (!taken.has(tool.name) || namespace === undefined) return tool.name;
  return `${tool.name.slice(0, maximumNameLength - 8)}_${crc32(`${namespace.name}\n${namespace.tool}`).toString(36)}`;
}

const keyOf = (namespace: string, tool: string) => `${namespace}\n${tool}`;

function toolKey({ name, wrapper }: NamedTool): string {
  return wrapper?.namespace ? keyOf(wrapper.namespace.name, wrapper.namespace.tool) : keyOf('', name);
}

/**
 * Gives every tool a unique name. A tool that an item of the conversation defines again replaces the earlier definition
 * in its position, so that the list only grows at its end.
 */
export function uniqueTools(tools: readonly NeutralTool[]): NeutralTool[] {
  const unique: NeutralTool[] = [];
  const places = new Map<string, number>();
  const taken = new Set(
    tools.flatMap((tool) => ('name' in tool && !tool.wrapper?.namespace ? [tool.name] : [])),
  );
  for (const tool of tools) {
    if (!('name' in tool)) {
      const isSecondSearch = tool.type === 'web-search' && unique.some(({ type }) => type === 'web-search');
      if (!isSecondSearch) unique.push(tool);
      continue;
    }
    const place = places.get(toolKey(tool));
    const known = place === undefined ? undefined : unique[place];
    if (place !== undefined && known !== undefined && 'name' in known && tool.wrapper?.wire === null) {
      unique[place] = redefined(known, tool);
      continue;
    }
    const name = unusedName(tool, taken);
    taken.add(name);
    places.set(toolKey(tool), unique.length);
    unique.push({ ...tool, name });
  }
  return unique;
}

/** Returns the later definition. A tool of `tools` keeps its position. */
function redefined({ name, wrapper }: NamedTool, { wrapper: _, ...later }: NamedTool): NeutralTool {
  return { ...later, name, ...(wrapper && { wrapper }) };
}

/** The flat name of a tool by its namespace and bare name, or by its bare name alone where only one tool has it. */
function resolveName(tools: readonly NeutralTool[], name: string, namespace?: ToolNamespace): string {
  const named = tools.filter((tool) => 'name' in tool);
  if (namespace !== undefined) {
    const found = named.find((tool) => toolKey(tool) === keyOf(namespace.name, namespace.tool));
    return found?.name ?? name;
  }
  if (named.some((tool) => tool.name === name)) return name;
  const [only, ...others] = named.filter(({ wrapper }) => wrapper?.namespace?.tool === name);
  return only !== undefined && others.length === 0 ? only.name : name;
}

/** Puts the tools' final names on the calls of the conversation. */
export function withToolNames(messages: NeutralMessage[], tools: readonly NeutralTool[]): NeutralMessage[] {
  const renamed = (part: ToolCallPart) =>
    part.namespace === undefined ? part : { ...part, name: resolveName(tools, part.name, part.namespace) };
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => (part.type === 'tool-call' ? renamed(part) : part)),
  }));
}

/** The choice by the tools' flat names; the caller may name a tool of a namespace by its bare name. */
export function withChosenNames(
  choice: ToolChoice | undefined,
  tools: readonly NeutralTool[],
): ToolChoice | undefined {
  if (choice?.type === 'tool') return { ...choice, name: resolveName(tools, choice.name) };
  if (choice?.type !== 'allowed') return choice;
  // An allowed namespace means all of its tools.
  const names = choice.names.flatMap((name) => {
    const inside = tools.flatMap((tool) =>
      'name' in tool && tool.wrapper?.namespace?.name === name ? [tool.name] : [],
    );
    return inside.length > 0 ? inside : [resolveName(tools, name)];
  });
  return { ...choice, names };
}

/** How the caller knows a tool that the model called: models also answer with a bare name, where only one tool has it. */
export function wrapperOf(tools: readonly NeutralTool[], name: string): NamedTool['wrapper'] {
  const flat = resolveName(tools, name);
  const tool = tools.find((one): one is NamedTool => 'name' in one && one.name === flat);
  return tool?.wrapper;
}
