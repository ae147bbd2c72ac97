// The usage of rerankers to neutral counts: Cohere bills searches, Voyage and Jina tokens.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, objectAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the answer has no count (Xinference sends a `meta` full of nulls). */
export function readRerankUsage(answer: JsonObject): Usage | null {
  const searches = countAt(objectAt(objectAt(answer, 'meta'), 'billed_units'), 'search_units');
  const usage = objectAt(answer, 'usage');
  // OpenRouter's Cohere models: search_units beside the tokens.
  const searchUnits = searches ?? countAt(usage, 'search_units');
  const tokens = countAt(usage, 'total_tokens') ?? countAt(usage, 'prompt_tokens');
  if (searchUnits === undefined && tokens === undefined) return null;
  return usageOf({ inputTokens: tokens ?? 0, searchUnits: searchUnits ?? 0 });
}
