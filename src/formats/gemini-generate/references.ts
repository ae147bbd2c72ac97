// Ids that a generateContent request names. https://ai.google.dev/api/files, https://ai.google.dev/api/caching
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';

/** Cached content (`cachedContents/…`), and files of the Files API as `files/…`; other URIs are public. */
export function generateReferences(body: JsonObject): string[] {
  const request = objectAt(body, 'generateContentRequest') ?? body;
  const instruction = objectAt(request, 'systemInstruction') ?? objectAt(request, 'system_instruction');
  const contents = [...objectsAt(request, 'contents'), ...(instruction ? [instruction] : [])];
  const files = contents.flatMap((content) => objectsAt(content, 'parts')).map(fileOf);
  const cached = textAt(request, 'cachedContent') ?? textAt(request, 'cached_content');
  return [cached, ...files].filter((id) => id !== undefined);
}

const filesApi = /^https?:\/\/generativelanguage\.googleapis\.com\/(?:[^?#]*\/)?(files\/[^/?#:]+)/i;

/** Google takes both spellings of every name. */
function fileOf(part: JsonObject): string | undefined {
  const file = objectAt(part, 'fileData') ?? objectAt(part, 'file_data');
  const uri = textAt(file, 'fileUri') ?? textAt(file, 'file_uri');
  return uri === undefined ? undefined : (filesApi.exec(uri)?.[1] ?? bareName(uri));
}

function bareName(uri: string): string | undefined {
  return /^files\/[^/?#]+$/.test(uri) ? uri : undefined;
}
