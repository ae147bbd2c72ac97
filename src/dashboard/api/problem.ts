// Errors of the management API: RFC 9457 problem details, one class to throw, and one function that renders it.
import { z } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { RelayError, type RelayErrorCode } from '../../lib/relay-error.ts';
import { messageOf } from './problem-texts.ts';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'What is wrong with which field of the request.' }),
  })
  .openapi('Problem');

export interface FieldError {
  /** Dotted path into the body, or the name of a parameter. */
  field: string;
  message: string;
}

/** A long import may have a thousand faults; this many are shown. */
const mostErrors = 100;

/** Thrown anywhere below a route. `detail` tells the caller what is wrong and how to fix it. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    detail: string,
    more: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/** A 400 that names one field. */
export function fieldProblem(field: string, message: string): Problem {
  return invalid([{ field, message }]);
}

/** A 404 for an object with an id. */
export function notFound(what: string): Problem {
  return new Problem(404, `There is no such ${what}. It may have been deleted.`);
}

/** A 503: something that the relay depends on is unavailable. */
export function unavailable(detail: string): Problem {
  return new Problem(503, detail, { headers: { 'retry-after': '2' } });
}

/** Hook of every validator: a 400 that names each invalid field. */
export function refuseInvalid(result: { success: true } | { success: false; error: z.core.$ZodError }): void {
  if (!result.success) throw invalid(result.error.issues.slice(0, mostErrors).flatMap(fieldErrors));
}

/** Converts anything thrown to a response. Reports unexpected errors. */
export function problemResponse(error: unknown, report: (event: string, error: unknown) => void): Response {
  const problem = problemOf(error);
  if (problem.status >= 500 && problem !== error) report('management-api-failed', error);
  const { status, message, errors, headers } = problem;
  const body = {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    detail: message,
    ...(errors && { errors }),
  };
  const allHeaders = { ...headers, 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify(body), { status, headers: allHeaders });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) return problemOfBody(error);
  if (error instanceof RelayError) return problemOfRelay(error);
  if (error instanceof Error && error.message.startsWith('D1_') && !error.message.includes('constraint')) {
    return unavailable('The database cannot be reached. Nothing may have been changed; try again shortly.');
  }
  return new Problem(500, 'The relay failed at this call. Its log says why.');
}

function problemOfBody({ status }: HTTPException): Problem {
  if (status === 415)
    return new Problem(415, 'Send the body as JSON, with `content-type: application/json`.');
  return new Problem(400, 'The body is not valid JSON.');
}

function problemOfRelay({ code, message, details }: RelayError): Problem {
  const status = relayStatus[code] ?? 500;
  const seconds = Math.ceil((details.retryAfterMs ?? 2_000) / 1_000);
  return new Problem(status, message, status === 503 ? { headers: { 'retry-after': String(seconds) } } : {});
}

const relayStatus: Partial<Record<RelayErrorCode, number>> = {
  invalid_request: 400,
  model_not_found: 404,
  resource_not_found: 404,
  service_unavailable: 503,
};

/** Names a field with several faults once, with the first of them. */
function invalid(all: FieldError[]): Problem {
  const errors = all.filter(({ field }, index) => all.findIndex((other) => other.field === field) === index);
  const shown = errors.slice(0, 3).map(({ field, message }) => `${field}: ${message}`);
  const rest = errors.length > shown.length ? ` (and ${errors.length - shown.length} more)` : '';
  return new Problem(400, `The request is not valid. ${shown.join('; ')}${rest}`, { errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const field = (more: PropertyKey[] = []) => [...issue.path, ...more].map(String).join('.') || 'body';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: field([key]), message: 'there is no such field' }));
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ field: field(), message }));
  return [{ field: field(), message: messageOf(issue) }];
}

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
