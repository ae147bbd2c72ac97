// Finds the models that a request names besides its own, in any field.
import { expect, it } from 'vitest';
import { namesOtherModel, otherModelLimits, readOtherModels } from '../../../src/formats/other-models.ts';
import { modelNameLimits } from '../../../src/formats/request-checks.ts';
import { formatOf } from '../../support/formats.ts';

function named(body: object, id = 'openai-chat', own = ['own']) {
  const read = readOtherModels(formatOf(id), body, own);
  if (!read.ok) throw new Error(read.message);
  return read.models.map(({ name, param, role }) => [name, param, role]);
}

it.each([
  ['OpenRouter’s models', { model: 'own', models: ['own', 'other'] }, 'other', 'models[1]', 'answers'],
  [
    'fallbacks as objects',
    { fallbacks: [{ model: 'other', max_tokens: 9 }] },
    'other',
    'fallbacks[0].model',
    'answers',
  ],
  ['fallbacks as names', { fallbacks: ['other'] }, 'other', 'fallbacks[0]', 'answers'],
  [
    'Groq’s compound models',
    { compound_custom: { models: { answering_model: 'other' } } },
    'other',
    'compound_custom.models.answering_model',
    'answers',
  ],
  [
    'the advisor',
    { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'other' }] },
    'other',
    'tools[0].model',
    'assists',
  ],
  [
    'the image tool',
    { tools: [{ type: 'image_generation', model: 'other' }] },
    'other',
    'tools[0].model',
    'assists',
  ],
  [
    'the image tool’s author of SVG',
    { tools: [{ type: 'image_generation', svg: { model: 'other' } }] },
    'other',
    'tools[0].svg.model',
    'assists',
  ],
  [
    'parameters of a host’s tool',
    { tools: [{ type: 'openrouter:image', parameters: { model: 'other' } }] },
    'other',
    'tools[0].parameters.model',
    'assists',
  ],
  [
    'a plugin',
    { plugins: [{ id: 'auto-router', allowed_models: ['other'] }] },
    'other',
    'plugins[0].allowed_models[0]',
    'assists',
  ],
  [
    'a deployment',
    { data_sources: [{ parameters: { embedding_dependency: { deployment_name: 'other' } } }] },
    'other',
    'data_sources[0].parameters.embedding_dependency.deployment_name',
    'answers',
  ],
  [
    'camel case',
    { generationConfig: { routingConfig: { manualMode: { modelName: 'other' } } } },
    'other',
    'generationConfig.routingConfig.manualMode.modelName',
    'answers',
  ],
  ['an unknown field', { draft_model: 'other' }, 'other', 'draft_model', 'answers'],
  [
    'tools that an item of the input adds',
    { input: [{ type: 'additional_tools', tools: [{ type: 'image_generation', model: 'other' }] }] },
    'other',
    'input[0].tools[0].model',
    'assists',
  ],
])('finds other models in %s', (_, body, name, param, role) => {
  expect(named(body)).toEqual([[name, param, role]]);
});

it('ignores model names in messages, results, and schemas', () => {
  const body = {
    model: 'own',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'x', model: 'no' }], model: 'no' }],
    metadata: { model: 'no' },
    tools: [
      {
        type: 'function',
        function: {
          name: 'f',
          parameters: {
            type: 'object',
            properties: { model: { type: 'string', enum: ['no'] } },
            required: ['model'],
          },
        },
      },
      {
        name: 'g',
        input_schema: { properties: { models: { type: 'array' } } },
        input_examples: [{ model: 'no' }],
      },
    ],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { $defs: { model: { const: 'no' } } } },
    },
    documents: [{ text: 'x', model: 'no' }],
    stream_model: true,
    fallbacks: 'default',
  };
  expect(named(body)).toEqual([]);
  expect(
    named(
      { contents: [{ parts: [{ functionCall: { name: 'f', args: { model: 'no' } } }] }] },
      'gemini-generate',
    ),
  ).toEqual([]);
  expect(
    named(
      { prompt: { id: 'p', variables: { model: 'no' } }, input: [{ type: 'message', model: 'no' }] },
      'openai-responses',
    ),
  ).toEqual([]);
});

it('recognizes the requested model in Google’s resource names', () => {
  const requests = [
    { model: 'models/own' },
    { model: 'publishers/google/models/own' },
    { model: 'models/other' },
  ];
  expect(named({ requests }, 'gemini-embeddings')).toEqual([['other', 'requests[2].model', 'answers']]);
  expect(named({ generateContentRequest: { model: 'models/own' } }, 'gemini-generate')).toEqual([]);
});

it('ignores moderation models, which are free', () => {
  expect(named({ moderation: { model: 'omni-moderation-latest' } })).toEqual([]);
  expect(named({ moderation: { model: 'other' } })).toHaveLength(1);
});

it('counts the requested model as another one if a tool calls it', () => {
  expect(named({ tools: [{ type: 'advisor_20260301', model: 'own' }] })).toEqual([
    ['own', 'tools[0].model', 'assists'],
  ]);
});

it('refuses more names than the limit, and invalid names', () => {
  const most = Array.from({ length: otherModelLimits.names }, (_, index) => `m${index}`);
  expect(named({ models: most })).toHaveLength(otherModelLimits.names);
  expect(readOtherModels(formatOf('openai-chat'), { models: [...most, 'one-more'] }, [])).toMatchObject({
    ok: false,
    param: `models[${most.length}]`,
  });
  for (const name of [' other', 'other\n', 'x'.repeat(modelNameLimits.characters + 1)])
    expect(readOtherModels(formatOf('openai-chat'), { models: [name] }, [])).toMatchObject({
      ok: false,
      param: 'models[0]',
    });
});

it('finds the form fields that name models', () => {
  expect(['models', 'models[]', 'fallback_model', 'fallbacks'].filter(namesOtherModel)).toHaveLength(4);
  expect(['model', 'file', 'modes', 'model_kwargs', 'language'].filter(namesOtherModel)).toEqual([]);
});
