import { expect, it } from 'vitest';
import { extractModelData, modelDataText, type SourceModel } from '../../../src/cli/model-data/extract.ts';

const chat: SourceModel = {
  id: 'thinker',
  type: 'chat',
  name: 'The Thinker',
  baseUrl: 'https://api.example.com/v1',
  reasoning: true,
  input: ['text', 'image'],
  contextWindow: 1_000,
  maxTokens: 100,
  thinkingLevelMap: { minimal: null, high: 'high', max: 'max', xhigh: null },
};

it('keeps limits, modalities, and the levels that a model takes', () => {
  const { maker } = extractModelData({ maker: [chat] });
  expect(maker).toEqual({
    hosts: ['api.example.com'],
    models: {
      thinker: {
        name: 'The Thinker',
        context: 1_000,
        output: 100,
        input: ['text', 'image'],
        efforts: ['low', 'medium', 'high', 'max'],
      },
    },
  });
});

it('leaves out unknown limits, levels of models that do not reason, and what is no chat model', () => {
  const { thinkingLevelMap: _levels, contextWindow: _context, maxTokens: _most, ...rest } = chat;
  const plain = { ...rest, id: 'plain', reasoning: false };
  const { maker } = extractModelData({ maker: [plain, { ...chat, id: 'other', type: 'image' }] });
  expect(maker?.models).toEqual({ plain: { name: 'The Thinker', input: ['text', 'image'] } });
});

it('leaves out subscriptions, gateways of programs, and providers without chat models', () => {
  const files = {
    'kimi-coding': [chat],
    opencode: [chat],
    'minimax-cn': [chat],
    images: [{ ...chat, type: 'image' }],
  };
  expect(extractModelData(files)).toEqual({});
});

it('writes JSON with a line for each model', () => {
  const providers = extractModelData({ one: [chat, { ...chat, id: 'again' }], two: [chat] });
  const text = modelDataText({ version: '1' }, providers);
  expect(JSON.parse(text)).toEqual({ source: { version: '1' }, providers });
  expect(
    text.split('\n').filter((line) => line.startsWith('"again"') || line.startsWith('"thinker"')),
  ).toHaveLength(3);
});
