// A refusal in the shape of the provider whose endpoint was called.
import { newId } from './answer.ts';
import { type DemoAnswer, DemoRefusal, jsonAnswer } from './exchange.ts';

export type DemoProvider = 'openai' | 'anthropic' | 'gemini' | 'cohere';

const anthropicTypes: Record<number, string> = {
  401: 'authentication_error',
  404: 'not_found_error',
  500: 'api_error',
};
const geminiStatuses: Record<number, string> = { 401: 'UNAUTHENTICATED', 404: 'NOT_FOUND', 500: 'INTERNAL' };

/** Each provider's message to a caller without a key. */
const missingKey: Record<DemoProvider, string> = {
  openai:
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
  anthropic: 'x-api-key header is required',
  gemini:
    'Request is missing required authentication credential. Expected an API key or OAuth 2 access token.',
  cohere: 'no api key supplied',
};

export function missingKeyRefusal(provider: DemoProvider): DemoRefusal {
  return new DemoRefusal(401, missingKey[provider]);
}

/** Converts anything thrown by a handler to the provider's error. */
export function refusalAnswer(provider: DemoProvider, error: unknown): DemoAnswer {
  const refusal =
    error instanceof DemoRefusal ? error : new DemoRefusal(500, 'The demo upstream made a mistake.');
  const { status, message, param } = refusal;
  switch (provider) {
    case 'openai':
      return jsonAnswer(
        { error: { message, type: 'invalid_request_error', param, code: openaiCode(refusal) } },
        status,
      );
    case 'anthropic': {
      const type = anthropicTypes[status] ?? 'invalid_request_error';
      return jsonAnswer({ type: 'error', error: { type, message }, request_id: newId('req_') }, status);
    }
    case 'gemini':
      return jsonAnswer(
        { error: { code: status, message, status: geminiStatuses[status] ?? 'INVALID_ARGUMENT' } },
        status,
      );
    case 'cohere':
      return jsonAnswer({ id: newId(''), message }, status);
  }
}

function openaiCode({ status, param }: DemoRefusal): string | null {
  if (status === 401) return 'invalid_api_key';
  return status === 404 && param === 'model' ? 'model_not_found' : null;
}
