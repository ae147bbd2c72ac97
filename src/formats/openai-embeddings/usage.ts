// The usage of embeddings of OpenAI's shape (also Azure, Mistral, Voyage, Perplexity, OpenRouter, llama.cpp,
// Jina) and of Cohere's /embed, to neutral counts. There is no output to count.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, objectAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the answer has no count. Voyage has only total_tokens, Cohere `meta.billed_units`. */
export function readEmbeddingsUsage(answer: JsonObject): Usage | null {
  const usage = objectAt(answer, 'usage');
  const tokens = countAt(usage, 'prompt_tokens') ?? countAt(usage, 'total_tokens');
  if (tokens !== undefined) return usageOf({ inputTokens: tokens });
  const billed = objectAt(objectAt(answer, 'meta'), 'billed_units');
  const text = countAt(billed, 'input_tokens');
  const image = countAt(billed, 'image_tokens');
  if (text === undefined && image === undefined) return null;
  return usageOf({ inputTokens: (text ?? 0) + (image ?? 0), inputImageTokens: image ?? 0 });
}
