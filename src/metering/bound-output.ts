// The most output tokens that a request can have, by its own fields. Every constant is in `outputBounds`
// (bound-figures.ts).
import { isObject } from '../formats/json-reader.ts';
import type { OutputFields, WireFormat } from '../formats/wire-format.ts';
import { outputBounds } from './bound-figures.ts';
import { otherServerTool, searchTool, toolName } from './bound-parts.ts';

type Request = Readonly<Record<string, unknown>>;

/** Returns the most output tokens, thinking included (all four formats count it inside their bounds). */
export function outputBound(format: WireFormat, request: Request, bodyBytes: number): number {
  return Math.min(
    unboundedOutput(format, request, bodyBytes),
    outputBounds.mostTokens * outputBounds.mostAnswers,
  );
}

function unboundedOutput(format: WireFormat, request: Request, bodyBytes: number): number {
  if (format.outputFields !== undefined) return boundOfFields(format.outputFields(request), request);
  switch (format.task) {
    case 'images':
      return imagesBound(request);
    case 'speech':
      return Math.max(100, speechBound(request));
    case 'transcription':
      return (
        Math.ceil(heardBytes(request, bodyBytes) / outputBounds.transcribedBytesPerSecond) *
        outputBounds.transcriptTokensPerSecond
      );
    default:
      return 0;
  }
}

/** The bound of one answer, times the answers. Each round of the provider's own tools may write as much: one and a half was seen. */
function boundOfFields(fields: OutputFields, request: Request): number {
  const { maxTokens, reasoningTokens = [], extraTokens, answers = [] } = fields;
  const reasoning = Math.max(0, ...reasoningTokens.map(tokensOf));
  const each = given(reasoning, ...maxTokens) + Math.ceil(tokensOf(extraTokens));
  const rounds = fields.repeatsForServerTools && usesServerTools(request) ? 2 : 1;
  return each * Math.max(1, ...answers.map(countOf)) * (fields.prompts ?? 1) * rounds;
}

function usesServerTools(request: Request): boolean {
  const tools = Array.isArray(request.tools) ? request.tools.filter(isObject) : [];
  return tools.some((tool) => searchTool.test(toolName(tool)) || otherServerTool.test(toolName(tool)));
}

/** Whether the request bounds its output itself, so that no model writes more. */
export function hasOwnBound({ api }: WireFormat, request: Request): boolean {
  const config = api === 'gemini' ? generationConfigOf(request) : request;
  const names = ['max_completion_tokens', 'max_output_tokens', 'max_tokens', 'maxOutputTokens'];
  return names.some((name) => typeof config[name] === 'number');
}

function imagesBound(request: Request): number {
  const partial = Math.min(tokensOf(request.partial_images), outputBounds.mostAnswers);
  const each = outputBounds.tokensPerImage + partial * outputBounds.tokensPerPartialImage;
  return each * countOf(request.n);
}

/** Returns the most bytes of audio: of the body, or of what its `url` names. */
export function heardBytes({ url }: Request, bodyBytes: number): number {
  return typeof url === 'string' && url !== ''
    ? Math.max(bodyBytes, outputBounds.bytesOfRemoteAudio)
    : bodyBytes;
}

/** `speed` is from 0.25 to 4 (https://developers.openai.com/api/reference/resources/audio, 2026-11). */
function speechBound({ input, speed }: Request): number {
  const slowness = typeof speed === 'number' && speed < 1 ? 1 / Math.max(speed, 0.25) : 1;
  return Math.ceil(lengthOf(input) * outputBounds.speechTokensPerCharacter * slowness);
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

/** Gemini's settings, which it takes in both spellings. */
export function generationConfigOf(request: Request): Request {
  const camel = isObject(request.generationConfig) ? request.generationConfig : {};
  const snake = isObject(request.generation_config) ? request.generation_config : {};
  return { ...snake, ...camel };
}

function tokensOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, outputBounds.mostTokens) : 0;
}

/**
 * Returns the caller's largest usable bound, because it is not known which of two names an upstream reads.
 * Without one, returns the default plus a thinking budget. The upstream refuses an absurd bound.
 */
function given(thinkingTokens: number, ...bounds: unknown[]): number {
  const usable = bounds.filter((value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);
  const tokens =
    usable.length > 0
      ? Math.ceil(Math.max(...(usable as number[])))
      : outputBounds.tokensWithoutBound + Math.ceil(thinkingTokens);
  return Math.min(tokens, outputBounds.mostTokens);
}

/** Returns how many answers are requested: `n`, at least one. Forms give it as text. */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' ? Number(value) : value;
  return typeof count === 'number' && count >= 1 ? Math.ceil(Math.min(count, outputBounds.mostAnswers)) : 1;
}
