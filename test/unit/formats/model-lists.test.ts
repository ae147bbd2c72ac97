// The lists of models as the official SDKs' types have them.
import type { ModelInfo } from '@anthropic-ai/sdk/resources/models';
import type { Model as GeminiModel } from '@google/genai';
import type { Model as OpenaiModel } from 'openai/resources/models';
import { describe, expect, it } from 'vitest';
import { codexList } from '../../../src/formats/codex-models.ts';
import {
  anthropicModel,
  geminiModel,
  type ListedModel,
  openaiModel,
} from '../../../src/formats/model-lists.ts';

const known: ListedModel = {
  id: 'claude-opus-5-5',
  name: 'Claude Opus 5.5',
  owner: 'anthropic',
  context: 1_000_000,
  output: 128_000,
  input: ['text', 'image'],
  efforts: ['low', 'medium', 'high', 'max'],
  price: {
    input: 4_000_000,
    output: 20_000_000,
    cacheRead: 250_000,
    cacheWrite: null,
    reasoning: null,
    image: null,
    request: 0,
    webSearch: 10_000_000_000,
  },
  endsOn: '2027-05-07',
};
const unknown: ListedModel = {
  id: 'a-model-2025-03-04',
  name: null,
  owner: 'openai-compatible',
  context: null,
  output: null,
  input: null,
  efforts: null,
  price: null,
  endsOn: null,
};

describe('OpenAI’s shape', () => {
  it('has OpenRouter’s members with prices as decimals of USD', () => {
    const model = openaiModel(known) as OpenaiModel & Record<string, unknown>;
    expect(model).toEqual({
      id: 'claude-opus-5-5',
      object: 'model',
      created: 0,
      owned_by: 'anthropic',
      shutdown_date: '2027-05-07',
      name: 'Claude Opus 5.5',
      context_length: 1_000_000,
      context_window: 1_000_000,
      canonical_slug: 'claude-opus-5-5',
      default_parameters: null,
      per_request_limits: null,
      supported_voices: null,
      links: { details: '/v1/models/claude-opus-5-5' },
      architecture: { modality: null, input_modalities: ['text', 'image'], output_modalities: ['text'] },
      top_provider: { is_moderated: false, context_length: 1_000_000, max_completion_tokens: 128_000 },
      supported_parameters: expect.arrayContaining(['tools', 'reasoning', 'stop']),
      pricing: {
        prompt: '0.000004',
        completion: '0.00002',
        input_cache_read: '0.00000025',
        web_search: '0.01',
      },
      expiration_date: '2027-05-07',
    });
    expect(model.supported_parameters).not.toContain('temperature');
  });

  it('leaves out unknown values, and takes the release from a dated name', () => {
    const created = Date.UTC(2025, 2, 4) / 1000;
    expect(openaiModel(unknown)).toEqual({
      id: unknown.id,
      object: 'model',
      created,
      owned_by: 'openai-compatible',
      shutdown_date: null,
    });
  });
});

describe('Anthropic’s shape', () => {
  it('has limits, capabilities, and the retirement', () => {
    const model = anthropicModel(known) as ModelInfo;
    expect(model).toMatchObject({
      display_name: 'Claude Opus 5.5',
      max_input_tokens: 1_000_000,
      max_tokens: 128_000,
      lifecycle: 'deprecated',
      retires_at: '2027-05-07T00:00:00Z',
    });
    expect(model.capabilities?.effort).toMatchObject({
      supported: true,
      max: { supported: true },
      xhigh: { supported: false },
    });
    expect(model.capabilities?.thinking.types.enabled.supported).toBe(false);
  });

  it('has null where nothing is known', () => {
    expect(anthropicModel(unknown)).toMatchObject({
      display_name: unknown.id,
      created_at: '2025-03-04T00:00:00Z',
      max_input_tokens: null,
      max_tokens: null,
      capabilities: null,
      lifecycle: 'active',
      retires_at: null,
    });
  });
});

describe('Gemini’s shape', () => {
  it('has limits and thinking', () => {
    const model = geminiModel(known) as GeminiModel;
    expect(model).toMatchObject({ inputTokenLimit: 1_000_000, outputTokenLimit: 128_000, thinking: true });
    expect(geminiModel(unknown)).not.toHaveProperty('inputTokenLimit');
  });

  it('names the methods of embeddings', () => {
    const model = geminiModel({ ...unknown, id: 'gemini-embedding-001' });
    expect(model).toMatchObject({
      supportedGenerationMethods: ['embedContent', 'batchEmbedContents', 'countTokens'],
    });
  });
});

describe('Codex’s list', () => {
  it('has models with a known context, and every member that Codex requires', () => {
    const { models } = codexList([unknown, known]) as { models: Record<string, unknown>[] };
    expect(models.map(({ slug }) => slug)).toEqual(['claude-opus-5-5']);
    const required = [
      'display_name',
      'supported_reasoning_levels',
      'shell_type',
      'visibility',
      'supported_in_api',
      'priority',
      'base_instructions',
      'support_verbosity',
      'truncation_policy',
      'supports_parallel_tool_calls',
      'experimental_supported_tools',
    ];
    expect(Object.keys(models[0] ?? {})).toEqual(expect.arrayContaining(required));
    expect(models[0]?.base_instructions).not.toBe('');
    expect(models[0]).toMatchObject({ context_window: 1_000_000, default_reasoning_level: 'medium' });
  });
});
