// The usage object of chat completions, of OpenAI and of everyone who copied it, both ways. Each
// deviation is named with who was seen to have it (recordings of 2024 to 2026).
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt, textAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null if the object has none of the counts that make a usage. */
export function readChatUsage(usage: JsonObject | undefined): Usage | null {
  const prompt = countAt(usage, 'prompt_tokens');
  const completion = countAt(usage, 'completion_tokens');
  const total = countAt(usage, 'total_tokens');
  if (usage === undefined || (prompt === undefined && completion === undefined && !total)) return null;
  const input = objectAt(usage, 'prompt_tokens_details');
  const output = objectAt(usage, 'completion_tokens_details');
  const tools = objectAt(usage, 'server_tool_use_details');
  const written = objectAt(usage, 'cache_creation');
  const reasoning = firstCount(countAt(output, 'reasoning_tokens'), countAt(usage, 'reasoning_tokens'));
  const citations = firstCount(countAt(usage, 'citation_tokens'));
  const outside = outsideOutput(usage, reasoning, citations);
  const audio = audioOutsideInput(usage);
  return usageOf({
    inputTokens: (prompt ?? Math.max(0, (total ?? 0) - (completion ?? 0))) + audio,
    cachedTokens: cachedTokens(usage, input),
    // OpenAI and OpenRouter; Anthropic's names behind Doubleword's and Vercel's gateways.
    cacheWriteTokens: firstCount(
      countAt(input, 'cache_write_tokens'),
      countAt(usage, 'cache_creation_input_tokens'),
    ),
    cacheWrite1hTokens: firstCount(countAt(written, 'ephemeral_1h_input_tokens')),
    outputTokens: (completion ?? 0) + outside,
    reasoningTokens: reasoning,
    citationTokens: citations,
    inputAudioTokens: Math.max(firstCount(countAt(input, 'audio_tokens')), audio),
    outputAudioTokens: firstCount(countAt(output, 'audio_tokens')),
    inputImageTokens: firstCount(countAt(input, 'image_tokens')),
    outputImageTokens: firstCount(countAt(output, 'image_tokens')),
    inputVideoTokens: firstCount(countAt(input, 'video_tokens')),
    // Perplexity; OpenRouter.
    webSearches: firstCount(countAt(usage, 'num_search_queries'), countAt(tools, 'web_search_requests')),
  });
}

/** OpenAI; then DeepSeek, Moonshot, Doubleword. */
function cachedTokens(usage: JsonObject, input: JsonObject | undefined): number {
  return firstCount(
    countAt(input, 'cached_tokens'),
    countAt(usage, 'prompt_cache_hit_tokens'),
    countAt(usage, 'cached_tokens'),
    countAt(usage, 'cache_read_input_tokens'),
  );
}

/**
 * Output tokens that completion_tokens leaves out. xAI counts reasoning outside, as its total shows. Perplexity's deep
 * research counts reasoning and citations outside. Everywhere else the total counts completion_tokens only, so
 * reasoning is part of it, even if a host counts a few more tokens of reasoning than of completion: OpenRouter
 * (qwen3.5, minimax), Together (DeepSeek), and Doubleword do, and their costs charge completion_tokens (recordings of
 * 2026).
 */
function outsideOutput(usage: JsonObject, reasoning: number, citations: number): number {
  const prompt = firstCount(countAt(usage, 'prompt_tokens'));
  const completion = firstCount(countAt(usage, 'completion_tokens'));
  const total = firstCount(countAt(usage, 'total_tokens'));
  if (citations > 0) return reasoning + citations;
  const isOutside =
    total === prompt + completion + reasoning || isOutsideAtVercel(usage, reasoning, completion);
  return isOutside ? reasoning : 0;
}

/**
 * Recognizes an answer of Vercel's gateway for Gemini: it copies Google's candidate tokens, which leave thoughts out, and
 * adds its total up from them. Its cost charges both. `market_cost` is a member that only this gateway has (recordings of
 * 2026-03; https://vercel.com/docs/ai-gateway/pricing).
 */
function isOutsideAtVercel(usage: JsonObject, reasoning: number, completion: number): boolean {
  return usage.market_cost !== undefined && reasoning > completion;
}

/** Mistral leaves the tokens of audio out of prompt_tokens, but not out of the total. */
function audioOutsideInput(usage: JsonObject): number {
  if (countAt(usage, 'prompt_audio_seconds') === undefined) return 0;
  const parts = firstCount(countAt(usage, 'prompt_tokens')) + firstCount(countAt(usage, 'completion_tokens'));
  return Math.max(0, firstCount(countAt(usage, 'total_tokens')) - parts);
}

/** The tier that a chat answer or its usage (Mistral) names. */
export function readChatTier(answer: JsonObject): string | null {
  return textAt(answer, 'service_tier') ?? textAt(objectAt(answer, 'usage'), 'service_tier') ?? null;
}

/** The object as OpenAI writes it; image tokens and searches only where there are some. */
export function writeChatUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.inputAudioTokens,
      ...(usage.inputImageTokens > 0 && { image_tokens: usage.inputImageTokens }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...(usage.outputImageTokens > 0 && { image_tokens: usage.outputImageTokens }),
    },
    // OpenRouter's name for searches that are billed apart.
    ...(usage.webSearches > 0 && { server_tool_use_details: { web_search_requests: usage.webSearches } }),
  };
}
