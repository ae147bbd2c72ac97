// The most that a request can cost: what is reserved before anything is sent upstream. A conservative estimate; a
// token can overspend only by what a request's true cost exceeds it.
import { isObject } from '../formats/json-reader.ts';
import { openaiImages } from '../formats/openai-images/index.ts';
import { type Usage, usageOf } from '../formats/usage.ts';
import type { WireFormat } from '../formats/wire-format.ts';
import { outputBounds } from './bound-figures.ts';
import { type InputSurvey, surveyInput } from './bound-input.ts';
import { countOf, generationConfigOf, heardBytes, outputBound } from './bound-output.ts';
import { costNanoUsd, type Rates, type TokenRates } from './price.ts';

export { inputBounds, outputBounds } from './bound-figures.ts';

export interface BoundOptions {
  streamed: boolean;
  /** The group's price multiplier. */
  multiplier?: number;
  /** The upstream's own name of the model, if it is not the body's. */
  model?: string;
  /** Recorded tokens of the conversation up to the response that the request continues. Null: unknown. */
  historyTokens?: number | null;
  /** The upstream hosts other makers' models, and may prepend a system prompt of its own. */
  hosted?: boolean;
  /** The model works for the one that answers: it reads the same input, and may make an image. */
  assists?: boolean;
}

export interface Bound {
  /** To be held before sending. */
  reserveNanoUsd: number;
  /** The input's part of it: what is charged when the request's Worker dies. */
  inputNanoUsd: number;
  inputTokens: number;
  /** The probable input, which an estimate starts from when the upstream reports nothing. */
  typicalInput: Usage;
  /** Everything that the request can cost by its own bounds. A stream reserves it in steps. */
  fullNanoUsd: number;
  /** The cost of one extension of a stream. */
  stepNanoUsd: number;
  /** The most output of the whole request (a stream reserves it in steps). */
  outputTokens: number;
}

/**
 * Returns the bound of one request. `body` is its parsed JSON (or a form's text fields), `bodyBytes` its length
 * as received. Never throws: a body of another shape is bounded by its length and the default output.
 */
export function upperBound(
  format: WireFormat,
  body: unknown,
  bodyBytes: number,
  rates: Rates,
  { streamed, multiplier = 1, model, historyTokens = null, hosted = false, assists = false }: BoundOptions,
): Bound {
  const request = isObject(body) ? body : {};
  const survey = surveyInput(format, body, bodyBytes, {
    model: model ?? (typeof request.model === 'string' ? request.model : ''),
    historyTokens,
    hosted,
  });
  const input = inputUsage(format, request, survey, bodyBytes);
  const outputTokens = assists ? outputBounds.tokensOfAssistant : outputBound(format, request, bodyBytes);
  const stepTokens = Math.min(outputTokens, outputBounds.tokensPerStep);
  const highest = highestRates(assists ? openaiImages : format, request, rates, survey, input.inputTokens);
  const reserved = { ...input, outputTokens: streamed ? stepTokens : outputTokens };
  return {
    reserveNanoUsd: costNanoUsd(reserved, highest, multiplier),
    fullNanoUsd: costNanoUsd({ ...input, outputTokens }, highest, multiplier),
    inputNanoUsd: costNanoUsd(input, highest, multiplier),
    inputTokens: input.inputTokens,
    typicalInput: typicalOf(format, input, survey),
    stepNanoUsd: costNanoUsd(
      usageOf({ outputTokens: stepTokens }),
      { ...highest, perRequest: 0 },
      multiplier,
    ),
    outputTokens,
  };
}

/**
 * Returns the bound of a request plus the cost of a model that works for it. All of it is held from the
 * beginning.
 */
export function addAssistance(bound: Bound, { fullNanoUsd }: Bound): Bound {
  return {
    ...bound,
    reserveNanoUsd: bound.reserveNanoUsd + fullNanoUsd,
    fullNanoUsd: bound.fullNanoUsd + fullNanoUsd,
  };
}

type Request = Readonly<Record<string, unknown>>;

/** Seconds and characters are known. Tokens are fewer than the bound, and searches may not have happened. */
function typicalOf(format: WireFormat, input: Usage, { typicalTokens }: InputSurvey): Usage {
  if (format.task === 'transcription') return input;
  return usageOf({ ...input, inputTokens: Math.min(input.inputTokens, typicalTokens), webSearches: 0 });
}

