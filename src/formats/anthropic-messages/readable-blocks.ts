// Blocks of a conversation that only Anthropic knows, but whose text any model can read: found pages, documents made of
// blocks, summaries, what the provider's own tools gave back. https://docs.anthropic.com/en/api/messages (2026-11)
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralPart, TextPart } from '../neutral.ts';

/** A part before it is placed. */
type Told = Pick<TextPart, 'type' | 'text'> | { type: 'block'; block: JsonObject };

/**
 * Reads the block as parts that every format can express, or null if it has no such text. Its own format gets the block
 * back unchanged. `readBlock` reads pictures inside.
 */
export function readReadable(
  block: JsonObject,
  readBlock: (block: JsonObject) => NeutralPart,
): NeutralPart[] | null {
  const described = describeBlock(block);
  if (described === null) return null;
  return described.map((one, index): NeutralPart => {
    const part = one.type === 'block' ? readBlock(one.block) : one;
    return { ...part, native: { origin: 'anthropic-messages', wire: index === 0 ? block : null } };
  });
}

function describeBlock(block: JsonObject): Told[] | null {
  switch (block.type) {
    case 'search_result':
      return text(textAt(block, 'title'), textAt(block, 'source'), ...texts(block.content));
    case 'document':
      return objectAt(block, 'source')?.type === 'content' ? describeDocument(block) : null;
    case 'compaction':
      return text(summaryOf(block));
    case 'tool_reference':
      return text(`Tool loaded: ${textAt(block, 'tool_name') ?? ''}`);
    case 'tool_search_tool_result':
      return describeFound(objectAt(block, 'content'));
    case 'mcp_tool_result':
      return text(...texts(block.content));
    case 'web_fetch_tool_result':
      return describeFetched(objectAt(block, 'content'));
    case 'code_execution_tool_result':
    case 'bash_code_execution_tool_result':
      return text(textAt(objectAt(block, 'content'), 'stdout'), textAt(objectAt(block, 'content'), 'stderr'));
    default:
      return null;
  }
}

/** One text of these lines; null where there is nothing to read. */
function text(...lines: (string | undefined)[]): Told[] | null {
  const given = lines.filter((line) => line !== undefined && line !== '');
  return given.length === 0 ? null : [{ type: 'text', text: given.join('\n') }];
}

function texts(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  return objectsAt({ content }, 'content').flatMap((block) => textAt(block, 'text') ?? []);
}

/** A failed compaction has no content. */
function summaryOf({ content }: JsonObject): string | undefined {
  if (typeof content !== 'string' || content === '') return undefined;
  return `Summary of the conversation so far:\n${content}`;
}

/** A document made of texts and pictures: its head and texts as one text, the pictures behind it. */
function describeDocument(block: JsonObject): Told[] | null {
  const source = objectAt(block, 'source');
  const described = text(textAt(block, 'title'), textAt(block, 'context'), ...texts(source?.content)) ?? [];
  const pictures = objectsAt(source, 'content')
    .filter(({ type }) => type === 'image')
    .map((picture): Told => ({ type: 'block', block: picture }));
  return described.length + pictures.length === 0 ? null : [...described, ...pictures];
}

/** What Anthropic's search for tools found. */
function describeFound(result: JsonObject | undefined): Told[] | null {
  const names = objectsAt(result, 'tool_references').flatMap(
    (reference) => textAt(reference, 'tool_name') ?? [],
  );
  return names.length === 0 ? null : text(`Tools found: ${names.join(', ')}`);
}

/** A page that Anthropic fetched; a PDF among them stays Anthropic's. */
function describeFetched(result: JsonObject | undefined): Told[] | null {
  const document = objectAt(result, 'content');
  const source = objectAt(document, 'source');
  if (source?.type !== 'text') return null;
  return text(textAt(document, 'title'), textAt(result, 'url'), textAt(source, 'data'));
}
