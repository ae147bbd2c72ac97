// The usage of a request whose upstream did not report it, or not yet: known figures where there are any, the rest
// from what passed. Never less than the text that passed; assumed usage is bounded by the reservation
// (boundedEstimate).
import type { Meter } from '../formats/meter.ts';
import type { OtherModelUsage } from '../formats/observation.ts';
import { emptyUsage, type Usage, usageFields, usageOf } from '../formats/usage.ts';
import type { WireFormat } from '../formats/wire-format.ts';
import type { Bound } from './bound.ts';
import { countOf } from './bound-output.ts';
import { mediaFigures, tokensOfGeminiImage, tokensOfImage, tokensOfSpeech } from './media-tokens.ts';
import type { Rates } from './rates.ts';
import { unseenOutputOf } from './unseen-output.ts';

/**
 * Characters of output per token: the median of 147 recorded answers is 3.1. Only for estimates; bounds are more
 * conservative.
 */
export const charactersPerToken = 3;

/**
 * When a usage figure is implausible. Recordings hold figures that were blanked or are odd: no output beside 76
 * characters, 105 characters per token. No provider bills by figures beyond these.
 */
export const implausible = {
  /** Characters of text beside which a usage reports no output. */
  charactersWithoutTokens: 100,
  /** For an answer of 1,000 characters or more. */
  charactersPerToken: 150,
} as const;

/** What an estimate uses besides the answer. */
export interface EstimateContext {
  /** The upstream's own name. */
  model: string;
  /** The request's fields. */
  request: Readonly<Record<string, unknown>>;
  rates: Rates | null;
  /** Milliseconds since the request was sent. */
  elapsedMs: number;
  /** Length of the uploaded audio, if it is known. */
  heardSeconds: number | null;
  /** The caller's own limit of the output. Null: none. */
  mostOutputTokens: number | null;
  /** The answer is complete. Otherwise more of it may still be made and billed. */
  isWhole: boolean;
}

/** `passed`: certain, from what passed. `supposed`: including what a provider bills besides, unseen. */
export interface Estimate {
  passed: Usage;
  supposed: Usage;
  /** Usage of models that worked on the answer's behalf. */
  others: readonly OtherModelUsage[];
}

/**
 * Estimates the usage at this moment. Input: the upstream's figure, else by the request's length. Output: the
 * upstream's figure if it is final or higher, else by what passed. Assumed in addition: reasoning by its
 * duration, and images and audio that are still being made.
 */
export function estimate(
  bound: Pick<Bound, 'typicalInput'> | null,
  meter: Meter,
  context: EstimateContext | null,
): Estimate {
  const known = meter.partialUsage() ?? emptyUsage();
  const asked = bound?.typicalInput ?? emptyUsage();
  const input = known.inputTokens > 0 ? known : uploadedAudio(asked, meter.format, context);
  const textTokens = Math.ceil((meter.outputCharacters + meter.unreadBytes) / charactersPerToken);
  const sound = context === null ? 0 : soundTokens(meter, context);
  const passed = usageOf({
    ...asked,
    ...input,
    outputTokens: Math.max(known.outputTokens, textTokens + sound),
    reasoningTokens: known.reasoningTokens,
    outputAudioTokens: Math.max(known.outputAudioTokens, sound),
    outputImageTokens: known.outputImageTokens,
  });
  if (context === null) return { passed, supposed: passed, others: meter.otherModelUsage };
  return {
    passed,
    supposed: withImages(withSpeech(withReasoning(passed, meter, context), meter, context), meter, context),
    others: meter.otherModelUsage.length > 0 ? meter.otherModelUsage : toolImages(meter),
  };
}

/**
 * Returns whether an upstream's figure cannot be what the provider bills: hardly any output beside the text that
 * arrived.
 */
export function isImplausible(usage: Usage, meter: Meter, rates: Rates | null): boolean {
  const { outputCharacters: characters } = meter;
  const { task } = meter.format;
  if (task === 'images')
    return usage.inputTokens + usage.outputTokens === 0 && rates?.perImage === 0 && pricesOutput(rates);
  if (task === 'transcription' || characters <= implausible.charactersWithoutTokens) return false;
  if (usage.outputTokens === 0) return true;
  return characters >= 1_000 && usage.outputTokens * implausible.charactersPerToken < characters;
}

/**
 * Returns what is charged for an estimate: the assumed part counts only as far as the reservation goes. `costOf`
 * must be monotonic.
 */
export function boundedEstimate(
  { passed, supposed }: Estimate,
  reservedNanoUsd: number,
  costOf: (usage: Usage) => number,
): Usage {
  const most = Math.max(reservedNanoUsd, costOf(passed));
  const whole = costOf(supposed);
  if (whole <= most) return supposed;
  let [low, high] = [0, 1];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (costOf(between(passed, supposed, middle)) <= most) low = middle;
    else high = middle;
  }
  return between(passed, supposed, low);
}

function between(passed: Usage, supposed: Usage, share: number): Usage {
  const counts = usageFields.map(
    (field) => [field, passed[field] + Math.floor((supposed[field] - passed[field]) * share)] as const,
  );
  return usageOf(Object.fromEntries(counts));
}

