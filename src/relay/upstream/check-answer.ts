// Whether an answer of 200 is one, before any of it goes to the caller. What cannot be looked at without slowing it down (the events of
// the last place that may be tried) is judged when it has passed (answering.ts).
import { isEncoded } from '../../lib/decoded-response.ts';
import { mediaType } from '../../lib/media-type.ts';
import type { Admitted } from '../admitted.ts';
import type { AnswerFault } from './answer-error.ts';
import { noAnswer } from './answer-error.ts';
import { faultOfWhole, lookAtStart } from './answer-start.ts';
import type { Sent } from './sent.ts';
import { isSmall, wholeBody } from './whole-body.ts';

/** How the check is made. */
export interface AnswerCheck {
  /** No other place can be tried after this one. */
  isLast: boolean;
  /** For the first byte of the body to come. */
  firstByteMs: number;
}

/**
 * Returns what is wrong with the answer, or null. `sent.upstream` is then a response whose body is unread; a small JSON body is read
 * whole, once, and kept in `sent.bytes`. Throws RelayError as `wholeBody` does.
 */
export async function faultOfAnswer(
  request: Admitted,
  sent: Sent,
  { isLast, firstByteMs }: AnswerCheck,
): Promise<AnswerFault | null> {
  const { upstream } = sent;
  if (!isAnswer(request, upstream) || isEncoded(upstream.headers)) return null;
  if (upstream.body === null || upstream.headers.get('content-length') === '0')
    return noAnswer('an empty answer');
  const type = mediaType(upstream.headers);
  if (/^(audio|image|video)\//.test(type)) return null;
  const isJson = /[/+]json$/.test(type);
  const isEvents = type === 'text/event-stream';
  const isStream = request.plan.facts.stream;
  if (isLast && isStream && isEvents) return null;
  if (isJson && isSmall(upstream) && !upstream.headers.has('content-encoding')) {
    const bytes = await wholeBody(request, sent);
    sent.bytes = bytes;
    sent.upstream = new Response(bytes, upstream);
    return faultOfWhole(bytes);
  }
  const looked = await lookAtStart(upstream, { firstByteMs, isEvents, isStream });
  sent.upstream = looked.response;
  sent.bytes = looked.bytes;
  return looked.fault;
}

/** A stored response may itself say that it failed; some statuses and methods have no body. */
function isAnswer({ call }: Admitted, { status }: Response): boolean {
  if (status === 204 || status === 205 || call.request.method === 'HEAD') return false;
  return call.endpoint.operation !== 'stored-response';
}
