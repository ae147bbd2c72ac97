// How a response ended: its status and details, both ways.
// https://platform.openai.com/docs/api-reference/responses/object#responses/object-status
import type { JsonObject } from '../../lib/json.ts';
import { type AnswerFacts, errorOfEnd } from '../answer-end.ts';
import { objectAt, textAt } from '../json-reader.ts';
import type { Stop } from '../neutral.ts';

/** The stop of a response object that is over. */
export function readStop(response: JsonObject, { calls, refusal }: AnswerFacts): Stop {
  const status = textAt(response, 'status');
  switch (status) {
    case 'incomplete':
      return readIncomplete(textAt(objectAt(response, 'incomplete_details'), 'reason'));
    case 'failed':
      return { reason: 'error', ...messageOf(response) };
    case 'completed':
    // DeepSeek's at Azure.
    case 'complete':
      return { reason: calls ? 'tool-calls' : refusal ? 'refusal' : 'stop' };
    default:
      return { reason: 'unknown', ...(status !== undefined && { raw: status }) };
  }
}

function readIncomplete(reason: string | undefined): Stop {
  if (reason === 'max_output_tokens') return { reason: 'length' };
  if (reason === 'content_filter') return { reason: 'content-filter' };
  if (reason === 'model_context_window_exceeded') return { reason: 'context-length' };
  return { reason: 'unknown', ...(reason !== undefined && { raw: reason }) };
}

function messageOf(response: JsonObject): { message?: string } {
  const message = textAt(objectAt(response, 'error'), 'message');
  return message === undefined ? {} : { message };
}

/** The members of a response object about its end. */
export interface Ending {
  status: 'completed' | 'incomplete' | 'failed';
  incomplete_details: { reason: 'max_output_tokens' | 'content_filter' } | null;
  error: { code: string; message: string } | null;
}

/** Writes a stop. A refusal with text is complete, as OpenAI's are; one without text is a filter's. */
export function writeStop(stop: Stop, { refusal }: Pick<AnswerFacts, 'refusal'>): Ending {
  switch (stop.reason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
    case 'pause':
      return completed;
    case 'length':
    case 'context-length':
      return incomplete('max_output_tokens');
    case 'content-filter':
      return incomplete('content_filter');
    case 'refusal':
      return refusal ? completed : incomplete('content_filter');
    case 'malformed-tool-call':
    case 'unknown':
    case 'error':
      return failed('server_error', errorOfEnd(stop).message);
  }
}

const completed: Ending = { status: 'completed', incomplete_details: null, error: null };

function incomplete(reason: 'max_output_tokens' | 'content_filter'): Ending {
  return { status: 'incomplete', incomplete_details: { reason }, error: null };
}

/** An answer that failed. */
export function failed(code: string, message: string): Ending {
  return { status: 'failed', incomplete_details: null, error: { code, message } };
}
