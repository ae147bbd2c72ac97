// Tests refusals as the official SDKs raise them, and raw requests: unusual credentials, pages of other origins,
// Claude Code's side calls, rerank.
import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raisedBy, type SdkWorld, startSdkWorld } from '../../support/sdk-world.ts';
import { errorCases } from './error-cases.ts';
import { midStreamTests } from './mid-stream.ts';
import { rawRequestTests } from './raw-requests.ts';
import { rerankTests } from './rerank.ts';
import { fittingStreamTests, spentQuotaTests } from './spent-quota.ts';

let world: SdkWorld;

beforeAll(async () => {
  world = await startSdkWorld();
});

afterAll(() => world?.stop());

const messages = [{ role: 'user' as const, content: 'hi' }];
const openaiWith = (apiKey: string) =>
  new OpenAI({ apiKey, baseURL: `${world.relay.url}/v1`, maxRetries: 0 });
const anthropicWith = (apiKey: string) => new Anthropic({ apiKey, baseURL: world.relay.url, maxRetries: 0 });
const geminiWith = (apiKey: string) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: world.relay.url } });

describe.concurrent.each(errorCases.map((one) => [one.what, one] as const))('%s', (_what, refusal) => {
  const expectHeaders = (headers: Headers | undefined) => {
    for (const [name, value] of Object.entries(refusal.headers ?? {}))
      expect(headers?.get(name) ?? '').toMatch(value);
    expect(headers?.get('x-request-id')).toMatch(/^req_/);
  };

  it('raises the right class in the OpenAI SDK for chat, a stream and responses', async () => {
    const openai = openaiWith(await refusal.token(world));
    const model = refusal.model ?? 'gpt-4o';
    const calls = [
      () => openai.chat.completions.create({ model, messages }),
      () => openai.chat.completions.create({ model, messages, stream: true }),
      () => openai.responses.create({ model, input: 'hi' }),
    ];
    for (const call of calls) {
      const error = (await raisedBy(call)) as InstanceType<typeof OpenAI.APIError>;
      expect(error.constructor.name).toBe(refusal.raises);
      expect({ status: error.status, type: error.type, code: error.code }).toEqual(refusal.openai);
      expect(error.message).toMatch(refusal.message);
      expectHeaders(error.headers);
    }
  });

  it('raises the right class in the Anthropic SDK for a message and a stream', async () => {
    const anthropic = anthropicWith(await refusal.token(world));
    const params = { model: refusal.model ?? 'claude-3-5-sonnet-20241022', max_tokens: 10, messages };
    for (const call of [
      () => anthropic.messages.create(params),
      () => anthropic.messages.create({ ...params, stream: true }),
      () => anthropic.messages.stream(params).finalMessage(),
    ]) {
      const error = (await raisedBy(call)) as InstanceType<typeof Anthropic.APIError>;
      expect(error.constructor.name).toBe(refusal.anthropic.raises ?? refusal.raises);
      expect(error).toBeInstanceOf(Anthropic.APIError);
      expect([error.status, error.type]).toEqual([refusal.anthropic.status, refusal.anthropic.type]);
      expect(error.message).toMatch(refusal.message);
      expect(error.requestID).toMatch(/^req_/);
      expectHeaders(error.headers);
    }
  });

  it('raises the Google Gen AI SDK’s error for a call and a stream', async () => {
    const { models } = geminiWith(await refusal.token(world));
    const params = { model: refusal.model ?? 'gemini-2.0-flash', contents: 'hi' };
    for (const call of [() => models.generateContent(params), () => models.generateContentStream(params)]) {
      const error = (await raisedBy(call)) as ApiError;
      expect(error).toBeInstanceOf(ApiError);
      const { error: body } = JSON.parse(error.message);
      const { status, grpc, reason } = refusal.gemini;
      expect([error.status, body.code, body.status]).toEqual([status, status, grpc]);
      expect(body.details[0]).toMatchObject({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason });
      expect(body.message).toMatch(refusal.message);
    }
  });
});

describe('an invalid request', () => {
  it('raises a BadRequestError that names the field', async () => {
    const openai = openaiWith(world.token);
    const error = await raisedBy(() => openai.chat.completions.create({ model: 'gpt-4o' } as never));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ type: 'invalid_request_error', param: 'messages' });
    const anthropic = await raisedBy(() =>
      anthropicWith(world.token).messages.create({ model: 'claude-3-5-sonnet-20241022', messages } as never),
    );
    expect(anthropic).toBeInstanceOf(Anthropic.BadRequestError);
    expect(anthropic).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining('max_tokens'),
    });
    const gemini = await raisedBy(() =>
      geminiWith(world.token).models.generateContent({ model: 'gemini-2.0-flash' } as never),
    );
    expect(gemini.message).toMatch(/contents/i);
  });

  it('raises a BadRequestError for a limited token and a model without a price', async () => {
    const { token } = await world.relay.token({ quota_usd: 1 });
    const error = await raisedBy(() =>
      openaiWith(token).chat.completions.create({ model: 'own-openai', messages }),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({
      code: 'model_price_unset',
      message: expect.stringContaining('own-openai'),
    });
  });
});

midStreamTests(() => world);
spentQuotaTests(() => world);
fittingStreamTests(() => world);
rawRequestTests(() => world);
rerankTests(() => world);
