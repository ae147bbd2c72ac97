// A whole message to the neutral form.
import type { JsonObject } from '../../lib/json.ts';
import { withOverflow } from '../context-overflow.ts';
import { countAt, objectAt, textAt } from '../json-reader.ts';
import type { NeutralError, NeutralResponse } from '../neutral.ts';
import { readContent } from './read-blocks.ts';
import { readStop } from './stop-reason.ts';
import { readUsage } from './usage.ts';

export function readResponse(body: JsonObject): NeutralResponse {
  const usage = objectAt(body, 'usage');
  return {
    id: textAt(body, 'id') ?? null,
    model: textAt(body, 'model') ?? null,
    createdAtSeconds: null,
    candidates: [
      {
        parts: readContent(body.content, 'content', 'answer'),
        stop: readStop(body) ?? { reason: 'unknown' },
      },
    ],
    usage: readUsage(usage),
    serviceTier: textAt(usage, 'service_tier') ?? null,
    error: body.type === 'error' ? readError(body) : null,
    promptBlock: null,
  };
}

/** HTTP statuses of Anthropic's error types. https://docs.anthropic.com/en/api/errors */
const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** An error event, or the body of an error: `{type: error, error: {type, message}}`. */
export function readError(body: JsonObject): NeutralError {
  const error = objectAt(body, 'error');
  const type = textAt(error, 'type') ?? null;
  return withOverflow({
    status:
      (type !== null && Object.hasOwn(statuses, type) ? statuses[type] : countAt(error, 'status')) ?? null,
    type,
    code: null,
    message: textAt(error, 'message') ?? 'The model provider reported an error.',
    param: null,
  });
}