/** Returns uploaded audio, by its length if that is known. */
function uploadedAudio(asked: Usage, { task }: WireFormat, context: EstimateContext | null): Usage {
  const seconds = context?.heardSeconds ?? null;
  if (seconds === null || task !== 'transcription' || asked.audioMilliseconds === 0) return asked;
  const share = Math.min(1, (seconds * 1_000) / asked.audioMilliseconds);
  const scaled = (count: number) => Math.ceil(count * share);
  return usageOf({
    ...asked,
    inputTokens: scaled(asked.inputTokens),
    inputAudioTokens: scaled(asked.inputAudioTokens),
    audioMilliseconds: scaled(asked.audioMilliseconds),
  });
}

function pricesOutput({ base }: Rates): boolean {
  return base.output > 0 || (base.outputAudio ?? 0) > 0 || (base.outputImage ?? 0) > 0;
}

/** Returns the audio that passed. Speech that is priced by characters has none. */
function soundTokens(meter: Meter, { request, rates }: EstimateContext): number {
  const { task, api } = meter.format;
  if (meter.audio === null || rates === null || rates.perCharacter > 0 || !pricesOutput(rates)) return 0;
  const audio = request.audio as { format?: unknown } | undefined | null;
  const format = String((task === 'speech' ? request.response_format : audio?.format) ?? '');
  const isPcm = format.startsWith('pcm') || api === 'gemini';
  const seconds = meter.audio.seconds(isPcm ? 'pcm' : 'unknown');
  if (task === 'speech') return tokensOfSpeech(seconds);
  const { geminiAudioTokensPerSecond, chatAudioTokensPerSecond } = mediaFigures;
  return Math.ceil(seconds * (api === 'gemini' ? geminiAudioTokensPerSecond : chatAudioTokensPerSecond));
}

/** Speech that the client did not receive to its end is made to its end anyway. */
function withSpeech(usage: Usage, meter: Meter, { request, rates, isWhole }: EstimateContext): Usage {
  if (meter.format.task !== 'speech' || isWhole || rates === null || rates.perCharacter > 0) return usage;
  const characters = typeof request.input === 'string' ? request.input.length : 0;
  const whole = tokensOfSpeech(characters / mediaFigures.spokenCharactersPerSecond);
  const missing = Math.max(0, whole - usage.outputAudioTokens);
  return withOutput(usage, missing, { outputAudioTokens: usage.outputAudioTokens + missing });
}

/** Returns reasoning: what the model writes in that time, minus what was seen, at most what the caller allowed. */
function withReasoning(usage: Usage, { format }: Meter, context: EstimateContext): Usage {
  const unseen = unseenOutputOf(format, context.model, context.request);
  if (unseen.reasons !== 'yes') return usage;
  const byTime = Math.ceil((context.elapsedMs / 1_000) * unseen.tokensPerSecond);
  const most = Math.min(byTime, context.mostOutputTokens ?? Number.POSITIVE_INFINITY);
  const thoughts = Math.max(0, most - usage.outputTokens);
  return withOutput(usage, thoughts, { reasoningTokens: usage.reasoningTokens + thoughts });
}

/** Returns images that were made or are being made: all that were requested, once one has begun to appear. */
function withImages(usage: Usage, meter: Meter, { model, request, rates, isWhole }: EstimateContext): Usage {
  const { task } = meter.format;
  const { images, partials, traits } = meter.media;
  if (task === 'conversation') {
    const tokens = usage.outputImageTokens > 0 ? 0 : images * tokensOfGeminiImage(model);
    return withOutput(usage, tokens, { outputImageTokens: usage.outputImageTokens + tokens });
  }
  if (task !== 'images' || !(meter.started || meter.unreadBytes > 0)) return { ...usage, images };
  const count = isWhole && images > 0 ? images : Math.max(images, countOf(request.n));
  if (rates === null || !pricesOutput(rates)) return { ...usage, images: count };
  const asked = { size: textOf(request.size), quality: textOf(request.quality) };
  const tokens = count * tokensOfImage(traits, asked) + partials * mediaFigures.tokensPerPartialImage;
  const missing = Math.max(0, tokens - usage.outputTokens);
  return {
    ...withOutput(usage, missing, { outputImageTokens: usage.outputTokens + missing }),
    images: count,
  };
}

/** Returns images of the image tool, in an answer that was not received to its end. */
function toolImages({ media }: Meter): OtherModelUsage[] {
  return [...media.toolImages.values()].map(({ model, partials, ...traits }) => {
    const outputTokens =
      tokensOfImage(traits, { size: null, quality: null }) + partials * mediaFigures.tokensPerPartialImage;
    return {
      model: model ?? 'gpt-image-1',
      usage: usageOf({ outputTokens, outputImageTokens: outputTokens }),
    };
  });
}

function withOutput(usage: Usage, tokens: number, rest: Partial<Usage>): Usage {
  return usageOf({ ...usage, ...rest, outputTokens: usage.outputTokens + tokens });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
