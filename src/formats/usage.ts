// The neutral counts of one request: what every wire format's usage object is read into, and the only
// thing that prices are applied to. Owns no wire shape (each format's own usage.ts does) and no price.

/**
 * What one request consumed. Every field is an integer >= 0, and 0 if the upstream did not report it. "Part of" means:
 * already counted in that other field, never to be added to it.
 */
export interface Usage {
  /** All input tokens: text, media, cached ones, cache writes and tool-use prompts. */
  inputTokens: number;
  /** Read from a prompt cache. Part of inputTokens. */
  cachedTokens: number;
  /** Written to a prompt cache, whatever the time to live. Part of inputTokens. */
  cacheWriteTokens: number;
  /** Written with a time to live of one hour. Part of cacheWriteTokens. */
  cacheWrite1hTokens: number;
  /** All output tokens: text, media, tool arguments and reasoning. */
  outputTokens: number;
  /** Part of outputTokens. */
  reasoningTokens: number;
  /** Cited text (Perplexity's deep research). Part of outputTokens. */
  citationTokens: number;
  /** Part of inputTokens. */
  inputAudioTokens: number;
  /** Audio read from a cache. Part of cachedTokens and of inputAudioTokens. */
  cachedAudioTokens: number;
  /** Part of outputTokens. */
  outputAudioTokens: number;
  /** Part of inputTokens. */
  inputImageTokens: number;
  /** Images read from a cache. Part of cachedTokens and of inputImageTokens. */
  cachedImageTokens: number;
  /** Part of outputTokens. */
  outputImageTokens: number;
  /** Part of inputTokens. */
  inputVideoTokens: number;
  /** Web searches that the provider ran and bills apart from tokens. */
  webSearches: number;
  /** Those of OpenAI's older tool web_search_preview, which has a price of its own. Not in webSearches. */
  previewWebSearches: number;
  /** Searches on a map that the provider ran (Gemini). */
  mapSearches: number;
  /** Searches in the provider's stored files (vector stores), billed apart from tokens. */
  fileSearches: number;
  /** Sandboxes for code that the provider bills apart: OpenAI's containers, xAI's runs of its interpreter. */
  codeSessions: number;
  /** Rerank searches (Cohere's unit: one query with up to 100 documents). */
  searchUnits: number;
  /** Audio sent, in milliseconds, where the provider bills time instead of tokens. */
  audioMilliseconds: number;
  /** Text sent, in characters, where the provider bills those instead of tokens (speech). */
  characters: number;
  /** Images made, where the provider gives no tokens for them. */
  images: number;
}

/** What a limit of tokens a minute counts, for every provider alike: uncached input and all output. */
export function limitedTokens({ inputTokens, cachedTokens, outputTokens }: Usage): number {
  return Math.max(0, inputTokens - cachedTokens) + outputTokens;
}

/** A usage of nothing at all, fresh at every call. */
export function emptyUsage(): Usage {
  return {
    inputTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    citationTokens: 0,
    inputAudioTokens: 0,
    cachedAudioTokens: 0,
    outputAudioTokens: 0,
    inputImageTokens: 0,
    cachedImageTokens: 0,
    outputImageTokens: 0,
    inputVideoTokens: 0,
    webSearches: 0,
    previewWebSearches: 0,
    mapSearches: 0,
    fileSearches: 0,
    codeSessions: 0,
    searchUnits: 0,
    audioMilliseconds: 0,
    characters: 0,
    images: 0,
  };
}

/** The names of all counts, in the order of the interface. */
export const usageFields = Object.keys(emptyUsage()) as readonly (keyof Usage)[];

/** Returns the field by field sum of two independent usages (turns of a realtime session, for example). */
export function addUsage(left: Usage, right: Usage): Usage {
  const sum = emptyUsage();
  for (const field of usageFields) sum[field] = left[field] + right[field];
  return sum;
}

/** A count as it may be added up: a whole number from 0. */
function whole(count: number): number {
  return count > 0 ? Math.ceil(Math.min(count, Number.MAX_SAFE_INTEGER)) : 0;
}

/**
 * Returns a usage with the given counts, the rest 0. Holds the guarantees of {@link Usage} whatever an upstream wrote:
 * a part is never larger than its whole (four recordings of Azure-hosted grok have more cached than input tokens),
 * because a price would otherwise apply to a negative remainder.
 */
export function usageOf(counts: Partial<Usage>): Usage {
  const usage = { ...emptyUsage(), ...counts };
  for (const field of usageFields) usage[field] = whole(usage[field]);
  usage.cachedTokens = Math.min(usage.cachedTokens, usage.inputTokens);
  usage.cacheWriteTokens = Math.min(usage.cacheWriteTokens, usage.inputTokens - usage.cachedTokens);
  usage.cacheWrite1hTokens = Math.min(usage.cacheWrite1hTokens, usage.cacheWriteTokens);
  usage.reasoningTokens = Math.min(usage.reasoningTokens, usage.outputTokens);
  usage.citationTokens = Math.min(usage.citationTokens, usage.outputTokens - usage.reasoningTokens);
  usage.inputAudioTokens = Math.min(usage.inputAudioTokens, usage.inputTokens);
  usage.cachedAudioTokens = Math.min(usage.cachedAudioTokens, usage.inputAudioTokens, usage.cachedTokens);
  usage.inputImageTokens = Math.min(usage.inputImageTokens, usage.inputTokens - usage.inputAudioTokens);
  usage.cachedImageTokens = Math.min(
    usage.cachedImageTokens,
    usage.inputImageTokens,
    usage.cachedTokens - usage.cachedAudioTokens,
  );
  usage.inputVideoTokens = Math.min(
    usage.inputVideoTokens,
    usage.inputTokens - usage.inputAudioTokens - usage.inputImageTokens,
  );
  usage.outputAudioTokens = Math.min(usage.outputAudioTokens, usage.outputTokens);
  usage.outputImageTokens = Math.min(usage.outputImageTokens, usage.outputTokens - usage.outputAudioTokens);
  return usage;
}
