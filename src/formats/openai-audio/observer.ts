// What a meter takes from speech, transcription and translation. Speech without `stream_format: sse` is
// opaque audio, and text, srt and vtt transcripts are opaque too: no usage is in them, only their length.

import type { JsonObject } from '../../lib/json.ts';
import { AudioLength } from '../audio-length.ts';
import { textLength } from '../elision.ts';
import { countAt, errorName, firstCount, mostOfCount, objectAt, textAt } from '../json-reader.ts';
import { observeAudio, type WireObserver } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';

/** https://platform.openai.com/docs/api-reference/audio/speech-audio-done-event */
export const speechObserver: WireObserver = {
  event(observation, event) {
    const type = textAt(event, 'type') ?? '';
    observation.usage = readAudioUsage(objectAt(event, 'usage')) ?? observation.usage;
    observation.error ??= errorName(event) ?? null;
    if (type === 'speech.audio.delta') {
      observation.started = true;
      observeAudio(observation, event.audio);
    }
    if (type === 'speech.audio.done') observation.complete = true;
  },
  body(observation, answer) {
    observation.usage = readAudioUsage(objectAt(answer, 'usage')) ?? observation.usage;
    observation.error ??= errorName(answer) ?? null;
  },
  bytes(observation, bytes) {
    observation.audio ??= new AudioLength();
    observation.audio.push(bytes);
  },
};

/** https://platform.openai.com/docs/api-reference/audio/transcript-text-done-event */
export const transcriptionObserver: WireObserver = {
  event(observation, event) {
    const type = textAt(event, 'type') ?? '';
    observation.usage = readAudioUsage(objectAt(event, 'usage')) ?? observation.usage;
    observation.error ??= errorName(event) ?? null;
    if (type === 'transcript.text.delta') {
      observation.started = true;
      observation.outputCharacters += textLength(event.delta);
    }
    if (type === 'transcript.text.done') observation.complete = true;
  },
  body(observation, answer) {
    observation.usage =
      readAudioUsage(objectAt(answer, 'usage')) ?? readDuration(answer) ?? observation.usage;
    observation.model = textAt(answer, 'model') ?? observation.model;
    observation.error ??= errorName(answer) ?? null;
    observation.outputCharacters += textLength(answer.text);
    if (typeof answer.text === 'string') observation.started = true;
  },
  // Text, srt and vtt.
  bytes(observation, bytes) {
    observation.outputCharacters += bytes.byteLength;
  },
};

/** Null when the object has no count. */
function readAudioUsage(usage: JsonObject | undefined): Usage | null {
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
function readDuration(answer: JsonObject): Usage | null {
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
