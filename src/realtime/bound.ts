// What a response, or a transcript, can cost at most, and what it has cost so far: the reservations of a session
// (SPEC section 6). Pure.
import { type Usage, usageOf } from '../formats/usage.ts';
import { inputBounds, outputBounds } from '../metering/bound.ts';
import { charactersPerToken } from '../metering/estimate.ts';
import { costNanoUsd, type Rates } from '../metering/price.ts';
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
  tokensWithoutBound: outputBounds.tokensWithoutBound,
} as const;

export interface TurnBound {
  /** To be held before it begins. */
  reserveNanoUsd: number;
  /** All that it can cost by its own bounds. */
  fullNanoUsd: number;
  /** What one extension costs. */
  stepNanoUsd: number;
  inputNanoUsd: number;
  /** What an estimate starts from when the upstream says nothing. */
  input: Usage;
  tokens: number;
}

/** Of one response. `mostOutputTokens`: of the response itself, where it says so. */
export function responseBound(
  conversation: Conversation,
  mostOutputTokens: number | null,
  rates: Rates,
  multiplier: number,
): TurnBound {
  const input = inputOf(conversation);
  const most = mostOutputTokens ?? conversation.mostOutputTokens ?? Number(realtimeBounds.tokensWithoutBound);
  const step = Math.min(most, outputBounds.tokensPerStep);
  const cost = (usage: Usage) => costNanoUsd(usage, rates, multiplier);
  const said = (tokens: number) => ({
    outputTokens: tokens,
    outputAudioTokens: conversation.speaks ? tokens : 0,
  });
  return {
    reserveNanoUsd: cost(usageOf({ ...input, ...said(step) })),
    fullNanoUsd: cost(usageOf({ ...input, ...said(most) })),
    stepNanoUsd: cost(usageOf(said(step))),
    inputNanoUsd: cost(input),
    input,
    tokens: input.inputTokens + step,
  };
}

/** Of writing down one turn of the speaker. */
export function transcriptBound(rates: Rates, multiplier: number): TurnBound {
  const seconds = realtimeBounds.transcribedSeconds;
  const cost = costNanoUsd(transcribed({ audioMilliseconds: seconds * 1_000 }, rates), rates, multiplier);
  const input = usageOf({});
  const all = { reserveNanoUsd: cost, fullNanoUsd: cost, stepNanoUsd: cost };
  return { ...all, inputNanoUsd: 0, input, tokens: seconds * realtimeBounds.heardTokensPerSecond };
}

/** A usage in seconds, at rates that know only tokens: nothing is free for being counted otherwise. */
export function transcribed(usage: Partial<Usage>, rates: Rates | null): Usage {
  const { audioMilliseconds = 0 } = usage;
  if (audioMilliseconds === 0 || rates === null || rates.perAudioHour > 0) return usageOf(usage);
  const heard = Math.ceil((audioMilliseconds / 1_000) * realtimeBounds.heardTokensPerSecond);
  const written = Math.ceil((audioMilliseconds / 1_000) * outputBounds.transcriptTokensPerSecond);
  return usageOf({ inputTokens: heard, inputAudioTokens: heard, outputTokens: written });
}

/** What a response has said so far. */
export interface Said {
  characters: number;
  /** Base64. */
  audioCharacters: number;
}

/** Its usage at this moment, as far as what passed tells it. */
export function usageSoFar(
  input: Usage,
  { characters, audioCharacters }: Said,
  bytesPerSecond: number,
): Usage {
  const seconds = (audioCharacters * 3) / 4 / bytesPerSecond;
  const audio = Math.ceil(seconds * realtimeBounds.saidTokensPerSecond);
  const text = Math.ceil(characters / charactersPerToken);
  return usageOf({ ...input, outputTokens: audio + text, outputAudioTokens: audio });
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
