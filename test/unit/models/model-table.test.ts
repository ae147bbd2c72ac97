import { describe, expect, it } from 'vitest';
import { openaiModelTraits } from '../../../src/formats/openai-models.ts';
import { loadModelTable, type ModelRow, ModelTable } from '../../../src/models/model-table.ts';

const row = (name: string): ModelRow => ({ name, context: 1, input: ['text'] });
const rows = (hosts: string[], names: string[]) => ({
  hosts,
  models: Object.fromEntries(names.map((name) => [name, row(`${hosts[0]} ${name}`)])),
});

const table = new ModelTable({
  openai: rows(['api.openai.com'], ['gpt-9', 'gpt-9-2030-01-02']),
  anthropic: rows(['api.anthropic.com'], ['claude-x']),
  groq: rows(['api.groq.com'], ['openai/gpt-9', 'llama']),
  openrouter: rows(['openrouter.ai'], ['openai/gpt-9', 'z-ai/glm']),
  'amazon-bedrock': rows(['bedrock.example'], ['us.anthropic.claude-x-v1:0']),
});
const nameOf = (...query: Parameters<ModelTable['find']>) => table.find(...query)?.name ?? null;

describe('ModelTable', () => {
  it.each([
    ['openai', 'gpt-9', null, 'api.openai.com gpt-9'],
    ['openai', 'gpt-9-2031-03-04', null, 'api.openai.com gpt-9'],
    ['openai', 'gpt-9-2030-01-02', null, 'api.openai.com gpt-9-2030-01-02'],
    ['openai', 'gpt-10', null, null],
    ['bedrock', 'us.anthropic.claude-x-v1:0', null, 'bedrock.example us.anthropic.claude-x-v1:0'],
    ['bedrock', 'eu.anthropic.claude-x-v1:0', null, 'api.anthropic.com claude-x'],
    ['openai-compatible', 'openai/gpt-9', 'https://api.groq.com/openai/v1', 'api.groq.com openai/gpt-9'],
    ['openai-compatible', 'llama', 'https://llama.example/v1', null],
    ['openai-compatible', 'z-ai/glm:free', 'https://other.example/v1', 'openrouter.ai z-ai/glm'],
    ['openai-compatible', 'anthropic/claude-x', 'https://other.example/v1', 'api.anthropic.com claude-x'],
    ['openai', 'constructor', null, null],
  ] as const)('finds %s %s at %s as %s', (provider, model, baseUrl, name) => {
    expect(nameOf(provider, model, baseUrl)).toBe(name);
  });
});

const current = {
  openai: ['gpt-6.2-sol', 'gpt-6.2-astra', 'gpt-6.1-terra', 'gpt-6-luna', 'gpt-5.5'],
  anthropic: ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1', 'claude-haiku-4-5'],
  gemini: ['gemini-3.8-flash', 'gemini-3.1-pro-preview', 'gemini-4-argon', 'gemini-3.5-flash-lite'],
} as const;
const compatible = {
  'https://api.x.ai/v1': ['grok-4.3', 'grok-4.5'],
  'https://api.mistral.ai/v1': ['mistral-large-latest', 'mistral-small-latest', 'codestral-latest'],
  'https://api.deepseek.com/v1': ['deepseek-flash', 'deepseek-v4-pro'],
};

describe('the extracted table', () => {
  it('has limits of every chat model of six providers', async () => {
    const loaded = await loadModelTable();
    for (const provider of ['openai', 'anthropic', 'gemini'] as const) {
      const names = loaded.namesOf(provider);
      expect(names).toEqual(expect.arrayContaining([...current[provider]]));
      for (const name of names)
        expect(loaded.find(provider, name, null), name).toMatchObject({
          context: expect.any(Number),
          output: expect.any(Number),
        });
    }
    for (const [baseUrl, names] of Object.entries(compatible))
      for (const name of names)
        expect(loaded.find('openai-compatible', name, baseUrl), name).toMatchObject({
          context: expect.any(Number),
          output: expect.any(Number),
        });
  });

  it("agrees with the rules of OpenAI's reasoning levels, which know `none` and names that the table lacks", async () => {
    const loaded = await loadModelTable();
    const compared = loaded.namesOf('openai').flatMap((name) => {
      const rules = openaiModelTraits(name).efforts;
      return rules === null ? [] : [{ name, rules: rules.filter((effort) => effort !== 'none') }];
    });
    expect(compared.length).toBeGreaterThan(25);
    for (const { name, rules } of compared)
      expect([name, loaded.find('openai', name, null)?.efforts]).toEqual([name, rules]);
  });
});
