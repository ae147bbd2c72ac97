// What an answer rests on, both ways: grounding metadata counts UTF-8 bytes, everybody else characters.
// https://ai.google.dev/gemini-api/docs/google-search#grounding-response
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../../lib/json.ts';
import type { Citation, WebSearchPart } from '../neutral.ts';
import { memberOf, numberOf, objectOf, objectsOf, textOf, textsOf } from './members.ts';

/** Citations of the candidate's text, and the search behind it. Empty if there are none. */
interface Grounding {
  citations: Citation[];
  search: WebSearchPart | null;
}

/** `text`: all text of the candidate, without its thoughts. `searchId`: an id for the search. */
export function readGrounding(candidate: JsonObject, text: string, searchId: string): Grounding {
  const metadata = objectOf(candidate, 'groundingMetadata');
  const chunks = objectsOf(metadata, 'groundingChunks');
  const supported = objectsOf(metadata, 'groundingSupports').flatMap((support) =>
    readSupport(support, chunks, text),
  );
  const sources = objectsOf(objectOf(candidate, 'citationMetadata'), 'citationSources');
  return {
    citations: [...supported, ...sources.map((source) => readSource(source, text))],
    search: readSearch(metadata, chunks, searchId),
  };
}

function readSupport(support: JsonObject, chunks: readonly JsonObject[], text: string): Citation[] {
  const segment = objectOf(support, 'segment');
  const indices = memberOf(support, 'groundingChunkIndices');
  const place = positionOf(segment, text);
  return (Array.isArray(indices) ? indices : []).flatMap((index) => {
    const chunk = typeof index === 'number' ? chunks[index] : undefined;
    return chunk === undefined ? [] : [{ ...pageOf(chunk), ...place }];
  });
}

function readSource(source: JsonObject, text: string): Citation {
  const url = textOf(source, 'uri');
  return { ...(url !== undefined && { url }), ...positionOf(source, text) };
}

/** Byte offsets to offsets in the string; nothing where the segment does not lie within it. */
function positionOf(
  segment: JsonObject | undefined,
  text: string,
): Pick<Citation, 'startIndex' | 'endIndex' | 'citedText'> {
  const end = numberOf(segment, 'endIndex');
  const bytes = Buffer.from(text, 'utf8');
  const cited = textOf(segment, 'text');
  const citedText = cited === undefined ? {} : { citedText: cited };
  if (end === undefined || end > bytes.length) return citedText;
  const start = numberOf(segment, 'startIndex') ?? 0;
  return {
    ...citedText,
    startIndex: bytes.subarray(0, start).toString('utf8').length,
    endIndex: bytes.subarray(0, end).toString('utf8').length,
  };
}

function pageOf(chunk: JsonObject): Pick<Citation, 'url' | 'title'> {
  const page = objectOf(chunk, 'web') ?? objectOf(chunk, 'maps') ?? objectOf(chunk, 'retrievedContext');
  const url = textOf(page, 'uri');
  const title = textOf(page, 'title');
  return { ...(url !== undefined && { url }), ...(title !== undefined && { title }) };
}

function readSearch(
  metadata: JsonObject | undefined,
  chunks: readonly JsonObject[],
  id: string,
): WebSearchPart | null {
  const queries = textsOf(metadata, 'webSearchQueries');
  if (metadata === undefined || queries.length === 0) return null;
  const pages = chunks.map((chunk) => objectOf(chunk, 'web')).filter((page) => page !== undefined);
  return {
    type: 'web-search',
    id,
    query: queries.join('; '),
    results: pages.map((page) => ({ url: textOf(page, 'uri') ?? '', title: textOf(page, 'title') ?? '' })),
    opaque: { origin: 'gemini-generate', wire: [metadata] },
  };
}

/** A citation with the text that its offsets count in. */
export interface PlacedCitation {
  citation: Citation;
  /** The part's text, and the length of the candidate's text before it. */
  partText: string;
  before: string;
}

/** Writes `groundingMetadata`, or undefined if there is nothing to write. Citations without a page are left out. */
export function writeGrounding(
  placed: readonly PlacedCitation[],
  searches: readonly WebSearchPart[],
): JsonObject | undefined {
  const pages = placed.filter(({ citation }) => citation.url !== undefined);
  const queries = searches.flatMap(({ query }) => query ?? []);
  if (pages.length === 0 && queries.length === 0) return undefined;
  const urls = [...new Set(pages.map(({ citation }) => citation.url))];
  return {
    groundingChunks: urls.map((url) => ({ web: { uri: url, title: titleOf(pages, url) } })),
    groundingSupports: pages.map((page) => ({
      segment: segmentOf(page),
      groundingChunkIndices: [urls.indexOf(page.citation.url)],
    })),
    webSearchQueries: queries,
  };
}

function titleOf(pages: readonly PlacedCitation[], url: string | undefined): string {
  return pages.find(({ citation }) => citation.url === url)?.citation.title ?? '';
}

/** A citation without offsets is of the whole part. */
function segmentOf({ citation, partText, before }: PlacedCitation): JsonObject {
  const start = citation.startIndex ?? 0;
  const end = citation.endIndex ?? partText.length;
  const bytes = (text: string) => Buffer.byteLength(text, 'utf8');
  return {
    startIndex: bytes(before + partText.slice(0, start)),
    endIndex: bytes(before + partText.slice(0, end)),
    text: partText.slice(start, end),
  };
}
