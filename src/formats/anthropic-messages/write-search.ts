// A provider's own search as the pair of blocks that the Messages API has for it.
import type { JsonObject } from '../../lib/json.ts';
import type { Citation, WebSearchPart } from '../neutral.ts';

export function searchBlocks(part: WebSearchPart): JsonObject[] {
  if (part.opaque?.origin === 'anthropic-messages') return part.opaque.wire;
  const id = `srvtoolu_${part.id.replace(/[^a-zA-Z0-9_]/g, '')}`;
  const caller = { type: 'direct' };
  const call = {
    type: 'server_tool_use',
    id,
    name: 'web_search',
    input: { query: part.query ?? '' },
    caller,
  };
  return [call, { type: 'web_search_tool_result', tool_use_id: id, content: resultsOf(part), caller }];
}

function resultsOf({ results = [], errorCode }: WebSearchPart): JsonObject[] | JsonObject {
  if (errorCode !== undefined) return { type: 'web_search_tool_result_error', error_code: errorCode };
  return results.map(({ url, title, encryptedContent = '', pageAge = null }) => ({
    type: 'web_search_result',
    url,
    title,
    encrypted_content: encryptedContent,
    page_age: pageAge,
  }));
}

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
