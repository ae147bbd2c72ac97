// What a meter takes from chat completions: chunks of a stream, and whole answers.
// https://platform.openai.com/docs/api-reference/chat
import type { JsonObject } from '../../lib/json.ts';
import { countChatImages } from '../answer-media.ts';
import { textLength } from '../elision.ts';
import { errorName, isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import { type Observation, observeAudio, type WireObserver } from '../observation.ts';
import { readChatTier, readChatUsage } from './usage.ts';

/** Chat completions, of any provider. The terminator `[DONE]` is the framing's to see. */
export const observer: WireObserver = {
  event(observation, chunk) {
    readCommon(observation, chunk);
    for (const choice of objectsAt(chunk, 'choices')) {
      // Perplexity repeats the whole `message` beside each `delta`: the delta is what is new.
      const delta = objectAt(choice, 'delta');
      const message = objectAt(choice, 'message');
      if (textAt(choice, 'finish_reason') !== undefined) observation.hasFinishReason = true;
      if (delta ?? message) readMessage(observation, delta ?? message ?? {});
      // And it sends no [DONE]: such a chunk with a finish reason is its last, or (2026) one so named.
      if (delta && message && textAt(choice, 'finish_reason') !== undefined) observation.complete = true;
    }
    if (textAt(chunk, 'object') === 'chat.completion.done') observation.complete = true;
  },
  body(observation, answer) {
    readCommon(observation, answer);
    for (const choice of objectsAt(answer, 'choices')) {
      const message = objectAt(choice, 'message');
      if (message !== undefined) readMessage(observation, message);
    }
  },
};

function readCommon(observation: Observation, value: JsonObject): void {
  const usage =
    readChatUsage(objectAt(value, 'usage')) ??
    readChatUsage(objectAt(objectAt(value, 'x_groq'), 'usage')) ??
    lastChoiceUsage(value);
  // Cumulative wherever it repeats (Perplexity, Baseten, Hugging Face): the last one is the figure.
  observation.usage = usage ?? observation.usage;
  observation.model = textAt(value, 'model') ?? observation.model;
  observation.error ??= errorName(value) ?? null;
  observation.serviceTier = readChatTier(value) ?? observation.serviceTier;
}

/** Moonshot puts the usage into the last choice of a stream. */
function lastChoiceUsage(value: JsonObject): ReturnType<typeof readChatUsage> {
  return readChatUsage(objectAt(objectsAt(value, 'choices').at(-1), 'usage'));
}

function readMessage(observation: Observation, message: JsonObject): void {
  let length = contentLength(message.content) + textLength(message.refusal);
  // DeepSeek, xAI and others; Groq, OpenRouter and others. Some (Baseten) send both, equal.
  length += Math.max(textLength(message.reasoning_content), textLength(message.reasoning));
  for (const call of [...objectsAt(message, 'tool_calls'), message]) {
    const called = objectAt(call, 'function') ?? objectAt(call, 'function_call') ?? objectAt(call, 'custom');
    length += textLength(called?.name) + textLength(called?.arguments) + textLength(called?.input);
  }
  const audio = objectAt(message, 'audio');
  const audioId = textAt(audio, 'id');
  if (audioId !== undefined) observation.madeIds.add(audioId);
  length += textLength(audio?.transcript);
  observeAudio(observation, audio?.data);
  observation.media.images += countChatImages(message);
  observation.outputCharacters += length;
  if (length > 0 || textAt(audio, 'data') !== undefined) observation.started = true;
}

/** A string, or (Mistral's reasoning models) an array of parts, whose text may be parts again. */
function contentLength(content: unknown): number {
  if (typeof content === 'string') return textLength(content);
  if (!Array.isArray(content)) return 0;
  return content
    .filter(isObject)
    .reduce((sum, part) => sum + textLength(part.text) + contentLength(part.thinking), 0);
}
