// The usageMetadata of the Live API, as neutral counts. https://ai.google.dev/api/live#UsageMetadata (2026-11)
//
// It is of one turn, not of the session, and each is billed: a turn's prompt is the whole context, which is read anew
// every time. Google's staff says so (https://discuss.ai.google.dev/t/pricing-of-speech-to-speech-live-model/140340,
// 2026-04), a reader of bills found the sum of all snapshots right to 3 % (…/t/173248), and a probe of three turns on
// two models saw responseTokenCount stay level (https://github.com/pydantic/pydantic-ai/pull/7269, 2026-08).
import { readGenerateUsage } from '../../formats/gemini-generate/usage.ts';
import type { Usage } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';

/**
 * null: it has no count. Thoughts are outside `responseTokenCount` and the total (recorded: 1,197 + 37 = 1,234, and 28
 * thoughts), and are output; the prompts of tools are input.
 */
export function usageOfTurn(metadata: JsonObject): Usage | null {
  const {
    responseTokenCount = metadata.candidatesTokenCount,
    responseTokensDetails = metadata.candidatesTokensDetails,
  } = metadata;
  return readGenerateUsage({
    ...metadata,
    candidatesTokenCount: responseTokenCount,
    candidatesTokensDetails: responseTokensDetails,
  });
}
