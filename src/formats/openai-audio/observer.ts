// What a meter takes from speech, transcription and translation. Speech without `stream_format: sse` is
// opaque audio, and text, srt and vtt transcripts are opaque too: no usage is in them, only their length.
import { AudioLength } from '../audio-length.ts';
import { textLength } from '../elision.ts';
import { hear } from '../hear.ts';
import { errorName, objectAt, textAt } from '../json-reader.ts';
import type { WireObserver } from '../observation.ts';
import { readAudioUsage, readDuration } from './usage.ts';

/** https://platform.openai.com/docs/api-reference/audio/speech-audio-done-event */
export const speechObserver: WireObserver = {
  event(observation, event) {
    const type = textAt(event, 'type') ?? '';
    observation.usage = readAudioUsage(objectAt(event, 'usage')) ?? observation.usage;
    observation.error ??= errorName(event) ?? null;
    if (type === 'speech.audio.delta') {
      observation.started = true;
      hear(observation, event.audio);
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
