// How much a response or a transcript of OpenAI's sessions is at most. Pure.
import { type Usage, usageOf } from '../../formats/usage.ts';
import { inputBounds, outputBounds } from '../../metering/bound.ts';
import type { Rates } from '../../metering/price.ts';
import { measureOf, type TurnMeasure } from '../bound.ts';
import type { Conversation } from './conversation.ts';

/** The figures of realtime audio: https://platform.openai.com/docs/guides/realtime-costs (2026-11). */
export const realtimeBounds = {
  /** A token is 100 ms of the speaker, 50 ms of the model. */
  heardTokensPerSecond: 10,
  saidTokensPerSecond: 20,
  /** What the model is told when the caller tells it nothing: 150 to 600 tokens seen. */
  tokensOfDefaultPrompt: 600,
  /** A transcript is reserved for so much speech at a time. */
  transcribedSeconds: 60,
} as const;

/** Of one response. `mostOutputTokens`: of the response itself, where it says so. */
export function responseMeasure(conversation: Conversation, mostOutputTokens: number | null): TurnMeasure {
  const most = mostOutputTokens ?? conversation.mostOutputTokens;
  return measureOf(inputOf(conversation), most, conversation.speaks);
}

/** Of writing down one turn of the speaker, at rates by time or by tokens. Nothing of it is charged before it is there. */
export function transcriptMeasure(rates: Rates | null): TurnMeasure {
  const all = transcribed({ audioMilliseconds: realtimeBounds.transcribedSeconds * 1_000 }, rates);
  const nothing = usageOf({});
  return { input: nothing, typicalInput: nothing, most: all, step: all };
}

/** A usage in seconds, at rates that know only tokens: nothing is free for being counted otherwise. */
export function transcribed(usage: Partial<Usage>, rates: Rates | null): Usage {
  const { audioMilliseconds = 0 } = usage;
  if (audioMilliseconds === 0 || rates === null || rates.perAudioHour > 0) return usageOf(usage);
  const heard = Math.ceil((audioMilliseconds / 1_000) * realtimeBounds.heardTokensPerSecond);
  const written = Math.ceil((audioMilliseconds / 1_000) * outputBounds.transcriptTokensPerSecond);
  return usageOf({ inputTokens: heard, inputAudioTokens: heard, outputTokens: written });
}

function inputOf({ history, unreported }: Conversation): Usage {
  const text = Math.ceil(unreported.textBytes / inputBounds.bytesPerToken.openai);
  const audio = Math.ceil(unreported.audioSeconds * realtimeBounds.heardTokensPerSecond);
  const images = unreported.images * inputBounds.tokensPerImage.openai;
  const base = history.tokens === 0 ? realtimeBounds.tokensOfDefaultPrompt : history.tokens;
  return usageOf({
    inputTokens: base + text + audio + images,
    inputAudioTokens: history.audioTokens + audio,
    inputImageTokens: images,
  });
}
