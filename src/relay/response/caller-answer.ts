// The result of the response phase.
import { rateLimitHeaders } from '../../formats/rate-limit-headers.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Plan } from '../plan/plan.ts';
import type { Outcome } from '../settlement/request-record.ts';
import type { Sending } from '../upstream/sent.ts';

/** The caller's response. */
export interface CallerAnswer {
  response: Response;
  /** How the request ended; a promise while a stream runs, which never rejects. */
  outcome: Outcome | Promise<Outcome>;
  /** What must be recorded, after the settlement, before the caller sees the response. */
  recorded?: Promise<void>;
}

/** Names the model that answered, if it is not the one that was requested, and the day on which it will end. */
export function withModel(plan: Plan, { route }: Sending, response: Response): Response {
  if (route === null) return response;
  const { model, endsOn } = route;
  if (model !== null && model !== plan.model) response.headers.set('x-relay-model', model);
  if (endsOn !== null) response.headers.set('x-relay-model-sunset', endsOn);
  return response;
}

/** Adds headers with what was left of the caller's limits when it was admitted. */
export function withLimits({ call, limitsLeft }: AdmittedRequest, response: Response): Response {
  if (limitsLeft === null) return response;
  const headers = rateLimitHeaders(call.endpoint.format.api, limitsLeft, call.startedAtMs);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
