// GET /v1/models in four shapes, and GET /demo/models.
import { type DemoAnswer, type Json, jsonAnswer } from './exchange.ts';
import { demoModels } from './models.ts';

const since = '2024-10-22T00:00:00Z';

/** All models by provider, which the relay's demo channels serve. */
export function demoModelList(): DemoAnswer {
  return jsonAnswer({
    openai: [...demoModels.openai],
    anthropic: [...demoModels.anthropic],
    gemini: [...demoModels.gemini],
    cohere: [...demoModels.cohere],
  });
}

export function openaiModelList(): DemoAnswer {
  const created = Date.parse(since) / 1000;
  return jsonAnswer({
    object: 'list',
    data: demoModels.openai.map((id) => ({ id, object: 'model', created, owned_by: 'demo' })),
  });
}

export function anthropicModelList(): DemoAnswer {
  const data: Json[] = demoModels.anthropic.map((id) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: since,
  }));
  return jsonAnswer({
    data,
    has_more: false,
    first_id: demoModels.anthropic[0],
    last_id: demoModels.anthropic.at(-1) ?? null,
  });
}

/** https://docs.cohere.com/v1/reference/list-models (2026-11). */
export function cohereModelList(): DemoAnswer {
  return jsonAnswer({ models: demoModels.cohere.map((name) => ({ name, endpoints: ['rerank'] })) });
}

export function geminiModelList(): DemoAnswer {
  const supportedGenerationMethods = ['generateContent', 'countTokens', 'embedContent'];
  return jsonAnswer({
    models: demoModels.gemini.map((id) => ({
      name: `models/${id}`,
      displayName: id,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 8192,
      supportedGenerationMethods,
    })),
  });
}
