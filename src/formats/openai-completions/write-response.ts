// A neutral answer to a legacy completion: its text, and nothing else of it.
// https://platform.openai.com/docs/api-reference/completions/object
import type { JsonObject } from '../../lib/json.ts';
import { errorOfEnd, isFailedEnd } from '../answer-end.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type {
  NeutralCandidate,
  NeutralPart,
  NeutralRequest,
  NeutralResponse,
  Stop,
  TokenLogprob,
} from '../neutral.ts';
import { writeOpenaiError } from '../openai-error.ts';
import type { AnswerContext, WrittenResponse } from '../wire-format.ts';
import { writeCompletionUsage } from './usage.ts';

/** The answer on the wire. A refused prompt is an empty text that a filter stopped. */
export function writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse {
  const { error, candidates, usage, promptBlock } = response;
  if (error !== null && candidates.length === 0)
    return { body: { error: writeOpenaiError(error) }, dropped: [] };
  const dropped = new DroppedPaths();
  const blocked: NeutralCandidate = { parts: [], stop: { reason: 'content-filter' } };
  const answered = promptBlock === null ? candidates : [blocked];
  const body = {
    id: `cmpl-${context.answerId}`,
    object: 'text_completion',
    created: response.createdAtSeconds ?? context.nowSeconds,
    model: context.model,
    choices: answered.map((candidate, index) => writeChoice(candidate, index, context.request, dropped)),
    ...(usage && { usage: writeCompletionUsage(usage) }),
  };
  return { body, dropped: dropped.list };
}

function writeChoice(
  { parts, stop }: NeutralCandidate,
  index: number,
  request: NeutralRequest,
  dropped: DroppedPaths,
): JsonObject {
  parts.forEach((part, at) => {
    if (textOf(part) === null) dropped.add(part.at || `candidates[${index}].parts[${at}]`);
  });
  const echo = echoOf(request);
  const logprobs = parts.flatMap((part) => (part.type === 'text' ? (part.logprobs ?? []) : []));
  return {
    index,
    text: echo + parts.map((part) => textOf(part) ?? '').join(''),
    logprobs: writeLogprobs(logprobs, echo.length),
    finish_reason: writeStop(stop),
    ...(isFailedEnd(stop) && { error: writeOpenaiError(errorOfEnd(stop)) }),
  };
}

/** Refusals are text here. Reasoning is dropped: no model that is reached this way has it. */
function textOf(part: NeutralPart): string | null {
  if (part.type === 'text' || part.type === 'refusal') return part.text;
  return part.type === 'reasoning' ? '' : null;
}

/** Returns the text before the answer: the prompt, if the caller requests it back. */
export function echoOf({ echo, messages }: NeutralRequest): string {
  const [prompt] = messages[0]?.parts ?? [];
  return echo && prompt?.type === 'text' ? prompt.text : '';
}

/** There are three; `error` is OpenRouter's, as in chat completions. */
export function writeStop(stop: Stop): string {
  const { reason } = stop;
  if (isFailedEnd(stop)) return 'error';
  if (reason === 'length' || reason === 'context-length') return 'length';
  return reason === 'content-filter' || reason === 'refusal' ? 'content_filter' : 'stop';
}

/** `offset`: where the first token begins. Null if there are no tokens. */
export function writeLogprobs(logprobs: readonly TokenLogprob[], offset: number): JsonObject | null {
  if (logprobs.length === 0) return null;
  let at = offset;
  const offsets = logprobs.map(({ token }) => {
    const start = at;
    at += token.length;
    return start;
  });
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: offsets,
  };
}
