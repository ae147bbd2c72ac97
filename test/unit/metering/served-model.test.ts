// Determines which model answered if an upstream may fall back to another.
import { describe, expect, it } from 'vitest';
import { createMeter } from '../../../src/formats/meter.ts';
import { isSameModel } from '../../../src/metering/price-table.ts';
import { answeringModel, servedModelOf } from '../../../src/metering/served-model.ts';
import { allFixtures, haveFixtures, kindOf, meterOf, reportSkippedReplay } from '../../support/fixtures.ts';
import { formatOf } from '../../support/formats.ts';

describe('two model names', () => {
  it.each([
    ['gpt-4o', 'gpt-4o-2024-11-20'],
    ['gpt-4o', 'openai/gpt-4o'],
    ['openai/gpt-4o', 'gpt-4o:nitro'],
    ['deepseek/deepseek-r1', 'deepseek/deepseek-r1:free'],
    ['gemini-2.5-pro', 'models/gemini-2.5-pro'],
    ['gemini-2.5-pro', 'publishers/google/models/gemini-2.5-pro'],
    ['gemini-2.0-flash', 'gemini-2.0-flash-001'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    ['claude-sonnet-4-5', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5@20250929'],
    ['anthropic/claude-opus-4.5', 'anthropic/claude-4.5-opus-20251124'],
    ['mistral-large-latest', 'mistral-large-2411'],
  ])('match: %s and %s', (one, other) => {
    expect(isSameModel(one, other)).toBe(true);
  });

  it.each([
    ['gpt-4o', 'gpt-4o-mini'],
    ['gpt-4o', 'gpt-4.1'],
    ['claude-opus-4-5', 'claude-opus-4-6'],
    ['claude-fable-5', 'claude-opus-4-8'],
    ['openai/o1', 'openai/o1-pro'],
    ['gemini-2.5-flash', 'gemini-2.5-flash-lite'],
  ])('differ: %s and %s', (one, other) => {
    expect(isSameModel(one, other)).toBe(false);
  });
});

function answered(id: string, body: object) {
  const meter = createMeter(formatOf(id), 'json');
  meter.push(new TextEncoder().encode(JSON.stringify(body)));
  meter.end();
  return meter;
}

describe('the model that served', () => {
  const by = (model: string) => answered('openai-chat', { model, choices: [] });
  const names = ['openai/gpt-4o-mini'];

  it('is the requested one if the request names no other', () => {
    for (const request of [{}, { models: [] }, { models: 'x' }, { model: 'my-deployment' }])
      expect(servedModelOf(request, names, by('openai/o1-pro'))).toBe(null);
  });

  it('is the one that answered, of those that the request names', () => {
    const models = ['openai/gpt-4o-mini', 'openai/o1-pro'];
    expect(servedModelOf({ models }, names, by('openai/gpt-4o-mini-2024-07-18'))).toBe(null);
    expect(servedModelOf({ models }, names, by('openai/o1-pro-2025-03-19'))).toEqual({
      named: 'openai/o1-pro',
      others: models,
    });
    expect(servedModelOf({ fallbacks: ['openai/o1-pro'] }, names, by('o1-pro'))?.named).toBe('openai/o1-pro');
  });

  it('is the one that answered if the provider chooses', () => {
    for (const request of [{ preset: 'p' }, { model: '@preset/p' }, { model: 'openrouter/auto' }])
      expect(servedModelOf(request, names, by('openai/o1-pro'))?.named).toBe('openai/o1-pro');
  });

  it('is the model in Anthropic’s `fallback_message`, whatever the request named', () => {
    const usage = (model: string) => ({
      usage: {
        input_tokens: 4,
        output_tokens: 2,
        iterations: [
          { type: 'message', model: 'claude-fable-5', input_tokens: 4, output_tokens: 0 },
          { type: 'fallback_message', model, input_tokens: 4, output_tokens: 2 },
        ],
      },
    });
    const meter = answered('anthropic-messages', {
      type: 'message',
      model: 'claude-opus-4-8',
      ...usage('claude-opus-4-8'),
    });
    expect(servedModelOf({ fallbacks: 'default' }, ['claude-fable-5'], meter)?.named).toBe('claude-opus-4-8');
    expect(meter.otherModelUsage).toEqual([]);
    expect(servedModelOf({}, ['claude-opus-4-8'], meter)).toBe(null);
  });

  it('excludes what another model wrote before it declined, which has that model’s price', () => {
    const iterations = [
      { type: 'message', model: 'claude-fable-5', input_tokens: 4, output_tokens: 30 },
      { type: 'message', model: 'claude-opus-4-8', input_tokens: 5, output_tokens: 3 },
      { type: 'fallback_message', model: 'claude-opus-4-8', input_tokens: 4, output_tokens: 2 },
    ];
    const meter = answered('anthropic-messages', {
      type: 'message',
      usage: { input_tokens: 9, output_tokens: 5, iterations },
    });
    expect(meter.otherModelUsage).toMatchObject([
      { model: 'claude-fable-5', usage: { inputTokens: 4, outputTokens: 30 } },
    ]);
    expect(meter.usage()).toMatchObject({ inputTokens: 9, outputTokens: 5 });
  });
});

describe('answeringModel', () => {
  const answerOf = (model: string) => {
    const meter = createMeter(formatOf('openai-chat'), 'json');
    meter.push(new TextEncoder().encode(JSON.stringify({ model, choices: [] })));
    meter.end();
    return meter;
  };
  const answering = (requested: string, answered: string, upstreamModel = requested, request: object = {}) =>
    answeringModel({ model: requested, ...request }, { model: requested, upstreamModel }, answerOf(answered));

  it.each([
    ['the same name', 'gpt-4o', 'gpt-4o'],
    ['a dated snapshot', 'gpt-4o', 'gpt-4o-2024-08-06'],
    ['an older snapshot', 'gpt-3.5-turbo', 'gpt-3.5-turbo-0613'],
    ['a snapshot of Anthropic', 'claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    ['another order of words', 'anthropic/claude-haiku-4.5', 'anthropic/claude-4.5-haiku-20251001'],
    ['the name of a deployment', 'openllmetry-testing', 'gpt-4.1-mini-2025-04-14'],
    ['a path of a gateway', 'deepseek-ai/DeepSeek-V4-Pro-0813', 'accounts/fireworks/models/deepseek-v4-pro'],
    ['a file', 'Qwen3-1.7B-Q4_K_M', '/models/Qwen3-1.7B-Q4_K_M.gguf'],
    ['what a pointer stands for', 'deepseek-reasoner', 'deepseek-v4-flash'],
    ['the newest of a family', 'mistral-medium-latest', 'mistral-medium-3-5'],
  ])('takes %s for the requested model', (_, requested, answered) => {
    expect(answering(requested, answered)).toEqual({ name: requested, isSubstitute: false });
  });

  it.each([
    ['gpt-4.1-mini', 'moonshotai/kimi-k2'],
    ['gpt-5', 'gpt-5-mini-2025-08-07'],
    ['grok-4-0709', 'grok-4.3'],
  ])('recognizes that %s was answered by %s', (requested, answered) => {
    expect(answering(requested, answered)).toEqual({ name: answered, isSubstitute: true });
  });

  it('compares with the name that the upstream got', () => {
    expect(answering('smart', 'gpt-5', 'gpt-5')).toEqual({ name: 'smart', isSubstitute: false });
    expect(answering('gpt-4o', 'gpt-4o-2024-08-06', 'my-deployment')).toMatchObject({ isSubstitute: false });
  });

  it('does not call a fallback that the request names a substitute', () => {
    const request = { models: ['gpt-5-mini'] };
    expect(answering('gpt-5', 'gpt-5-mini', 'gpt-5', request)).toEqual({
      name: 'gpt-5-mini',
      isSubstitute: false,
    });
  });
});

describe('recordings', () => {
  reportSkippedReplay();
  const pairs = allFixtures().flatMap((fixture) => {
    const { model } = (fixture.request ?? {}) as { model?: string };
    if (kindOf(fixture) === null || model === undefined) return [];
    const answered = answeringModel({ model }, { model, upstreamModel: model }, meterOf(fixture));
    return answered.isSubstitute ? [`${model} → ${answered.name}`] : [];
  });

  it.runIf(haveFixtures)('have another model in the answers of those upstreams only that replaced it', () => {
    expect([...new Set(pairs)].sort()).toEqual([
      'gpt-4.1-mini → moonshotai/kimi-k2',
      'grok-4-0709 → grok-4.3',
    ]);
  });
});
