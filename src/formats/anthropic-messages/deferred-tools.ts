// Tools whose loading is deferred: Claude learns of them when a search, the server's or the client's own, refers to them.
// https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool, read 2026-11
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';

export function isDeferred(tool: JsonObject): boolean {
  return tool.defer_loading === true;
}

/** Whether it is Anthropic's own search. Other models do not need it: they see every tool. */
export function isServerSearch(tool: JsonObject): boolean {
  return /^tool_search_tool_/.test(textAt(tool, 'type') ?? '');
}

/**
 * Returns the tools for a model without Anthropic's search, in an order that only grows at its end. If the client runs
 * a search, deferred tools follow once they are referred to. Otherwise the model could never load them and gets them
 * all.
 */
export function visibleTools(
  tools: readonly { tool: JsonObject; at: string }[],
  messages: readonly JsonObject[],
): { shown: { tool: JsonObject; at: string }[]; hidden: { tool: JsonObject; at: string }[] } {
  const deferred = tools.filter(({ tool }) => isDeferred(tool));
  const referenced = referencedTools(messages);
  if (deferred.length === 0 || !hasClientSearch(tools, referenced)) return { shown: [...tools], hidden: [] };
  const found = [...referenced].flatMap((name) => deferred.find(({ tool }) => tool.name === name) ?? []);
  return {
    shown: [...tools.filter(({ tool }) => !isDeferred(tool)), ...found],
    hidden: deferred.filter((entry) => !found.includes(entry)),
  };
}

/** The client's search is an ordinary tool (Claude Code: `ToolSearch`); its results are what gives it away. */
function hasClientSearch(tools: readonly { tool: JsonObject }[], referenced: ReadonlySet<string>): boolean {
  if (tools.some(({ tool }) => isServerSearch(tool))) return false;
  const isSearch = ({ tool }: { tool: JsonObject }) =>
    !isDeferred(tool) && /tool.?search|(search|find|load).?tools?/i.test(textAt(tool, 'name') ?? '');
  return referenced.size > 0 || tools.some(isSearch);
}

/** Names in order of their first reference. */
function referencedTools(messages: readonly JsonObject[]): Set<string> {
  const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? content.filter(isObject) : []));
  const references = blocks.flatMap((block) => {
    if (block.type === 'tool_result') return objectsAt(block, 'content');
    if (block.type === 'tool_search_tool_result')
      return objectsAt(objectAt(block, 'content'), 'tool_references');
    return [block];
  });
  const names = references.flatMap((block) =>
    block.type === 'tool_reference' ? (textAt(block, 'tool_name') ?? []) : [],
  );
  return new Set(names);
}
