// What a request consumed, where the upstream did not say or had not said yet: what is known of it, and the rest from what
// passed. Never less than the text that passed; what is only supposed is bounded by the reservation (boundedEstimate).
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
 * Characters of output a token: the median of 147 recorded answers is 3.1 (test/exhaustive/formats/meter-fixtures.test.ts).
 * Only for estimates; bounds are on the safe side of it.
 */
export const charactersPerToken = 3;

/**
 * When a usage says nothing. Recordings hold figures that were blanked, or are odd: no output beside 76 characters, 105
 * characters a token; all that goes beyond is no figure that a provider bills by.
 */
export const implausible = {
  /** Characters of text beside which a usage names no output. */
  charactersWithoutTokens: 100,
  /** Of an answer of 1,000 characters or more. */
  charactersPerToken: 150,
} as const;

/** What an estimate goes by besides the answer. */
export interface EstimateContext {
  /** The upstream's own name. */
  model: string;
  /** The request's fields. */
  request: Readonly<Record<string, unknown>>;
  rates: Rates | null;
  /** Since the request was sent. */
  elapsedMs: number;
  /** Length of the sound that was sent, where it is known. */
  heardSeconds: number | null;
  /** The caller's own bound of the output; null: none. */
  mostOutputTokens: number | null;
  /** The answer came to its end; else something of it may be made all the same. */
  isWhole: boolean;
}

/** `passed`: what is certain, by what passed. `supposed`: with what a provider bills besides, unseen. */
export interface Estimate {
  passed: Usage;
  supposed: Usage;
  /** Of models that worked on the answer's behalf. */
  others: readonly OtherModelUsage[];
}

/**
 * The usage of a request at this moment. Input: the upstream's own figure if it gave one, else what the request's
 * length says. Output: the upstream's figure if it is final or higher, else by what passed; supposed besides: reasoning by
 * the time that it took, pictures and sound that are still being made.
 */
export function estimate(
  bound: Pick<Bound, 'typicalInput'> | null,
  meter: Meter,
  context: EstimateContext | null,
): Estimate {
  const known = meter.partialUsage() ?? emptyUsage();
  const asked = bound?.typicalInput ?? emptyUsage();
  const input = known.inputTokens > 0 ? known : heard(asked, meter.format, context);
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

/** Whether an upstream's figure cannot be what the provider bills: hardly any output beside the text that came. */
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
 * What is charged of an estimate: the supposed part at most as far as the reservation goes. `costOf` is monotonic.
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

/** What was sent to be heard, by its length where that is known. */
function heard(asked: Usage, { task }: WireFormat, context: EstimateContext | null): Usage {
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

/** Of sound that passed. Speech that is priced by characters has none. */
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

/** Speech that was not heard to its end is made to its end all the same. */
function withSpeech(usage: Usage, meter: Meter, { request, rates, isWhole }: EstimateContext): Usage {
  if (meter.format.task !== 'speech' || isWhole || rates === null || rates.perCharacter > 0) return usage;
  const characters = typeof request.input === 'string' ? request.input.length : 0;
  const whole = tokensOfSpeech(characters / mediaFigures.spokenCharactersPerSecond);
  const missing = Math.max(0, whole - usage.outputAudioTokens);
  return withOutput(usage, missing, { outputAudioTokens: usage.outputAudioTokens + missing });
}

/** Thoughts: what the model writes in that time, less what was seen of it; at most what the caller allowed. */
function withReasoning(usage: Usage, { format }: Meter, context: EstimateContext): Usage {
  const unseen = unseenOutputOf(format, context.model, context.request);
  if (unseen.reasons !== 'yes') return usage;
  const byTime = Math.ceil((context.elapsedMs / 1_000) * unseen.tokensPerSecond);
  const most = Math.min(byTime, context.mostOutputTokens ?? Number.POSITIVE_INFINITY);
  const thoughts = Math.max(0, most - usage.outputTokens);
  return withOutput(usage, thoughts, { reasoningTokens: usage.reasoningTokens + thoughts });
}

/** Pictures that were made, or are being made: all that were asked for, once one has begun to appear. */
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

/** Pictures of the image tool, of an answer that was not heard to its end. */
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
