// Ids that a chat completion request names. https://platform.openai.com/docs/api-reference/chat/create
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';

/** Uploaded files in file parts, and earlier answers' audio. */
export function chatReferences(body: JsonObject): string[] {
  return objectsAt(body, 'messages').flatMap((message) => {
    const files = objectsAt(message, 'content').map((part) => textAt(objectAt(part, 'file'), 'file_id'));
    return [...files, textAt(objectAt(message, 'audio'), 'id')].filter((id) => id !== undefined);
  });
}
