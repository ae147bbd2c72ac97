// Gemini's usageMetadata, both ways.
// https://ai.google.dev/api/generate-content#UsageMetadata
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectsAt, textAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/**
 * Null when the object has no count. Thoughts are outside candidatesTokenCount and the prompts of server
 * tools outside promptTokenCount: here both are in. Cached tokens are inside the prompt already.
 */
export function readGenerateUsage(usage: JsonObject | undefined): Usage | null {
  const prompt = countAt(usage, 'promptTokenCount');
  const total = countAt(usage, 'totalTokenCount');
  if (prompt === undefined && total === undefined && countAt(usage, 'candidatesTokenCount') === undefined)
    return null;
  const thoughts = firstCount(countAt(usage, 'thoughtsTokenCount'));
  const output = firstCount(countAt(usage, 'candidatesTokenCount')) + thoughts;
  const toolPrompt = firstCount(countAt(usage, 'toolUsePromptTokenCount'));
  const input = byModality(usage, 'promptTokensDetails', 'toolUsePromptTokensDetails');
  const cached = byModality(usage, 'cacheTokensDetails');
  const made = byModality(usage, 'candidatesTokensDetails');
  return usageOf({
    // gemini-3.5-flash was seen to leave promptTokenCount out (and the total in).
    inputTokens: prompt === undefined ? Math.max(0, (total ?? 0) - output) : prompt + toolPrompt,
    cachedTokens: firstCount(countAt(usage, 'cachedContentTokenCount')),
    outputTokens: output,
    reasoningTokens: thoughts,
    inputAudioTokens: input.audio,
    cachedAudioTokens: cached.audio,
    outputAudioTokens: made.audio,
    inputImageTokens: input.image,
    cachedImageTokens: cached.image,
    outputImageTokens: made.image,
    inputVideoTokens: input.video,
  });
}

/** Token counts by kind of media. Documents are priced as images (as genai-prices does). */
interface ModalityCounts {
  audio: number;
  image: number;
  video: number;
}

/** The sums of lists of `{modality, tokenCount}`. */
function byModality(usage: JsonObject | undefined, ...keys: string[]): ModalityCounts {
  const counts: ModalityCounts = { audio: 0, image: 0, video: 0 };
  for (const detail of keys.flatMap((key) => objectsAt(usage, key))) {
    const tokens = firstCount(countAt(detail, 'tokenCount'));
    const modality = textAt(detail, 'modality');
    if (modality === 'AUDIO') counts.audio += tokens;
    else if (modality === 'VIDEO') counts.video += tokens;
    else if (modality === 'IMAGE' || modality === 'DOCUMENT') counts.image += tokens;
  }
  return counts;
}

/** Returns undefined if there is no usage. */
export function writeGenerateUsage(usage: Usage | null): JsonObject | undefined {
  if (usage === null) return undefined;
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usage;
  const input = details(inputTokens, usage.inputAudioTokens, usage.inputImageTokens, usage.inputVideoTokens);
  const output = details(outputTokens - reasoningTokens, usage.outputAudioTokens, usage.outputImageTokens, 0);
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: Math.max(0, outputTokens - reasoningTokens),
    totalTokenCount: inputTokens + outputTokens,
    ...(cachedTokens > 0 && { cachedContentTokenCount: cachedTokens }),
    ...(reasoningTokens > 0 && { thoughtsTokenCount: reasoningTokens }),
    promptTokensDetails: input,
    candidatesTokensDetails: output,
  };
}

function details(all: number, audio: number, image: number, video: number): JsonObject[] {
  const text = all - audio - image - video;
  const counts = { TEXT: text, AUDIO: audio, IMAGE: image, VIDEO: video };
  return Object.entries(counts)
    .filter(([, tokenCount]) => tokenCount > 0)
    .map(([modality, tokenCount]) => ({ modality, tokenCount }));
}
