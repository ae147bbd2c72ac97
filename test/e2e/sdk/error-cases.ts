// Lists each refusal as each official SDK reports it: src/docs/errors.md, row by row. The table is written from the
// contract, not from the relay's own.
import { mintSecret } from '../../../src/tokens/secret.ts';
import type { SdkWorld } from '../../support/sdk-world.ts';

/** One row of the contract. */
export interface ErrorCase {
  what: string;
  /** Returns a token with this refusal; called once per format. */
  token(world: SdkWorld): Promise<string>;
  /** The model to request instead of an ordinary one. */
  model?: string;
  /** The SDKs' class, by its name in both of them. */
  raises: string;
  openai: { status: number; type: string; code: string };
  anthropic: { status: number; type: string; raises?: string };
  gemini: { status: number; grpc: string; reason: string };
  message: RegExp;
  /** Headers of the answer in every format. */
  headers?: Record<string, RegExp>;
}

const malformed = 'sk-oo8-0000000000000000000000000000000000000000000000000';

type Row = Pick<ErrorCase, 'raises' | 'openai' | 'anthropic' | 'gemini'>;

const unauthorized = (code: string, reason: string): Row => ({
  raises: 'AuthenticationError',
  openai: { status: 401, type: 'invalid_request_error', code },
  anthropic: { status: 401, type: 'authentication_error' },
  gemini: { status: 401, grpc: 'UNAUTHENTICATED', reason },
});

const forbidden = (code: string, reason: string): Row => ({
  raises: 'PermissionDeniedError',
  openai: { status: 403, type: 'permission_error', code },
  anthropic: { status: 403, type: 'permission_error' },
  gemini: { status: 403, grpc: 'PERMISSION_DENIED', reason },
});

async function edited(world: SdkWorld, method: string, edit?: unknown): Promise<string> {
  const { id, token } = await world.relay.token();
  await world.relay.manage(method, `/api/tokens/${id}`, edit);
  return token;
}

const made = (fields: Record<string, unknown>) => async (world: SdkWorld) =>
  (await world.relay.token(fields)).token;

export const errorCases: readonly ErrorCase[] = [
  {
    what: 'a malformed token',
    token: () => Promise.resolve(malformed),
    ...unauthorized('invalid_api_key', 'API_KEY_INVALID'),
    message: /malformed/,
  },
  {
    what: 'a key of another kind',
    token: () => Promise.resolve('sk-proj-abc'),
    ...unauthorized('invalid_api_key', 'API_KEY_INVALID'),
    message: /a key of OpenAI, not of this relay/,
  },
  {
    what: 'an unknown token',
    token: () => Promise.resolve(mintSecret()),
    ...unauthorized('invalid_api_key', 'API_KEY_INVALID'),
    message: /does not exist or was deleted/,
  },
  {
    what: 'a deleted token',
    token: (world) => edited(world, 'DELETE'),
    ...unauthorized('invalid_api_key', 'API_KEY_INVALID'),
    message: /does not exist or was deleted/,
  },
  {
    what: 'a disabled token',
    token: (world) => edited(world, 'PATCH', { status: 'disabled' }),
    ...unauthorized('token_disabled', 'TOKEN_DISABLED'),
    message: /disabled.*Enable it/,
  },
  {
    what: 'an expired token',
    token: made({ expires_at: '2025-01-01T00:00:00.000Z' }),
    ...unauthorized('token_expired', 'TOKEN_EXPIRED'),
    message: /expired at 2025-01-01/,
  },
  {
    what: 'a model that the token may not use',
    token: made({ models: ['only-this', 'and-*'] }),
    ...forbidden('model_not_allowed', 'MODEL_NOT_ALLOWED'),
    message: /may not use the model/,
  },
  {
    what: 'an address that the token may not be used from',
    token: made({ allowed_ips: ['203.0.113.0/24'] }),
    ...forbidden('ip_not_allowed', 'IP_NOT_ALLOWED'),
    message: /may not be used from/,
  },
  {
    what: 'a model that no channel serves',
    token: made({}),
    model: 'no-such-model',
    raises: 'NotFoundError',
    openai: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
    anthropic: { status: 404, type: 'not_found_error' },
    gemini: { status: 404, grpc: 'NOT_FOUND', reason: 'MODEL_NOT_FOUND' },
    message: /no-such-model/,
  },
  {
    what: 'a spent quota',
    token: made({ quota_usd: 0.000000001 }),
    raises: 'RateLimitError',
    openai: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
    anthropic: { status: 402, type: 'billing_error', raises: 'PaymentRequiredError' },
    gemini: { status: 429, grpc: 'RESOURCE_EXHAUSTED', reason: 'QUOTA_EXCEEDED' },
    message: /quota/i,
    headers: { 'x-should-retry': /^false$/ },
  },
  {
    what: 'a spent budget',
    token: made({ budget: { usd: 0.000000001, period: 'day' } }),
    raises: 'RateLimitError',
    openai: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
    anthropic: { status: 402, type: 'billing_error', raises: 'PaymentRequiredError' },
    gemini: { status: 429, grpc: 'RESOURCE_EXHAUSTED', reason: 'QUOTA_EXCEEDED' },
    message: /budget/i,
    headers: { 'x-should-retry': /^false$/ },
  },
  {
    what: 'the second request of a minute in which one is allowed',
    token: async (world) => {
      const { token } = await world.relay.token({ limits: { rpm: 1 } });
      await fetch(`${world.relay.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ model: 'gpt-4o', messages: [] }),
      });
      return token;
    },
    raises: 'RateLimitError',
    openai: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    anthropic: { status: 429, type: 'rate_limit_error' },
    gemini: { status: 429, grpc: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMIT_EXCEEDED' },
    message: /minute/,
    headers: { 'retry-after': /^[1-9]\d?$/ },
  },
];
