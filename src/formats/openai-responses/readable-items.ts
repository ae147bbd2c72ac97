// Items of a conversation that only OpenAI knows, but whose text any model can read: what its own tools gave back.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input (2026-11)
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralPart } from '../neutral.ts';

/** The item as one text, which the same format gets back as the item; null for one without text of this kind. */
export function readReadable(item: JsonObject): NeutralPart | null {
  const lines = describeItem(item).filter((line) => line !== undefined && line !== '');
  if (lines.length === 0) return null;
  const native = { origin: 'openai-responses' as const, wire: item };
  return { type: 'text', text: lines.join('\n'), native };
}

function describeItem(item: JsonObject): (string | undefined)[] {
  switch (item.type) {
    case 'mcp_call':
      return textAt(item, 'output') === undefined
        ? []
        : [`Result of ${textAt(item, 'name') ?? 'a tool'}:`, textAt(item, 'output')];
    case 'file_search_call':
      return objectsAt(item, 'results').flatMap((result) => [
        textAt(result, 'filename'),
        textAt(result, 'text'),
      ]);
    case 'code_interpreter_call':
      return objectsAt(item, 'outputs').map((output) => textAt(output, 'logs'));
    case 'shell_call_output':
      return objectsAt(item, 'output').flatMap((output) => [
        textAt(output, 'stdout'),
        textAt(output, 'stderr'),
      ]);
    case 'local_shell_call':
      return [commandOf(objectAt(item, 'action')?.command)];
    case 'shell_call':
      return [commandOf(objectAt(item, 'action')?.commands)];
    case 'local_shell_call_output':
    case 'apply_patch_call_output':
      return [textAt(item, 'output')];
    default:
      return [];
  }
}

function commandOf(words: unknown): string | undefined {
  return Array.isArray(words) && words.length > 0 ? `Ran: ${words.join(' ')}` : undefined;
}
