// The usage of speech, transcription and translation to neutral counts: tokens, or seconds of audio.
// https://platform.openai.com/docs/api-reference/audio/json-object
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, mostOfCount, objectAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the object has no count. */
export function readAudioUsage(usage: JsonObject | undefined): Usage | null {
  if (usage?.type === 'duration') return secondsUsage(usage.seconds);
  const input = countAt(usage, 'input_tokens') ?? countAt(usage, 'prompt_tokens');
  const output = countAt(usage, 'output_tokens') ?? countAt(usage, 'completion_tokens');
  if (input === undefined && output === undefined) return null;
  // Mistral's chat-like names; it leaves audio out of the prompt but not out of the total.
  const details = objectAt(usage, 'input_token_details') ?? objectAt(usage, 'prompt_tokens_details');
  const audio = firstCount(countAt(details, 'audio_tokens'));
  const seconds = countAt(usage, 'prompt_audio_seconds');
  const rest = firstCount(countAt(usage, 'total_tokens')) - (input ?? 0) - (output ?? 0);
  const outside = seconds !== undefined && rest > 0 ? rest : 0;
  return usageOf({
    inputTokens: (input ?? 0) + outside,
    cachedTokens: firstCount(countAt(details, 'cached_tokens')),
    outputTokens: output ?? 0,
    inputAudioTokens: Math.max(audio, outside),
    audioMilliseconds: (seconds ?? 0) * 1_000,
  });
}

/** verbose_json without usage still names the `duration`. Null when it does not. */
export function readDuration(answer: JsonObject): Usage | null {
  return secondsUsage(answer.duration);
}

/** Some servers write the number as a string. */
function secondsUsage(value: unknown): Usage | null {
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) return null;
  return usageOf({
    audioMilliseconds: Math.ceil(Number((Math.min(seconds, mostOfCount) * 1_000).toFixed(3))),
  });
}
