// OpenRouter's `GET /generation`. Shape: openrouter.ai/docs/api/api-reference/generations/get-generation, as of
// 2026-12-01. Pure.
import { usdFromNano } from '../../lib/money.ts';
import type { LogRow } from '../../metering/log-row.ts';

/** Writes the row of a request. `provider`: of the channel that answered; null if none did, or it is gone. */
export function generationView(row: LogRow, provider: string | null) {
  const costUsd = usdFromNano(row.costNanoUsd ?? 0);
  return {
    data: {
      id: row.id,
      request_id: row.id,
      model: row.servedModel ?? row.requestedModel ?? '',
      created_at: new Date(row.createdAtMs).toISOString(),
      api_type: apiTypeOf(row.endpoint),
      provider_name: provider,
      streamed: row.stream,
      cancelled: row.errorCode === 'client_left',
      total_cost: costUsd,
      usage: costUsd,
      ...tokensOf(row),
      // As it documents them: the whole request, and the part in which the answer was made.
      latency: row.durationMs,
      generation_time:
        row.durationMs === null || !row.stream ? row.durationMs : row.durationMs - (row.ttfbMs ?? 0),
      service_tier: row.charge?.tier ?? null,
      external_user: row.endUser ?? null,
      session_id: row.session ?? null,
      ...notLogged,
    },
  };
}

function tokensOf({ inputTokens, outputTokens, reasoningTokens, cachedTokens }: LogRow) {
  return {
    tokens_prompt: inputTokens,
    tokens_completion: outputTokens,
    native_tokens_prompt: inputTokens,
    native_tokens_completion: outputTokens,
    native_tokens_reasoning: reasoningTokens,
    native_tokens_cached: cachedTokens,
  };
}

/** What the relay does not log, or does not have. OpenRouter's SDKs (1.3.19) require the members. */
const notLogged = {
  finish_reason: null,
  native_finish_reason: null,
  native_tokens_completion_images: null,
  upstream_id: null,
  upstream_inference_cost: null,
  cache_discount: null,
  is_byok: false,
  moderation_latency: null,
  num_media_prompt: null,
  num_media_completion: null,
  num_input_audio_prompt: null,
  num_search_results: null,
  num_fetches: null,
  web_search_engine: null,
  app_id: null,
  origin: '',
  http_referer: null,
  user_agent: null,
  router: null,
  preset_id: null,
  provider_responses: null,
  response_cache_source_id: null,
  data_region: 'global',
  workspace_id: null,
};

const apiTypes: readonly [endpoint: RegExp, type: string][] = [
  [/embed/i, 'embeddings'],
  [/rerank/, 'rerank'],
  [/speech/, 'tts'],
  [/transcriptions|translations/, 'stt'],
  [/images/, 'image'],
  [/completions|responses|messages|generateContent/i, 'completions'],
];

function apiTypeOf(endpoint: string): string | null {
  return apiTypes.find(([pattern]) => pattern.test(endpoint))?.[1] ?? null;
}
