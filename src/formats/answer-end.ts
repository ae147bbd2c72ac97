// How an answer ended: whether in success, and what a failed or filtered end explains.
import type { NeutralCandidate, NeutralError, NeutralPart, NeutralResponse, Stop } from './neutral.ts';

/** Whether the end is a failure: the provider's, a malformed call of the model's, or an unknown reason. */
export function isFailedEnd({ reason }: Stop): boolean {
  return reason === 'error' || reason === 'malformed-tool-call' || reason === 'unknown';
}

/** Returns the failure as an error, for formats whose answers have no member for it. */
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
 * Returns the explanation of a filter or a refusal, which formats without a member for it show as a refusal. Undefined
 * for other ends, without an explanation, or if the answer already has a refusal.
 */
export function explanationOf({ reason, message }: Stop, hasRefused: boolean): string | undefined {
  const isFiltered = reason === 'refusal' || reason === 'content-filter';
  return isFiltered && !hasRefused ? message : undefined;
}

/** Returns the parts, followed by the explanation of the filter that ended them as a refusal. */
export function explainedParts({ parts, stop }: NeutralCandidate): readonly NeutralPart[] {
  const text = explanationOf(stop, answerFacts(parts).refusal);
  return text === undefined ? parts : [...parts, { type: 'refusal', text }];
}

/** A part that the caller would miss; reasoning is not shown to all. */
export function hasContent(part: NeutralPart): boolean {
  return part.type !== 'reasoning' && (!('text' in part) || part.text !== '');
}

/**
 * Completes the ends of a whole answer. A candidate with content but no reason has ended: its body is complete. An
 * error beside content becomes the failed end of that candidate, so nothing is lost.
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

/** Of several candidates, those that ended well keep their end, unless the error is about the whole answer. */
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

/** Whether an answer calls tools, and whether it has a refusal. */
export interface AnswerFacts {
  calls: boolean;
  refusal: boolean;
}

/** Returns these facts for whole parts. */
export function answerFacts(parts: readonly NeutralPart[]): AnswerFacts {
  return {
    calls: parts.some(({ type }) => type === 'tool-call'),
    refusal: parts.some(({ type }) => type === 'refusal'),
  };
}

/** Returns why a prompt was refused (Gemini), as text. */
export function blockText({ reason, message }: { reason: string; message: string | undefined }): string {
  return message ?? `The prompt was refused: ${reason}.`;
}

/** Returns a refused prompt for formats without such a thing: an answer that a filter stopped at once. */
export function blockedCandidate(block: { reason: string; message: string | undefined }): NeutralCandidate {
  return { parts: [{ type: 'refusal', text: blockText(block) }], stop: { reason: 'content-filter' } };
}
