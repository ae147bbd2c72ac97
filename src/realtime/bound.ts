// What a turn can cost at most, and what that comes to at a price: the reservations of a session (SPEC section 6). Pure.
import { addUsage, type Usage, usageOf } from '../formats/usage.ts';
import { outputBounds } from '../metering/bound.ts';
import { charactersPerToken } from '../metering/estimate.ts';
import { costNanoUsd, type Rates } from '../metering/price.ts';

/** How much a turn is, at most. */
export interface TurnMeasure {
  input: Usage;
  /** What an estimate starts from when the upstream says nothing. */
  typicalInput: Usage;
  /** Tokens of input that no earlier turn of the session had: what `tpm` counts at admission. */
  freshTokens: number;
  /** All that it may say, and what of it is reserved at a time. */
  most: Usage;
  step: Usage;
}

/** … at a price. */
export interface TurnBound {
  /** To be held before it begins. */
  reserveNanoUsd: number;
  /** All that it can cost by its own bounds. */
  fullNanoUsd: number;
  /** What one extension costs. */
  stepNanoUsd: number;
  inputNanoUsd: number;
}

/** Of a turn that may say so many tokens; null: nobody bounds it. */
export function measureOf(input: Usage, mostOutputTokens: number | null, speaks: boolean): TurnMeasure {
  const most = mostOutputTokens ?? outputBounds.tokensWithoutBound;
  const said = (tokens: number) => usageOf({ outputTokens: tokens, outputAudioTokens: speaks ? tokens : 0 });
  return {
    input,
    typicalInput: input,
    freshTokens: input.inputTokens,
    most: said(most),
    step: said(Math.min(most, outputBounds.tokensPerStep)),
  };
}

/** null: the model has no price, or nobody knows how much it is. */
export function boundAt(
  measure: TurnMeasure | null,
  { rates, multiplier }: { rates: Rates | null; multiplier: number },
): TurnBound | null {
  if (measure === null || rates === null) return null;
  const { input, most, step } = measure;
  const cost = (usage: Usage) => costNanoUsd(usage, rates, multiplier);
  return {
    reserveNanoUsd: cost(addUsage(input, step)),
    fullNanoUsd: cost(addUsage(input, most)),
    stepNanoUsd: cost(step),
    inputNanoUsd: cost(input),
  };
}

/** What a turn has said so far. */
export interface Said {
  characters: number;
  /** Base64. */
  audioCharacters: number;
}

/** How an API's audio is counted. */
export interface AudioRate {
  bytesPerSecond: number;
  tokensPerSecond: number;
}

/** Its usage at this moment, as far as what passed tells it. */
export function usageSoFar(input: Usage, said: Said, { bytesPerSecond, tokensPerSecond }: AudioRate): Usage {
  const audio = Math.ceil(secondsOf(said.audioCharacters, bytesPerSecond) * tokensPerSecond);
  const text = Math.ceil(said.characters / charactersPerToken);
  return usageOf({ ...input, outputTokens: audio + text, outputAudioTokens: audio });
}

/** How long so much base64 sounds. */
export function secondsOf(base64Characters: number, bytesPerSecond: number): number {
  return (base64Characters * 3) / 4 / bytesPerSecond;
}
