// Descriptions of routes' answers in the OpenAPI document.
import type { z } from '@hono/zod-openapi';
import { problemSchema } from './problem.ts';

/** A JSON body of that schema. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** A JSON body of a request. An empty one counts as `{}`. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, required = true) {
  return { required, content: { 'application/json': { schema } } };
}

/** What every authenticated call may answer. */
export const callFailures = {
  401: problem('The admin key is missing or wrong.'),
  403: problem('Only an admin may do this.'),
  429: problem('Too many wrong keys came from this address; `retry-after` says when to try again.'),
  500: problem('The relay failed.'),
  503: problem('Something that the relay stands on is away, or a secret is not set.'),
};

/** What a call with parameters may answer in addition. */
export const inputFailures = { 400: problem('A field or parameter is wrong; `errors` names it.') };

/** What a call with a body may answer in addition. */
export const bodyFailures = {
  ...inputFailures,
  413: problem('The body is too large.'),
  415: problem('The body is not declared as JSON.'),
};

/** What a call that names one object may answer in addition. */
export const missingFailure = { 404: problem('There is no such thing.') };

/** What a call may answer that conflicts with the current state. */
export const conflictFailure = { 409: problem('Something that is there already stands in the way.') };

/** What a call that authenticates a person may answer in addition. */
export const tryFailure = {
  429: problem(
    'It was tried too often, or too many wrong keys came from this address; wait a quarter of an hour.',
  ),
};

function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } };
}
