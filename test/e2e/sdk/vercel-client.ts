// The Vercel AI SDK's three providers, each in its own format.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type LanguageModel, streamText } from 'ai';
import { describe, expect, it } from 'vitest';
import { baseUrlForms, collect, type SdkWorld } from '../../support/sdk-world.ts';

const prompt = 'Hello relay';
type Maker = (settings: { apiKey: string; baseURL: string }) => LanguageModel;

const makers: Readonly<Record<string, Maker>> = {
  'OpenAI, responses': (settings) => createOpenAI(settings)('gpt-4o'),
  'OpenAI, chat': (settings) => createOpenAI(settings).chat('gpt-4o'),
  Anthropic: (settings) => createAnthropic(settings)('claude-3-5-sonnet-20241022'),
  Google: (settings) => createGoogleGenerativeAI(settings)('gemini-2.0-flash'),
};

/** Defines the tests; `world` exists when they run. */
export function vercelClientTests(world: () => SdkWorld): void {
  describe.concurrent.each(Object.entries(makers))('the Vercel AI SDK, %s', (_name, make) => {
    it.each(baseUrlForms)('generates and streams text with %s as base URL', async (_what, of) => {
      const { relay, token } = world();
      const model = make({ apiKey: token, baseURL: of(relay.url) });
      const answer = await generateText({ model, prompt, maxOutputTokens: 500, maxRetries: 0 });
      expect(answer.text).toContain(prompt);
      expect(answer.usage.outputTokens).toBeGreaterThan(0);
      const stream = streamText({ model, prompt, maxOutputTokens: 500, maxRetries: 0 });
      expect((await collect(stream.textStream)).join('')).toContain(prompt);
      expect((await stream.usage).outputTokens).toBeGreaterThan(0);
      expect(await stream.finishReason).toBe('stop');
    });
  });
}
