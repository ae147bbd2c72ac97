// Runs a tool loop with thinking from each SDK to each provider's format. Like the real ones, the upstream signs
// its thoughts and refuses the second turn unless the signature and the signed text return unchanged. Clients send
// back what an ordinary client does: the SDK's own answer, and for chat only the members that the API documents.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../../support/upstream.ts';
import { callers } from './callers.ts';
import { type Format, formats } from './script.ts';
import { calls, handBack, secondTurn, secondTurnOrRefusal, toolQuestion } from './tool-loop.ts';
import { scriptedModel } from './upstream-formats.ts';

let relay: TestRelay;
let upstream: TestUpstream;
let token: string;

const channels: Record<Format, { provider: string; model: string }> = {
  'openai-chat': { provider: 'openai-compatible', model: 'deepseek-reasoner' },
  // One of the models that OpenAI serves in the Responses API only: chat clients reach it by translation.
  'openai-responses': { provider: 'openai', model: 'gpt-5.1-codex' },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-sonnet-4-5' },
  'gemini-generate': { provider: 'gemini', model: 'gemini-3-pro' },
};

beforeAll(async () => {
  upstream = await startUpstream(scriptedModel((format, body) => secondTurnOrRefusal(format, body)));
  relay = await startRelay();
  for (const format of formats) {
    const { provider, model } = channels[format];
    await relay.channel({
      name: format,
      provider,
      base_url: upstream.url,
      keys: ['upstream-key'],
      models: [model],
    });
  }
  ({ token } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), upstream?.stop()]);
});

const pairs = formats.flatMap((caller) =>
  formats.filter((channel) => channel !== caller).map((channel) => ({ caller, channel })),
);

describe.concurrent('a tool loop with signed thoughts', () => {
  for (const { caller, channel } of pairs) {
    it.each([false, true])(`works for ${caller} → ${channel}, streamed: %s`, async (stream) => {
      const { body, call } = callers[caller];
      const target = { url: relay.url, token };
      const question = body(toolQuestion, channels[channel].model);
      const first = await call(target, question, stream);
      expect(first.view.calls).toEqual(calls.map(({ name, args }) => ({ name, args })));
      const next = handBack[caller](question, first.answer);
      const second = await call(target, next, stream);
      expect(second.view.text).toBe(secondTurn.text);
    });
  }
});

describe.concurrent('a conversation that changes provider', () => {
  for (const caller of formats) {
    it(`continues for ${caller} without the other provider’s signatures`, async () => {
      const { body, call } = callers[caller];
      const target = { url: relay.url, token };
      const origin = caller === 'anthropic-messages' ? 'gemini-generate' : 'anthropic-messages';
      const question = body(toolQuestion, channels[origin].model);
      const first = await call(target, question, false);
      for (const { model } of Object.values(channels)) {
        if (model === channels[origin].model) continue;
        const next = { ...handBack[caller](question, first.answer), model };
        const refused = await call(target, next, false).then(
          () => 'answered',
          (error: Error) => error.message,
        );
        // This upstream refuses a missing signature; it must never see another one's, nor a portable state.
        if (refused !== 'answered') expect(refused).not.toMatch(/eyJvbzgi|U2lnbmVk/);
      }
    });
  }
});
