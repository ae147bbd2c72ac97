// Annotations of Responses' text, both ways.
// https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
import type { JsonObject } from '../../lib/json.ts';
import { textAt } from '../json-reader.ts';
import type { Citation } from '../neutral.ts';

/** Reads one citation for each annotation, in order. */
export function readCitations(annotations: readonly JsonObject[]): Citation[] {
  return annotations.map(readCitation);
}

/** Reads an annotation of any type. One without a URL is only for this format. */
export function readCitation(wire: JsonObject): Citation {
  const url = textAt(wire, 'url');
  const title = textAt(wire, 'title') ?? textAt(wire, 'filename');
  const { start_index: start, end_index: end } = wire;
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(typeof start === 'number' && { startIndex: start }),
    ...(typeof end === 'number' && { endIndex: end }),
    opaque: { origin: 'openai-responses', wire },
  };
}

/** Writes the annotation. Null for a citation of another format without a URL. */
export function writeCitation(citation: Citation, textLength: number): JsonObject | null {
  const { url, title, startIndex, endIndex, opaque } = citation;
  if (opaque?.origin === 'openai-responses') return opaque.wire;
  if (url === undefined) return null;
  // A citation without offsets is one of the whole part.
  return {
    type: 'url_citation',
    url,
    title: title ?? '',
    start_index: startIndex ?? 0,
    end_index: endIndex ?? textLength,
  };
}
