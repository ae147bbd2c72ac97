// A row of the log in OpenRouter's shape.
import { expect, it } from 'vitest';
import { blankRow, type LogRow } from '../../../../src/metering/log-row.ts';
import { generationView } from '../../../../src/routes/token-info/openrouter-generation.ts';

const row = (fields: Partial<LogRow> = {}): LogRow => ({
  ...blankRow({
    id: 'req_1',
    createdAtMs: Date.parse('2026-12-01T10:00:00.123Z'),
    tokenId: 'tok_1',
    accountId: 'acc_1',
    format: 'openai',
    endpoint: '/v1/chat/completions',
    requestedModel: 'fast',
    stream: true,
  }),
  ttfbMs: 300,
  durationMs: 1_200,
  ...fields,
});

const viewOf = (fields: Partial<LogRow> = {}) => generationView(row(fields), 'openai').data;

it('names the model that answered, and the requested one if it is the same or none answered', () => {
  expect(viewOf({ servedModel: 'gpt-4o' }).model).toBe('gpt-4o');
  expect(viewOf().model).toBe('fast');
  expect(viewOf({ requestedModel: null }).model).toBe('');
});

it('tells the whole time, and that of a streamed answer after its first byte', () => {
  expect(viewOf()).toMatchObject({ latency: 1_200, generation_time: 900 });
  expect(viewOf({ stream: false })).toMatchObject({ latency: 1_200, generation_time: 1_200 });
  expect(viewOf({ durationMs: null })).toMatchObject({ latency: null, generation_time: null });
});

it('tells cost, tokens, and attribution', () => {
  const counts = { inputTokens: 10, outputTokens: 25, reasoningTokens: 5, cachedTokens: 3 };
  const charge = { source: 'table' as const, tier: 'flex', items: [] };
  expect(viewOf({ ...counts, costNanoUsd: 1_500_001, charge, endUser: 'u', session: 's' })).toMatchObject({
    created_at: '2026-12-01T10:00:00.123Z',
    total_cost: 0.001500001,
    usage: 0.001500001,
    tokens_prompt: 10,
    tokens_completion: 25,
    native_tokens_prompt: 10,
    native_tokens_completion: 25,
    native_tokens_reasoning: 5,
    native_tokens_cached: 3,
    service_tier: 'flex',
    external_user: 'u',
    session_id: 's',
    cancelled: false,
  });
  expect(viewOf({ costNanoUsd: null, errorCode: 'client_left' })).toMatchObject({
    total_cost: 0,
    cancelled: true,
  });
});

it.each([
  ['/v1/chat/completions', 'completions'],
  ['/v1/responses', 'completions'],
  ['/v1/messages', 'completions'],
  ['streamGenerateContent', 'completions'],
  ['/v1/embeddings', 'embeddings'],
  ['batchEmbedContents', 'embeddings'],
  ['/v1/rerank', 'rerank'],
  ['/v1/audio/speech', 'tts'],
  ['/v1/audio/transcriptions', 'stt'],
  ['/v1/images/generations', 'image'],
  ['/v1/moderations', null],
])('names the kind of %s: %s', (endpoint, type) => {
  expect(viewOf({ endpoint }).api_type).toBe(type);
});

it('has every member that OpenRouter’s SDK requires (1.3.19, GenerationResponseData)', () => {
  const required =
    `api_type app_id cache_discount cancelled created_at data_region external_user finish_reason
    generation_time http_referer id is_byok latency model moderation_latency native_finish_reason native_tokens_cached
    native_tokens_completion native_tokens_completion_images native_tokens_prompt native_tokens_reasoning num_fetches
    num_input_audio_prompt num_media_completion num_media_prompt num_search_results origin preset_id provider_name
    provider_responses router service_tier streamed tokens_completion tokens_prompt total_cost upstream_id
    upstream_inference_cost usage user_agent web_search_engine workspace_id`.split(/\s+/);
  expect(Object.keys(viewOf())).toEqual(expect.arrayContaining(required));
});
