// The usage of embedContent and batchEmbedContents to neutral counts. Models before gemini-embedding-2 give
// none at all.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt, objectsAt, textAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the answer has no count. The list of modalities is spelt in two ways (2026). */
export function readGeminiEmbedUsage(answer: JsonObject): Usage | null {
  const usage = objectAt(answer, 'usageMetadata');
  const tokens = countAt(usage, 'promptTokenCount') ?? countAt(usage, 'totalTokenCount');
  if (tokens === undefined) return null;
  const details = [...objectsAt(usage, 'promptTokenDetails'), ...objectsAt(usage, 'promptTokensDetails')];
  const tokensOf = (...modalities: string[]): number =>
    details
      .filter((detail) => modalities.includes(textAt(detail, 'modality') ?? ''))
      .reduce((sum, detail) => sum + firstCount(countAt(detail, 'tokenCount')), 0);
  return usageOf({
    inputTokens: tokens,
    inputAudioTokens: tokensOf('AUDIO'),
    inputImageTokens: tokensOf('IMAGE', 'DOCUMENT'),
    inputVideoTokens: tokensOf('VIDEO'),
  });
}
