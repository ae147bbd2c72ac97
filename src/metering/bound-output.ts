// How many output tokens a request can have at most, by its own fields. Every constant is in `outputBounds` (bound-figures.ts).
import { isObject } from '../formats/json-reader.ts';
import type { WireKind } from '../formats/wire-kind.ts';
import { outputBounds } from './bound-figures.ts';
import { otherServerTool, searchTool, toolName } from './bound-parts.ts';

type Request = Readonly<Record<string, unknown>>;

/** Tokens of output at most, thinking included (all four formats count it inside their bounds). */
export function outputBound(kind: WireKind, request: Request, bodyBytes: number): number {
  return Math.min(
    unboundedOutput(kind, request, bodyBytes),
    outputBounds.mostTokens * outputBounds.mostAnswers,
  );
}

function unboundedOutput(kind: WireKind, request: Request, bodyBytes: number): number {
  switch (kind) {
    case 'chat':
      return chatBound(request);
    case 'completions':
      return (
        given(0, request.max_tokens) *
        Math.max(countOf(request.n), countOf(request.best_of)) *
        promptsOf(request.prompt)
      );
    case 'responses':
      return given(0, request.max_output_tokens);
    case 'messages':
      return messagesBound(request);
    case 'generate':
      return generateBound(request);
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

/** Whether the request bounds its output itself, so that no model writes more. */
export function hasOwnBound(kind: WireKind, request: Request): boolean {
  const config = kind === 'generate' ? generationConfigOf(request) : request;
  const names = ['max_completion_tokens', 'max_output_tokens', 'max_tokens', 'maxOutputTokens'];
  return names.some((name) => typeof config[name] === 'number');
}

function imagesBound(request: Request): number {
  const partial = Math.min(numberAt(request, 'partial_images'), outputBounds.mostAnswers);
  const each = outputBounds.tokensPerImage + partial * outputBounds.tokensPerPartialImage;
  return each * countOf(request.n);
}

/** Bytes of sound at most: of the body, or of what its `url` names. */
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

/** A budget for thinking counts inside the bound; DashScope's `thinking_budget` comes on top of it. */
function chatBound(request: Request): number {
  const openRouter = numberAt(request.reasoning, 'max_tokens');
  const dashScope = numberAt(request, 'thinking_budget');
  const each = given(openRouter, request.max_completion_tokens, request.max_tokens) + Math.ceil(dashScope);
  return each * countOf(request.n);
}

/** Each turn of a loop over the provider's own tools may have `max_tokens`: one and a half of it was seen. */
function messagesBound(request: Request): number {
  const tools = Array.isArray(request.tools) ? request.tools.filter(isObject) : [];
  const loops = tools.some((tool) => searchTool.test(toolName(tool)) || otherServerTool.test(toolName(tool)));
  return given(numberAt(request.thinking, 'budget_tokens'), request.max_tokens) * (loops ? 2 : 1);
}

function generateBound(request: Request): number {
  const config = generationConfigOf(request);
  const thinking = config.thinkingConfig ?? config.thinking_config;
  const budget = Math.max(numberAt(thinking, 'thinkingBudget'), numberAt(thinking, 'thinking_budget'));
  const candidates = Math.max(countOf(config.candidateCount), countOf(config.candidate_count));
  return given(budget, config.maxOutputTokens, config.max_output_tokens) * candidates;
}

/** Gemini's settings, which it takes in both spellings. */
export function generationConfigOf(request: Request): Request {
  const camel = isObject(request.generationConfig) ? request.generationConfig : {};
  const snake = isObject(request.generation_config) ? request.generation_config : {};
  return { ...snake, ...camel };
}

function numberAt(value: unknown, key: string): number {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'number' && found > 0 ? Math.min(found, outputBounds.mostTokens) : 0;
}

/** Legacy completions answer each prompt of a list. A list of numbers is one prompt, as tokens. */
function promptsOf(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1;
}

/**
 * The largest usable bound of the caller's: which of two names an upstream reads is not known. Without one, the
 * default, and a budget for thinking on top. A senseless bound is the upstream's to refuse.
 */
function given(thinkingTokens: number, ...bounds: unknown[]): number {
  const usable = bounds.filter((value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);
  const tokens =
    usable.length > 0
      ? Math.ceil(Math.max(...(usable as number[])))
      : outputBounds.tokensWithoutBound + Math.ceil(thinkingTokens);
  return Math.min(tokens, outputBounds.mostTokens);
}

/** How many answers are asked for: `n`, at least one. Forms give it as text. */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' ? Number(value) : value;
  return typeof count === 'number' && count >= 1 ? Math.ceil(Math.min(count, outputBounds.mostAnswers)) : 1;
}
