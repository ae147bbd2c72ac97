// How much a response or a transcript of OpenAI's sessions is at most. Pure.
import { countAt } from '../../formats/json-reader.ts';
import { addUsage, type Usage, usageOf } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';
import { inputBounds, outputBounds } from '../../metering/bound.ts';
import type { Rates } from '../../metering/price.ts';
import { measureOf, type TurnMeasure } from '../bound.ts';
import type { Conversation, Unreported } from './conversation.ts';

/** The figures of realtime audio: https://platform.openai.com/docs/guides/realtime-costs (2026-11). */
export const realtimeBounds = {
  /** A token is 100 ms of the speaker, 50 ms of the model. */
  inputTokensPerSecond: 10,
  outputTokensPerSecond: 20,
  /** Tokens of the default prompt: 150 to 600 seen. */
  tokensOfDefaultPrompt: 600,
  /** A transcript is reserved for so much speech at a time. */
  transcribedSeconds: 60,
} as const;

/** Returns the measure of one response. Its own settings win over the session's. */
export function responseMeasure(conversation: Conversation, response: JsonObject = {}): TurnMeasure {
  const most = countAt(response, 'max_output_tokens') ?? countAt(response, 'max_response_output_tokens');
  const modalities = response.output_modalities ?? response.modalities;
  const speaks = Array.isArray(modalities) ? modalities.includes('audio') : conversation.speaks;
  const own = conversation.ownOf(response);
  const whole = measureOf(inputOf(conversation, own), most ?? conversation.mostOutputTokens, speaks);
  const measure = { ...whole, freshTokens: whole.input.inputTokens - conversation.history.tokens };
  return Array.isArray(response.input) ? { ...measure, typicalInput: inputOfItsOwn(own) } : measure;
}

/** It reads what it is given instead of the conversation, or adds nothing to it: its figures are not the conversation's. */
export function isApart(response: JsonObject): boolean {
  return Array.isArray(response.input) || response.conversation === 'none';
}

/** Of writing down one turn of the speaker, at rates by time or by tokens. Nothing of it is charged before it is there. */
export function transcriptMeasure(rates: Rates | null): TurnMeasure {
  const all = transcribed({ audioMilliseconds: realtimeBounds.transcribedSeconds * 1_000 }, rates);
  const nothing = usageOf({});
  return { input: nothing, typicalInput: nothing, freshTokens: 0, most: all, step: all };
}

/** A usage in seconds, at rates that know only tokens: nothing is free for being counted otherwise. */
export function transcribed(usage: Partial<Usage>, rates: Rates | null): Usage {
  const { audioMilliseconds = 0 } = usage;
  if (audioMilliseconds === 0 || rates === null || rates.perAudioHour > 0) return usageOf(usage);
  const spoken = Math.ceil((audioMilliseconds / 1_000) * realtimeBounds.inputTokensPerSecond);
  const written = Math.ceil((audioMilliseconds / 1_000) * outputBounds.transcriptTokensPerSecond);
  return usageOf({ inputTokens: spoken, inputAudioTokens: spoken, outputTokens: written });
}

/** Returns the input usage of a response: the conversation and its own input, because it may refer to items of the conversation. */
function inputOf({ history, unreported }: Conversation, own: Unreported): Usage {
  const said = usageOfWords(unreported);
  const base = history.tokens === 0 ? realtimeBounds.tokensOfDefaultPrompt : history.tokens;
  const before = usageOf({ inputTokens: base, inputAudioTokens: history.audioTokens });
  return addUsage(addUsage(before, said), usageOfWords(own));
}

function inputOfItsOwn(own: Unreported): Usage {
  return addUsage(usageOf({ inputTokens: realtimeBounds.tokensOfDefaultPrompt }), usageOfWords(own));
}

function usageOfWords({ textBytes, audioSeconds, images: seen }: Unreported): Usage {
  const text = Math.ceil(textBytes / inputBounds.bytesPerToken.openai);
  const audio = Math.ceil(audioSeconds * realtimeBounds.inputTokensPerSecond);
  const images = seen * inputBounds.tokensPerImage.openai;
  return usageOf({
    inputTokens: text + audio + images,
    inputAudioTokens: audio,
    inputImageTokens: images,
  });
}
