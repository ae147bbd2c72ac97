// How many output tokens a request can have at most, by its own fields. Every constant is in `outputBounds`.
import { isObject } from '../formats/json-reader.ts';
import type { WireKind } from '../formats/meter.ts';

/** The constants of the output bound; those of the input are `inputBounds`. */
export const outputBounds = {
  /** SPEC section 6: without a bound of the caller's. The model's own maximum is not in any table here. */
  tokensWithoutBound: 4_096,
  /** SPEC section 6: of a stream, reserved at a time. */
  tokensPerStep: 2_000,
  /** An image at most (gpt-image-1, high, 1024x1536: 6,240), and each partial image of a stream. */
  tokensPerImage: 6_300,
  tokensPerPartialImage: 100,
  /** Speech: some 21 tokens a second at no fewer than 7 characters a second. */
  speechTokensPerCharacter: 3,
  /** Transcripts: fast speech has 5 tokens a second; audio of at least 16 kbit/s. */
  transcriptTokensPerSecond: 6,
  transcribedBytesPerSecond: 2_000,
  transcribedTokensPerSecond: 12,
  /** Searches that a request with a search tool may run, where it does not say (`max_uses`). */
  webSearches: 5,
  /** Cohere: a search unit is a query with up to 100 documents, and long ones count as several. */
  documentsPerSearchUnit: 100,
  tokensPerDocument: 500,
} as const;

type Request = Readonly<Record<string, unknown>>;

/** Tokens of output at most, thinking included (all four formats count it inside their bounds). */
export function outputBound(kind: WireKind, request: Request, bodyBytes: number): number {
  const config = isObject(request.generationConfig) ? request.generationConfig : {};
  switch (kind) {
    case 'chat':
      return given(request.max_completion_tokens, request.max_tokens) * countOf(request.n);
    case 'completions':
      return given(request.max_tokens) * Math.max(countOf(request.n), countOf(request.best_of));
    case 'responses':
      return given(request.max_output_tokens);
    case 'messages':
      return given(request.max_tokens);
    case 'generate':
      return given(config.maxOutputTokens, config.max_output_tokens) * countOf(config.candidateCount);
    case 'images':
      return imagesBound(request);
    case 'speech':
      return Math.max(100, lengthOf(request.input) * outputBounds.speechTokensPerCharacter);
    case 'transcription':
      return (
        Math.ceil(bodyBytes / outputBounds.transcribedBytesPerSecond) * outputBounds.transcriptTokensPerSecond
      );
    default:
      return 0;
  }
}

function imagesBound(request: Request): number {
  const partial = typeof request.partial_images === 'number' ? request.partial_images : 0;
  const each = outputBounds.tokensPerImage + partial * outputBounds.tokensPerPartialImage;
  return each * countOf(request.n);
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

/** The first usable bound of the caller's; a senseless one is the upstream's to refuse. */
function given(...bounds: unknown[]): number {
  const bound = bounds.find((value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);
  return typeof bound === 'number' ? Math.ceil(bound) : outputBounds.tokensWithoutBound;
}

/** How many answers are asked for: `n`, at least one. Forms give it as text. */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' ? Number(value) : value;
  return typeof count === 'number' && count >= 1 && Number.isFinite(count) ? Math.ceil(count) : 1;
}
