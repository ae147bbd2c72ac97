// Neutral counts to usageMetadata, where thoughts are outside candidatesTokenCount.
import type { JsonObject } from '../../lib/json.ts';
import type { Usage } from '../usage.ts';

/** Undefined usage: none was given. */
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
