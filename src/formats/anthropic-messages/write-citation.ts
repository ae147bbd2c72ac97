// Citations of other providers as Anthropic's: all that they have in common is a page on the web.
import type { JsonObject } from '../../lib/json.ts';
import type { Citation } from '../neutral.ts';

/** Null where there is no page to name. */
export function writeCitation({ url, title, citedText, opaque }: Citation): JsonObject | null {
  if (opaque?.origin === 'anthropic-messages') return opaque.wire;
  if (url === undefined) return null;
  return {
    type: 'web_search_result_location',
    url,
    title: title ?? null,
    cited_text: citedText ?? '',
    encrypted_index: '',
  };
}
