// Whether an answer ended in success, as far as its reason to end tells, and what a failed or filtered end says.
import type { NeutralCandidate, NeutralError, NeutralPart, NeutralResponse, Stop } from './neutral.ts';

/** Whether the end is a failure: the provider's, a call that the model garbled, or a reason that nobody knows. */
export function isFailedEnd({ reason }: Stop): boolean {
  return reason === 'error' || reason === 'malformed-tool-call' || reason === 'unknown';
}

/** The failure as an error, for formats whose answers cannot say how they failed. */
export function errorOfEnd({ reason, raw, message }: Stop): NeutralError {
  const code = reason === 'malformed-tool-call' ? 'malformed_tool_call' : 'upstream_error';
  return { status: 502, type: 'upstream_error', code, message: message ?? wordsOf(reason, raw), param: null };
}

function wordsOf(reason: Stop['reason'], raw: string | undefined): string {
  const named = raw === undefined ? '' : ` (${raw})`;
  switch (reason) {
    case 'malformed-tool-call':
      return `The model wrote a tool call that cannot be read${named}. Send the request again.`;
    case 'error':
      return `The model provider broke its answer off${named}.`;
    default:
      return `The model provider ended its answer for a reason that is not known${named}.`;
  }
}

/**
 * What a filter or a refusal says of itself, to be shown as a refusal by formats whose ends hold no words; undefined
 * where the end is none of these, says nothing, or the answer has refused in words already.
 */
export function explanationOf({ reason, message }: Stop, hasRefused: boolean): string | undefined {
  const isFiltered = reason === 'refusal' || reason === 'content-filter';
  return isFiltered && !hasRefused ? message : undefined;
}

/** The parts, and the words of the filter that ended them as a refusal. */
export function explainedParts({ parts, stop }: NeutralCandidate): readonly NeutralPart[] {
  const text = explanationOf(stop, answerFacts(parts).refusal);
  return text === undefined ? parts : [...parts, { type: 'refusal', text }];
}

/** A part that the caller would miss; reasoning is not shown to all. */
export function hasContent(part: NeutralPart): boolean {
  return part.type !== 'reasoning' && (!('text' in part) || part.text !== '');
}

/**
 * A whole answer whose ends say what is known of them. A candidate that gives no reason and says something is over: its
 * body came whole. An error beside what was said is that candidate's failed end, so that nothing of it is lost.
 */
export function withKnownEnds(response: NeutralResponse): NeutralResponse {
  const { error, candidates } = response;
  if (error === null)
    return {
      ...response,
      candidates: candidates.map(({ parts, stop }) => ({ parts, stop: knownEnd(parts, stop) })),
    };
  if (!candidates.some(({ parts }) => parts.some(hasContent))) return response;
  return { ...response, error: null, candidates: withFailure(candidates, error) };
}

/** Of several candidates those that ended well keep their end, unless the error is of the whole answer. */
function withFailure(candidates: readonly NeutralCandidate[], { message }: NeutralError): NeutralCandidate[] {
  const isOfSome = candidates.some(({ stop }) => isFailedEnd(stop));
  return candidates.map((candidate) => {
    const hasFailed = !isOfSome || isFailedEnd(candidate.stop);
    return hasFailed ? { ...candidate, stop: { ...candidate.stop, reason: 'error', message } } : candidate;
  });
}

function knownEnd(parts: readonly NeutralPart[], stop: Stop): Stop {
  if (stop.reason !== 'unknown' || stop.raw !== undefined || !parts.some(hasContent)) return stop;
  const { calls, refusal } = answerFacts(parts);
  return { reason: calls ? 'tool-calls' : refusal ? 'refusal' : 'stop' };
}

/** Whether it calls tools, and whether it refuses in words. */
export interface AnswerFacts {
  calls: boolean;
  refusal: boolean;
}

/** What was said, of whole parts. */
export function answerFacts(parts: readonly NeutralPart[]): AnswerFacts {
  return {
    calls: parts.some(({ type }) => type === 'tool-call'),
    refusal: parts.some(({ type }) => type === 'refusal'),
  };
}

/** Why a prompt was refused (Gemini), in words. */
export function blockText({ reason, message }: { reason: string; message: string | undefined }): string {
  return message ?? `The prompt was refused: ${reason}.`;
}

/** A refused prompt, for formats without such a thing: an answer that a filter stopped before its first word. */
export function blockedCandidate(block: { reason: string; message: string | undefined }): NeutralCandidate {
  return { parts: [{ type: 'refusal', text: blockText(block) }], stop: { reason: 'content-filter' } };
}
