// A neutral answer to a legacy completion: its text, and nothing else of it.
// https://platform.openai.com/docs/api-reference/completions/object
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import { errorOfEnd, isFailedEnd } from '../failed-end.ts';
import type { NeutralCandidate, NeutralPart, NeutralRequest, NeutralResponse } from '../neutral.ts';
import { writeOpenaiError } from '../openai-error.ts';
import type { AnswerContext, WrittenResponse } from '../wire-format.ts';
import { writeLogprobs } from './logprobs.ts';
import { writeStop } from './stop-reason.ts';
import { writeCompletionUsage } from './write-usage.ts';

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

/** Refusals are text here; thoughts are nobody's loss, for no such model was ever reached this way. */
function textOf(part: NeutralPart): string | null {
  if (part.type === 'text' || part.type === 'refusal') return part.text;
  return part.type === 'reasoning' ? '' : null;
}

/** What stands before the answer: the prompt, if the caller wants it back. */
export function echoOf({ echo, messages }: NeutralRequest): string {
  const [prompt] = messages[0]?.parts ?? [];
  return echo && prompt?.type === 'text' ? prompt.text : '';
}
