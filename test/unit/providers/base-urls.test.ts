// Tests the base URLs that an operator may enter, and the URLs that are called.
import { describe, expect, it } from 'vitest';
import { baseUrlOf } from '../../../src/providers/provider.ts';
import type { ProviderName } from '../../../src/providers/provider-name.ts';
import { providers } from '../../../src/providers/registry.ts';
import { bareBaseUrl } from '../../../src/providers/version-prefix.ts';
import { targetOf } from './target.ts';

const called = (provider: ProviderName, address: string, operation: 'chat-completions' | 'messages') =>
  providers[provider].url(targetOf({ baseUrl: baseUrlOf(providers[provider], address), operation }));

describe('an OpenAI-compatible base URL', () => {
  it.each([
    'https://host.test',
    'https://host.test/',
    'https://host.test/v1',
    'https://host.test/v1/',
    'https://host.test/v1/v1',
    'https://host.test/v1//v1/',
    'https://host.test/v1/v1/v1',
    'https://host.test/v1/chat/completions',
    'https://host.test/v1/chat/completions/',
    'https://host.test/v1/v1/chat/completions',
    'https://host.test/v1/responses',
    'https://host.test/v1/embeddings',
  ])('can be written as %s', (address) => {
    for (const provider of ['openai', 'openai-compatible'] as const)
      expect(called(provider, address, 'chat-completions')).toBe('https://host.test/v1/chat/completions');
  });

  it.each([
    ['https://host.test/openai/v1', 'https://host.test/openai/v1/chat/completions'],
    ['https://api.z.ai/api/paas/v4/chat/completions', 'https://api.z.ai/api/paas/v4/chat/completions'],
    ['https://host.test/v1/v2', 'https://host.test/v1/v2/chat/completions'],
    ['https://host.test/models', 'https://host.test/models/chat/completions'],
  ])('turns %s into %s', (address, url) => {
    expect(called('openai-compatible', address, 'chat-completions')).toBe(url);
  });
});

it.each([
  'https://host.test',
  'https://host.test/v1',
  'https://host.test/v1/v1',
  'https://host.test/v1/messages',
])('accepts %s for Messages at the same host', (address) => {
  expect(called('anthropic', address, 'messages')).toBe('https://host.test/v1/messages');
});

it.each([
  ['https://host.test/v1beta/v1beta', 'https://host.test/v1beta'],
  ['https://host.test/v1beta/models/gemini-2.5-pro:generateContent', 'https://host.test/v1beta'],
  ['https://a.test/openai/v1/v1?api-version=preview', 'https://a.test/openai/v1?api-version=preview'],
  ['https://host.test/v10/v1', 'https://host.test/v10/v1'],
])('recognizes %s as %s', (address, bare) => {
  expect(bareBaseUrl(address)).toBe(bare);
});
