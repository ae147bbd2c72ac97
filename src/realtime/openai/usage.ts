// The usage objects of the Realtime API, as neutral counts. Source: RealtimeResponse.usage and the transcription
// event's usage in OpenAI's OpenAPI file; xAI puts the former beside the response.
import { countAt, isObject, objectAt } from '../../formats/json-reader.ts';
import { type Usage, usageOf } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';

/** Returns the usage of a `response.done`, or null if it has none. */
export function usageOfResponse(event: JsonObject): Usage | null {
  const usage = [objectAt(event, 'response')?.usage, event.usage].find(
    (given) => isObject(given) && 'input_tokens' in given,
  );
  return isObject(usage) ? tokenUsage(usage) : null;
}

/** Returns the usage of a `conversation.item.input_audio_transcription.completed`, in tokens or seconds of audio, or null. */
export function usageOfTranscription(event: JsonObject): Usage | null {
  const usage = event.usage;
  if (!isObject(usage)) return null;
  if (typeof usage.seconds === 'number')
    return usageOf({ audioMilliseconds: Math.ceil(usage.seconds * 1_000) });
  return 'input_tokens' in usage ? tokenUsage(usage) : null;
}

function tokenUsage(usage: JsonObject): Usage {
  const input = objectAt(usage, 'input_token_details') ?? objectAt(usage, 'input_tokens_details');
  const cached = objectAt(input, 'cached_tokens_details');
  const output = objectAt(usage, 'output_token_details') ?? objectAt(usage, 'output_tokens_details');
  return usageOf({
    inputTokens: countAt(usage, 'input_tokens') ?? 0,
    cachedTokens: countAt(input, 'cached_tokens') ?? 0,
    inputAudioTokens: countAt(input, 'audio_tokens') ?? 0,
    cachedAudioTokens: countAt(cached, 'audio_tokens') ?? 0,
    inputImageTokens: countAt(input, 'image_tokens') ?? 0,
    cachedImageTokens: countAt(cached, 'image_tokens') ?? 0,
    outputTokens: countAt(usage, 'output_tokens') ?? 0,
    outputAudioTokens: countAt(output, 'audio_tokens') ?? 0,
    reasoningTokens: countAt(output, 'reasoning_tokens') ?? 0,
  });
}