function inputUsage(format: WireFormat, request: Request, survey: InputSurvey, bodyBytes: number): Usage {
  const seconds = Math.ceil(heardBytes(request, bodyBytes) / outputBounds.transcribedBytesPerSecond);
  const { task } = format;
  const transcribed = task === 'transcription' ? seconds * outputBounds.transcribedTokensPerSecond : 0;
  const input = typeof request.input === 'string' ? request.input : '';
  return usageOf({
    inputTokens:
      task === 'transcription' ? transcribed : Math.ceil(survey.inputTokens * queriesOf(format, request)),
    inputImageTokens: survey.imageTokens,
    inputAudioTokens: survey.audioTokens + transcribed,
    inputVideoTokens: survey.videoTokens,
    webSearches: survey.searchTools * searchesOf(request),
    searchUnits: searchUnitsOf(format, request, survey),
    audioMilliseconds: task === 'transcription' ? seconds * 1_000 : 0,
    characters: task === 'speech' ? input.length : 0,
    images: task === 'images' ? countOf(request.n) : 0,
  });
}

/** Returns how much longer a reranker's input is than its body: Voyage and Jina count the query once per document. */
function queriesOf({ countsQueryPerDocument }: WireFormat, request: Request): number {
  if (!countsQueryPerDocument) return 1;
  const query = typeof request.query === 'string' ? request.query.length : 0;
  const documents = Array.isArray(request.documents) ? request.documents : [];
  const text = documents.reduce(
    (sum: number, entry) => sum + (typeof entry === 'string' ? entry.length : 200),
    1,
  );
  return 1 + (query * documents.length) / (query + text);
}

function searchUnitsOf({ task }: WireFormat, request: Request, survey: InputSurvey): number {
  if (task !== 'rerank') return 0;
  const documents = Array.isArray(request.documents) ? request.documents.length : 0;
  const chunks = documents + Math.floor(survey.inputTokens / outputBounds.tokensPerDocument);
  return Math.max(1, Math.ceil(chunks / outputBounds.documentsPerSearchUnit));
}

function searchesOf(request: Request): number {
  const tools = Array.isArray(request.tools) ? request.tools.filter(isObject) : [];
  const uses = tools.map((tool) => tool.max_uses).filter((most) => typeof most === 'number');
  return Math.min(Math.max(outputBounds.webSearches, ...uses), outputBounds.mostSearches);
}

/**
 * Returns the rates of the most expensive tier in reach, with every kind of token at the highest rate that it
 * can have.
 */
function highestRates(
  format: WireFormat,
  request: Request,
  rates: Rates,
  survey: InputSurvey,
  inputTokens: number,
): Rates {
  const reached = rates.tiers.filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  const base = highestOf(format, request, rates.base, survey);
  for (const tier of reached) {
    const at = highestOf(format, request, tier.rates, survey);
    const [input, output] = [Math.max(base.input, at.input), Math.max(base.output, at.output)];
    Object.assign(base, at, { input, output });
  }
  return { ...rates, base, tiers: [] };
}

function highestOf(
  format: WireFormat,
  request: Request,
  { cacheRead, cachedAudio, cachedImage, ...at }: TokenRates,
  survey: InputSurvey,
): TokenRates {
  const media = Math.max(at.inputAudio ?? 0, at.inputImage ?? 0, at.inputVideo ?? 0);
  return {
    ...at,
    input: Math.max(
      at.input,
      cacheRead ?? 0,
      writeRate(format, at, survey),
      survey.remoteTokens > 0 ? media : 0,
    ),
    output: Math.max(at.output, at.reasoning ?? 0, at.citation ?? 0, mediaRate(format, request, at)),
  };
}

/**
 * Anthropic writes to its cache where the caller sets a marker. Other providers do so unasked, if they charge
 * for it.
 */
function writeRate({ api }: WireFormat, rates: TokenRates, survey: InputSurvey): number {
  if (api === 'anthropic' && survey.cacheMarkers === 'none') return 0;
  const hour = survey.cacheMarkers === '1h' ? rates.cacheWrite1h : undefined;
  return Math.max(rates.cacheWrite ?? 0, hour ?? 0);
}

function mediaRate({ task }: WireFormat, request: Request, rates: TokenRates): number {
  const config = generationConfigOf(request);
  const modalities = config.responseModalities ?? config.response_modalities ?? request.modalities ?? [];
  const asked = JSON.stringify(modalities).toLowerCase();
  const image = task === 'images' || asked.includes('image') ? (rates.outputImage ?? 0) : 0;
  const audio = task === 'speech' || asked.includes('audio') ? (rates.outputAudio ?? 0) : 0;
  return Math.max(image, audio);
}
