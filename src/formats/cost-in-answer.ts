// The cost in an answer's usage: `usage.cost` as OpenRouter has it (https://openrouter.ai/docs/use-cases/usage-accounting, 2026-12), and
// `usageMetadata.cost` in Gemini's format; and the events that it is put into.
import { memberText, removeMember, replaceMember, topLevelMembers } from '../lib/json-members.ts';
import type { ApiFormat } from './format-id.ts';
import { createJsonArraySplitter } from './json-array.ts';
import { createRawSseSplitter } from './sse.ts';

/**
 * What an upstream says about its own prices. OpenRouter: the page above. xAI: `cost_in_usd_ticks` (https://docs.x.ai/docs/api-reference, 2026-11).
 * DeepInfra: `estimated_cost`.
 */
const costsOfUpstream = ['cost_details', 'is_byok', 'cost_in_usd_ticks', 'estimated_cost'] as const;

/**
 * Returns the JSON of a whole answer, or of an event, with the cost in its usage instead of the upstream's own. All else stays as it is; JSON without
 * usage stays too. `usdText`: decimals.
 */
export function withCost(api: ApiFormat, json: string, usdText: string): string {
  if (!json.trimStart().startsWith('{')) return json;
  if (api === 'gemini') return editObject(json, 'usageMetadata', (usage) => priced(usage, usdText)) ?? json;
  const inUsage = (text: string) => editObject(text, 'usage', (usage) => priced(usage, usdText));
  // Events of the Responses API hold the response.
  return inUsage(json) ?? editObject(json, 'response', (response) => inUsage(response) ?? response) ?? json;
}

function priced(usage: string, usdText: string): string {
  const own = costsOfUpstream.reduce((text, key) => removeMember(text, key), usage);
  return replaceMember(own, 'cost', usdText);
}

/** Returns null if the member is no object. */
function editObject(json: string, key: string, edit: (text: string) => string): string | null {
  const member = topLevelMembers(json).findLast((each) => each.key === key);
  if (member === undefined || json[member.valueStart] !== '{') return null;
  return json.slice(0, member.valueStart) + edit(memberText(json, member)) + json.slice(member.valueEnd);
}

/** Cuts a stream into pieces that end where events end. No text is lost. */
export interface Cutter {
  push(bytes: Uint8Array): Piece[];
  end(): Piece[];
}

/** The text of a piece, and the JSON of the event in it. */
export interface Piece {
  raw: string;
  data: string | null;
}

function arrayCutter(): Cutter {
  const splitter = createJsonArraySplitter();
  const decoder = new TextDecoder();
  let pending = '';
  const cut = (elements: string[]): Piece[] =>
    elements.map((data) => {
      const end = pending.indexOf(data) + data.length;
      const raw = pending.slice(0, end);
      pending = pending.slice(end);
      return { raw, data };
    });
  return {
    push: (bytes) => {
      pending += decoder.decode(bytes, { stream: true });
      return cut(splitter.push(bytes));
    },
    end: () => [...cut(splitter.end()), { raw: pending + decoder.decode(), data: null }],
  };
}

/** Returns a cutter of server-sent events, or of a JSON array. */
export function cutterOf(shape: 'sse' | 'array'): Cutter {
  return shape === 'sse' ? createRawSseSplitter() : arrayCutter();
}
