// Computes how much of a request a provider would read from its prompt cache by its documented rules, in
// approximate tokens.
import type { Format } from '../sdk/matrix/script.ts';
import type { Json } from '../sdk/matrix/wire.ts';
import type { UpstreamRequest } from './model.ts';

/** Characters per token, accurate enough for shares. */
const tokenCharacters = 4;

export interface CacheShare {
  inputTokens: number;
  cachedTokens: number;
}

/** Returns the share of a session; every request can read what all earlier ones left in the cache. */
export function cacheShare(format: Format, requests: readonly UpstreamRequest[]): CacheShare {
  const bodies = requests.map(({ body }) => body);
  return format === 'anthropic-messages' ? claudeShare(bodies) : prefixShare(format, bodies);
}

/**
 * Where a cached prefix may end, and its minimum length. OpenAI: 1,024 tokens, then steps of 128
 * (https://developers.openai.com/api/docs/guides/prompt-caching, 2026-11). DeepSeek: units of 64
 * (https://api-docs.deepseek.com/guides/kv_cache, 2026-11). Gemini, implicit: 4,096 for 3.1 Pro
 * (https://ai.google.dev/gemini-api/docs/caching, 2026-11).
 */
const prefixRules: Record<Exclude<Format, 'anthropic-messages'>, { least: number; step: number }> = {
  'openai-responses': { least: 1_024, step: 128 },
  'openai-chat': { least: 64, step: 64 },
  'gemini-generate': { least: 4_096, step: 1 },
};

function prefixShare(format: Exclude<Format, 'anthropic-messages'>, bodies: readonly Json[]): CacheShare {
  const { least, step } = prefixRules[format];
  const texts = bodies.map((body) => piecesOf(body).join(''));
  return texts.reduce<CacheShare>(
    (share, text, index) => {
      const common = Math.max(0, ...texts.slice(0, index).map((before) => commonLength(before, text)));
      const tokens = Math.floor(common / tokenCharacters / step) * step;
      return {
        inputTokens: share.inputTokens + text.length / tokenCharacters,
        cachedTokens: share.cachedTokens + (tokens >= least ? tokens : 0),
      };
    },
    { inputTokens: 0, cachedTokens: 0 },
  );
}

function commonLength(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) if (one[at] !== other[at]) return at;
  return length;
}

/**
 * Claude: a request reads the longest prefix that an earlier one wrote at a breakpoint, found within 20 blocks
 * before each of its own breakpoints; a top-level `cache_control` is a breakpoint at the last block; prefixes
 * below 4,096 tokens are not cached. https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 * (2026-11)
 */
function claudeShare(bodies: readonly Json[]): CacheShare {
  const written = new Set<string>();
  const share = { inputTokens: 0, cachedTokens: 0 };
  for (const body of bodies) {
    const pieces = piecesOf(body);
    const prefixes = pieces.map((_, index) => pieces.slice(0, index + 1).join(''));
    const breakpoints = breakpointsOf(body);
    const hits = breakpoints.flatMap((at) =>
      Array.from({ length: 20 }, (_, back) => prefixes[at - back] ?? '').filter((prefix) =>
        written.has(prefix),
      ),
    );
    share.inputTokens += pieces.join('').length / tokenCharacters;
    share.cachedTokens += Math.max(0, ...hits.map((prefix) => prefix.length)) / tokenCharacters;
    for (const at of breakpoints) {
      const prefix = prefixes[at] ?? '';
      if (prefix.length / tokenCharacters >= 4_096) written.add(prefix);
    }
  }
  return share;
}

/** Returns the request's blocks in the order in which the provider reads them: tools, system prompt, conversation. */
function blocksOfRequest(body: Json): Json[] {
  const list = (value: unknown): Json[] =>
    Array.isArray(value) ? value : value === undefined ? [] : [{ text: value }];
  const turns = list(body.messages ?? body.input ?? body.contents);
  const system = list(body.system ?? body.instructions ?? body.systemInstruction);
  return [
    ...list(body.tools),
    ...system,
    ...turns.flatMap(({ content, ...rest }) => blocksOfTurn(content, rest)),
  ];
}

function blocksOfTurn(content: unknown, rest: Json): Json[] {
  const { role } = rest;
  return Array.isArray(content) ? content.map((block: Json) => ({ role, ...block })) : [{ ...rest, content }];
}

const markers = ['cache_control', 'prompt_cache_breakpoint'];

const unmarked = (block: Json) =>
  JSON.stringify(block, (key, value) => (markers.includes(key) ? undefined : value));

/** Returns the blocks as text without cache markers. */
const piecesOf = (body: Json): string[] => blocksOfRequest(body).map(unmarked);

/** Returns whether a request starts with the whole previous one. */
export function beginsWith(body: Json, before: Json): boolean {
  const [now, then] = [piecesOf(body), piecesOf(before)];
  return then.every((piece, index) => piece === now[index]);
}

function breakpointsOf(body: Json): number[] {
  const blocks = blocksOfRequest(body);
  const marked = blocks.flatMap((block, index) => (block.cache_control ? [index] : []));
  return body.cache_control ? [...marked, blocks.length - 1] : marked;
}
