// Ids that a Messages request names. https://docs.anthropic.com/en/docs/build-with-claude/files
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';

/** Uploaded files, as sources of any block (in tool results too) or for a container, and the container. */
export function messagesReferences(body: JsonObject): string[] {
  const messages = objectsAt(body, 'messages');
  const container = textAt(body, 'container') ?? textAt(objectAt(body, 'container'), 'id');
  const blocks = [
    ...objectsAt(body, 'system'),
    ...messages.flatMap((message) => objectsAt(message, 'content')),
  ];
  return [container, ...blocks.flatMap(blockReferences)].filter((id) => id !== undefined);
}

/** A tool_use block's `input` is the model's own JSON and is not looked into. */
function blockReferences(block: JsonObject): (string | undefined)[] {
  const source = objectAt(block, 'source');
  return [
    source?.type === 'file' ? textAt(source, 'file_id') : undefined,
    block.type === 'container_upload' ? textAt(block, 'file_id') : undefined,
    // tool_result; and documents made of content blocks.
    ...objectsAt(block, 'content').flatMap(blockReferences),
    ...objectsAt(source, 'content').flatMap(blockReferences),
  ];
}
