// Tests the presets of upstreams that imitate OpenAI's API.
import { describe, expect, it } from 'vitest';
import { presetNames } from '../../../src/providers/channel-settings.ts';
import { openaiCompatible } from '../../../src/providers/openai-compatible.ts';
import { chatFactsOf, presetOf, presets } from '../../../src/providers/presets.ts';
import { targetOf } from './target.ts';

describe('a preset', () => {
  it.each(presetNames)('%s has an address that is used unchanged', (name) => {
    const { baseUrl } = presets[name];
    const target = targetOf({ baseUrl, operation: 'chat-completions' });
    expect(openaiCompatible.url(target)).toBe(`${baseUrl}/chat/completions`);
    expect(openaiCompatible.models?.url(target, null)).toBe(`${baseUrl}/models`);
  });

  it('is recognized by its host or a host below it, and never by a local address', () => {
    expect(presetOf('https://api.mistral.ai/v1', {})).toBe(presets.mistral);
    expect(presetOf('https://eu.api.mistral.ai/v1', {})).toBe(presets.mistral);
    expect(presetOf('http://localhost:11434/v1', {})).toBeNull();
    expect(presetOf('https://mistral.ai.example.com', {})).toBeNull();
    expect(presetOf('https://gateway.example.com', { preset: 'groq' })).toBe(presets.groq);
  });

  it('determines whether there is a Responses API, unless the channel’s settings do', () => {
    const has = (baseUrl: string, settings = {}) =>
      openaiCompatible.operations({ baseUrl, settings }, 'm').has('responses');
    expect(has(presets.fireworks.baseUrl)).toBe(true);
    expect(has(presets.deepseek.baseUrl)).toBe(false);
    expect(has(presets.deepseek.baseUrl, { responsesApi: true })).toBe(true);
    expect(has(presets.fireworks.baseUrl, { responsesApi: false })).toBe(false);
  });

  it('does not apply to native providers', () => {
    const channel = { baseUrl: 'https://api.mistral.ai/v1', settings: {} };
    expect(chatFactsOf({ ...channel, provider: 'openai' })).toBeNull();
    expect(chatFactsOf({ ...channel, provider: 'openai-compatible' })).toBe(presets.mistral.chat);
  });
});
