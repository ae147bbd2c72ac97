// The tools that the provider ran for a response and bills apart from its tokens.
// https://platform.openai.com/docs/guides/tools
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { OtherModelUsage } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';

/** The counts of a usage that are tools. */
export type ToolCounts = Pick<Usage, 'webSearches' | 'previewWebSearches' | 'fileSearches' | 'codeSessions'>;

/**
 * What ran, of a whole response. The provider's own figure comes first: OpenAI's `tool_usage` (2026), xAI's
 * `server_side_tool_usage_details`. Else the output items are counted: a search for each web_search_call
 * that searched (opening a page and finding in it are free), a container for each that code ran in.
 */
export function countTools(response: JsonObject): ToolCounts {
  const own = xaiCounts(objectAt(response, 'usage'));
  if (own !== null) return own;
  const items = objectsAt(response, 'output');
  const reported = countAt(objectAt(objectAt(response, 'tool_usage'), 'web_search'), 'num_requests');
  const searches = reported ?? items.filter(isSearch).length;
  const isPreview = objectsAt(response, 'tools').some((tool) =>
    (textAt(tool, 'type') ?? '').startsWith('web_search_preview'),
  );
  return {
    webSearches: isPreview ? 0 : searches,
    previewWebSearches: isPreview ? searches : 0,
    fileSearches: items.filter(({ type }) => type === 'file_search_call').length,
    codeSessions: new Set(items.flatMap(containerOf)).size,
  };
}

function xaiCounts(usage: JsonObject | undefined): ToolCounts | null {
  const details = objectAt(usage, 'server_side_tool_usage_details');
  if (details === undefined) return null;
  const sum = (...keys: string[]): number =>
    keys.reduce((total, key) => total + firstCount(countAt(details, key)), 0);
  return {
    webSearches: sum('web_search_calls', 'x_search_calls'),
    previewWebSearches: 0,
    fileSearches: sum('file_search_calls', 'document_search_calls'),
    codeSessions: sum('code_interpreter_calls'),
  };
}

function isSearch({ type, action, status }: JsonObject): boolean {
  if (type === 'x_search_call') return true;
  if (type !== 'web_search_call' || status === 'failed') return false;
  const kind = objectAt({ action }, 'action')?.type;
  return kind === undefined || kind === 'search';
}

function containerOf(item: JsonObject): string[] {
  const { type } = item;
  if (type !== 'code_interpreter_call' && type !== 'shell_call') return [];
  // xAI's interpreter has no containers: each run counts. A shell without one ran at the caller's.
  const container = textAt(item, 'container_id') ?? textAt(objectAt(item, 'environment'), 'container_id');
  if (container !== undefined) return [container];
  return type === 'code_interpreter_call' ? [textAt(item, 'id') ?? 'run'] : [];
}

/** Output tokens of one image of gpt-image-1, by quality; the larger sizes have half as many again. */
const tokensOfImage: Readonly<Record<string, number>> = { low: 272, medium: 1_056, high: 4_160 };

/**
 * Returns the usage of the image tool, whose own model is billed. If the answer has no figure (before 2026; Azure),
 * images are counted by quality and size. https://platform.openai.com/docs/guides/image-generation#cost-and-latency,
 * read 2026-11
 */
export function imageToolUsage(response: JsonObject): OtherModelUsage[] {
  const tool = objectsAt(response, 'tools').find(({ type }) => type === 'image_generation');
  const model = textAt(tool, 'model') ?? 'gpt-image-1';
  const reported = objectAt(objectAt(response, 'tool_usage'), 'image_gen');
  if (reported !== undefined) {
    const outputTokens = firstCount(countAt(reported, 'output_tokens'));
    const inputTokens = firstCount(countAt(reported, 'input_tokens'));
    if (inputTokens + outputTokens === 0) return [];
    const image = objectAt(reported, 'output_tokens_details');
    return [
      {
        model,
        usage: usageOf({
          inputTokens,
          inputImageTokens: firstCount(countAt(objectAt(reported, 'input_tokens_details'), 'image_tokens')),
          outputTokens,
          outputImageTokens: countAt(image, 'image_tokens') ?? outputTokens,
        }),
      },
    ];
  }
  const made = objectsAt(response, 'output').filter(({ type }) => type === 'image_generation_call');
  if (made.length === 0) return [];
  const outputTokens = made.reduce((sum, item) => sum + tokensOf(item), 0);
  return [{ model, usage: usageOf({ outputTokens, outputImageTokens: outputTokens }) }];
}

function tokensOf(item: JsonObject): number {
  const base = tokensOfImage[textAt(item, 'quality') ?? 'medium'] ?? tokensOfImage.high ?? 0;
  return textAt(item, 'size') === '1024x1024' ? base : Math.ceil(base * 1.5);
}
