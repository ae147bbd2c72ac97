// Citations of chat completions, both ways: OpenAI's and OpenRouter's annotations, Perplexity's lists beside the
// choices. https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Citation } from '../neutral.ts';

/** The annotations of a message or delta. */
export function readAnnotations(message: JsonObject): Citation[] {
  return objectsAt(message, 'annotations').map((wire) => {
    const cited = objectAt(wire, 'url_citation') ?? {};
    const url = textAt(cited, 'url');
    const title = textAt(cited, 'title');
    const citedText = textAt(cited, 'content');
    return {
      ...(url !== undefined && { url }),
      ...(title !== undefined && { title }),
      ...(citedText !== undefined && { citedText }),
      ...readSpan(cited),
      opaque: { origin: 'openai-chat', wire },
    };
  });
}

/** OpenRouter writes 0 to 0 where it does not know. */
function readSpan({
  start_index: start,
  end_index: end,
}: JsonObject): Pick<Citation, 'startIndex' | 'endIndex'> {
  if (typeof start !== 'number' || typeof end !== 'number' || end <= start) return {};
  return { startIndex: start, endIndex: end };
}

/** Perplexity's: found pages, or only their addresses. Of the whole answer, which numbers them: `[1]`. */
export function readSearchResults(answer: JsonObject): Citation[] {
  const results = objectsAt(answer, 'search_results').flatMap((result) => {
    const url = textAt(result, 'url');
    const title = textAt(result, 'title');
    return url === undefined ? [] : [{ url, ...(title !== undefined && { title }) }];
  });
  if (results.length > 0) return results;
  const addresses = Array.isArray(answer.citations) ? answer.citations : [];
  return addresses.flatMap((entry) => {
    const url = isObject(entry) ? textAt(entry, 'url') : entry;
    return typeof url === 'string' ? [{ url }] : [];
  });
}

/**
 * The annotation of a citation in a text that begins at `offset` of the message and has `length` characters;
 * null for a citation of what has no URL.
 */
export function writeAnnotation(citation: Citation, offset: number, length: number): JsonObject | null {
  const { url, title, startIndex, endIndex } = citation;
  if (url === undefined) return null;
  // A citation without offsets is one of the whole part.
  const span = { start_index: offset + (startIndex ?? 0), end_index: offset + (endIndex ?? length) };
  return { type: 'url_citation', url_citation: { url, title: title ?? '', ...span } };
}
