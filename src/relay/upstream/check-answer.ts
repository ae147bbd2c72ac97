// Checks whether an answer with status 200 is one, before any of it goes to the caller. What cannot be checked without slowing it down (the
// events of the last target that may be tried) is checked when it has passed (response/running-answer.ts).
import { isEncoded, mediaType } from '../../lib/decoded-response.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { AnswerFault } from './answer-error.ts';
import { noAnswer } from './answer-error.ts';
import { checkStart, faultOfWhole } from './answer-start.ts';
import type { Sent, UpstreamResponse } from './sent.ts';
import { isSmall, readWholeBody } from './whole-body.ts';

/** How the check is made. */
interface AnswerCheck {
  /** No other target can be tried after this one. */
  isLast: boolean;
  /** Time for the first byte of the body to come. */
  firstByteMs: number;
}

/** A response as far as it was read, and its fault. */
interface CheckedAnswer extends UpstreamResponse {
  fault: AnswerFault | null;
}

/**
 * Checks an answer with status 200. A small JSON body is read whole; of another, `response` has the whole body unread. Throws RelayError as
 * `readWholeBody` does.
 */
export async function checkAnswer(
  request: AdmittedRequest,
  sent: Sent,
  { isLast, firstByteMs }: AnswerCheck,
): Promise<CheckedAnswer> {
  const { response } = sent;
  const unread = (fault: AnswerFault | null): CheckedAnswer => ({ response, bytes: null, fault });
  if (!isAnswer(request, response) || isEncoded(response.headers)) return unread(null);
  if (response.body === null || response.headers.get('content-length') === '0')
    return unread(noAnswer('an empty answer'));
  const type = mediaType(response.headers);
  if (/^(audio|image|video)\//.test(type)) return unread(null);
  const isJson = /[/+]json$/.test(type);
  const isEvents = type === 'text/event-stream';
  const isStream = request.plan.facts.stream;
  if (isLast && isStream && isEvents) return unread(null);
  if (isJson && isSmall(response) && !response.headers.has('content-encoding')) {
    const bytes = await readWholeBody(request, sent);
    return { response, bytes, fault: faultOfWhole(bytes) };
  }
  return checkStart(response, { firstByteMs, isEvents, isStream });
}

/** A stored response may itself say that it failed; some statuses and methods have no body. */
function isAnswer({ call }: AdmittedRequest, { status }: Response): boolean {
  if (status === 204 || status === 205 || call.request.method === 'HEAD') return false;
  return call.endpoint.operation !== 'stored-response';
}
