// Determines which model answered if an upstream may fall back to another.
import { describe, expect, it } from 'vitest';
import { createMeter } from '../../../src/formats/meter.ts';
import { isSameModel, servedModelOf } from '../../../src/metering/served-model.ts';
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
