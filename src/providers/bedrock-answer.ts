// Converts Bedrock's answers to those of Anthropic's own API: a stream of events becomes SSE, an error gets the
// right status and Anthropic's shape.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html#API_runtime_InvokeModel_Errors
// and CommonErrors.html (2026-11).
import { writeErrorBody } from '../formats/anthropic-messages/errors.ts';
import { isObject, textAt } from '../formats/json-reader.ts';
import type { RunOn } from './provider.ts';

const eventStream = 'application/vnd.amazon.eventstream';

export async function readBedrockAnswer(response: Response, runOn: RunOn): Promise<Response> {
  const headers = ownHeaders(response.headers);
  if (response.status >= 400) return failure(response, headers);
  const isStream = response.headers.get('content-type')?.includes(eventStream) === true;
  if (!isStream || response.body === null)
    return new Response(response.body, { status: response.status, headers });
  headers.set('content-type', 'text/event-stream; charset=utf-8');
  headers.delete('content-length');
  // Loaded with its codec by the first stream: most deployments have no Bedrock channel.
  const { sseOfEventStream } = await import('./bedrock-stream.ts');
  const { readable, done } = sseOfEventStream(response.body);
  runOn(done);
  return new Response(readable, { status: response.status, headers });
}

/** AWS's id of the request replaces Anthropic's. The other `x-amzn-…` headers have no counterpart. */
function ownHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  for (const name of from.keys()) if (name.startsWith('x-amzn-')) headers.delete(name);
  const id = from.get('x-amzn-requestid');
  if (id !== null) headers.set('request-id', id);
  return headers;
}

async function failure(response: Response, headers: Headers): Promise<Response> {
  const text = await response.text().catch(() => '');
  const { type, message } = errorIn(text, response.headers.get('x-amzn-errortype'));
  const status = statuses[type] ?? response.status;
  headers.delete('content-length');
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(errorBody(status, message)), { status, headers });
}

/** The type comes as `ThrottlingException:http://…` in a header, or in the body as `__type`, after a `#`. */
function errorIn(text: string, header: string | null): { type: string; message: string } {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page: the status is all the information.
  }
  const object = isObject(body) ? body : {};
  const type = header ?? textAt(object, '__type') ?? '';
  const message = textAt(object, 'message') ?? textAt(object, 'Message');
  return {
    type: (type.split('#').at(-1) ?? '').split(':')[0] ?? '',
    message: message ?? 'The model provider answered with an error.',
  };
}

/** Statuses of Bedrock that would be misunderstood: they decide who may retry elsewhere, and who is at fault. */
const statuses: Readonly<Record<string, number>> = {
  ValidationException: 400,
  ThrottlingException: 429,
  // A 400 there, but about the account's quota: another channel has its own.
  ServiceQuotaExceededException: 429,
  // A 429 there: the model is being loaded.
  ModelNotReadyException: 529,
  // A 408 there: the model was too slow, not the caller.
  ModelTimeoutException: 504,
  // A 424 there: the model failed.
  ModelErrorException: 502,
  ServiceUnavailableException: 503,
  AccessDeniedException: 403,
  UnrecognizedClientException: 403,
  ExpiredTokenException: 403,
  InvalidSignatureException: 403,
  SignatureDoesNotMatch: 403,
  IncompleteSignature: 403,
  IncompleteSignatureException: 403,
  InvalidClientTokenId: 403,
  MissingAuthenticationToken: 403,
  MissingAuthenticationTokenException: 403,
  NotAuthorized: 403,
  OptInRequired: 403,
};

/** Returns Anthropic's error of a status. */
function errorBody(status: number, message: string): object {
  return writeErrorBody({ status, message, type: null, code: null, param: null });
}
