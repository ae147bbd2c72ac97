// What a turn can use at most, and what that costs: the reservations of a session. Pure.
import { addUsage, type Usage, usageOf } from '../formats/usage.ts';
import { outputBounds } from '../metering/bound.ts';
import { charactersPerToken } from '../metering/estimate.ts';
import { costNanoUsd, type Rates } from '../metering/price.ts';

/** The greatest usage of a turn. */
export interface TurnMeasure {
  input: Usage;
  /** What an estimate starts from when the upstream gives no figure. */
  typicalInput: Usage;
  /** Tokens of input that no earlier turn of the session had: what `tpm` counts at admission. */
  freshTokens: number;
  /** The whole output, and the part of it that is reserved at a time. */
  most: Usage;
  step: Usage;
}

/** The same at a price. */
export interface TurnBound {
  /** To be held before it begins. */
  reserveNanoUsd: number;
  /** All that it can cost by its own bounds. */
  fullNanoUsd: number;
  /** The cost of one extension. */
  stepNanoUsd: number;
  inputNanoUsd: number;
}

/** Returns the measure of a turn with so many tokens of output, or null for no bound. */
export function measureOf(input: Usage, mostOutputTokens: number | null, speaks: boolean): TurnMeasure {
  const most = mostOutputTokens ?? outputBounds.tokensWithoutBound;
  const outputOf = (tokens: number) =>
    usageOf({ outputTokens: tokens, outputAudioTokens: speaks ? tokens : 0 });
  return {
    input,
    typicalInput: input,
    freshTokens: input.inputTokens,
    most: outputOf(most),
    step: outputOf(Math.min(most, outputBounds.tokensPerStep)),
  };
}

/** Returns null if the model has no price or the turn has no measure. */
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

/** The output of a turn so far. */
interface TurnOutput {
  characters: number;
  /** Base64. */
  audioCharacters: number;
}

/** How an API's audio is counted. */
export interface AudioRate {
  bytesPerSecond: number;
  tokensPerSecond: number;
}

/** Returns the usage at this moment, by what passed. */
export function usageSoFar(
  input: Usage,
  output: TurnOutput,
  { bytesPerSecond, tokensPerSecond }: AudioRate,
): Usage {
  const audio = Math.ceil(secondsOf(output.audioCharacters, bytesPerSecond) * tokensPerSecond);
  const text = Math.ceil(output.characters / charactersPerToken);
  return usageOf({ ...input, outputTokens: audio + text, outputAudioTokens: audio });
}

/** Returns the length of so much base64 audio. */
export function secondsOf(base64Characters: number, bytesPerSecond: number): number {
  return (base64Characters * 3) / 4 / bytesPerSecond;
}
