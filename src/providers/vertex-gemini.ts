// Adapts bodies of Gemini's API to Vertex, whose gateway is stricter about two fields. Pure.
import { isObject } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';

/**
 * Removes the ids of calls and of their results, which are unknown there (400 `Unknown name "id" at
 * 'contents[1].parts[0].function_call'`): https://github.com/BerriAI/litellm/pull/28324 (2026-05) and
 * https://github.com/mlflow/mlflow/issues/24127 (2026-06); calls are matched by name and order. Adds the role of
 * every content (400 `Please use a valid role: user, model.`), where Gemini's own API assumes the user's. A body
 * without such fields is not changed.
 */
export function forVertexGemini(text: string): string {
  if (!calls.test(text) && text.includes('"role"')) return text;
  const body = JSON.parse(text) as JsonObject;
  if (!Array.isArray(body.contents)) return text;
  return JSON.stringify({ ...body, contents: body.contents.map(contentOf) });
}

const calls = /"function(?:Call|Response|_call|_response)"/;

function contentOf(content: unknown): unknown {
  if (!isObject(content)) return content;
  const parts = Array.isArray(content.parts) ? { parts: content.parts.map(partOf) } : {};
  return { ...content, role: content.role ?? 'user', ...parts };
}

const idHolders = ['functionCall', 'functionResponse', 'function_call', 'function_response'];

function partOf(part: unknown): unknown {
  if (!isObject(part)) return part;
  const holder = idHolders.find((name) => isObject(part[name]));
  if (holder === undefined) return part;
  const { id: _, ...rest } = part[holder] as JsonObject;
  return { ...part, [holder]: rest };
}
