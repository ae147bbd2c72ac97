// A tool loop with thinking, from each SDK to each provider's format. The upstream seals its thoughts and, like the real
// ones, refuses the second turn unless its seal and what it sealed come back unchanged. Clients hand back what an ordinary
// one does: the SDK's own answer, and for chat only the members that the API documents.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { callers } from './callers.ts';
import { type Ask, type Format, formats, type Script } from './script.ts';
import { scriptedModel, upstreamFormats } from './upstream-formats.ts';
import type { Json } from './wire.ts';

let relay: TestRelay;
let upstream: TestUpstream;
let token: string;

const channels: Record<Format, { provider: string; model: string }> = {
  'openai-chat': { provider: 'openai-compatible', model: 'deepseek-reasoner' },
  // One of the models that OpenAI has in the Responses API only: chat clients reach it by translation.
  'openai-responses': { provider: 'openai', model: 'gpt-5.1-codex' },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-sonnet-4-5' },
  'gemini-generate': { provider: 'gemini', model: 'gemini-3-pro' },
};

const thought = {
  text: 'They want the weather.\n\n"Both" cities, I think – 两个城市.',
  seal: 'U2lnbmVkK2J5L3RoZV91cHN0cmVhbQ==',
};
const calls = [
  { id: 'toolu_01Abc', name: 'get_weather', args: { place: 'Paris' } },
  { id: 'toolu_02Def', name: 'get_weather', args: { place: 'Rome' } },
];
const usage = { input: 10, cached: 0, output: 20, reasoning: 10 };
const firstTurn: Script = { thought, calls, stop: 'calls', usage };
const secondTurn: Script = { text: 'Rain in Paris, sun in Rome.', stop: 'stop', usage };

const ask: Ask = {
  turns: [{ role: 'user', text: 'The weather in Paris and Rome?' }],
  tools: [{ name: 'get_weather', schema: { type: 'object', properties: { place: { type: 'string' } } } }],
  effort: 'medium',
};
const results = ['rain', 'sun'];

/** As strict as the real ones. A model that seals nothing (chat) wants its thought back as it was. */
function secondTurnOrRefusal(format: Format, body: Json): Script | { refuse: string } {
  const heard = upstreamFormats[format].heard(body);
  if (heard.calls.length === 0) return firstTurn;
  const seals = format === 'openai-chat' ? [thought.text] : [thought.seal];
  if (JSON.stringify(heard.seals) !== JSON.stringify(seals))
    return { refuse: `seals: ${JSON.stringify(heard.seals)}` };
  if (!sealedText(format, body)) return { refuse: 'what was sealed was changed' };
  const answers = ['get_weather: rain', 'get_weather: sun'];
  return JSON.stringify(heard.results) === JSON.stringify(answers)
    ? secondTurn
    : { refuse: JSON.stringify(heard.results) };
}

function sealedText(format: Format, body: Json): boolean {
  switch (format) {
    case 'anthropic-messages': {
      const turn = body.messages.find(({ role }: Json) => role === 'assistant');
      // The thought begins the turn, and the ids of the calls are the upstream's own.
      const ids = turn.content.filter(({ type }: Json) => type === 'tool_use').map(({ id }: Json) => id);
      return turn.content[0].thinking === thought.text && ids.join() === calls.map(({ id }) => id).join();
    }
    case 'openai-responses': {
      const item = body.input.find(({ type }: Json) => type === 'reasoning');
      return item.id === 'rs_upstream' && item.summary[0].text === thought.text;
    }
    case 'gemini-generate': {
      const turn = body.contents.find(({ role }: Json) => role === 'model');
      const [first, second] = turn.parts.filter(({ functionCall }: Json) => functionCall);
      return first.thoughtSignature === thought.seal && second.thoughtSignature === undefined;
    }
    case 'openai-chat':
      return true;
  }
}

/** The next request's turns, by what the SDK gave. */
const handBack: Record<Format, (body: Json, answer: Json) => Json> = {
  'openai-chat': (body, answer) => {
    const { role, content, tool_calls } = answer.choices[0].message;
    const outputs = tool_calls.map(({ id }: Json, index: number) => ({
      role: 'tool',
      tool_call_id: id,
      content: results[index],
    }));
    return { ...body, messages: [...body.messages, { role, content, tool_calls }, ...outputs] };
  },
  'openai-responses': (body, answer) => {
    const made = answer.output.filter(({ type }: Json) => type === 'function_call');
    const outputs = made.map(({ call_id }: Json, index: number) => ({
      type: 'function_call_output',
      call_id,
      output: results[index],
    }));
    return { ...body, input: [...body.input, ...answer.output, ...outputs] };
  },
  'anthropic-messages': (body, answer) => {
    const made = answer.content.filter(({ type }: Json) => type === 'tool_use');
    const outputs = made.map(({ id }: Json, index: number) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: results[index],
    }));
    return {
      ...body,
      messages: [
        ...body.messages,
        { role: 'assistant', content: answer.content },
        { role: 'user', content: outputs },
      ],
    };
  },
  'gemini-generate': (body, answer) => {
    const { content } = answer.candidates[0];
    const made = content.parts.filter(({ functionCall }: Json) => functionCall);
    const outputs = made.map(({ functionCall: { id, name } }: Json, index: number) => ({
      functionResponse: { id, name, response: { output: results[index] } },
    }));
    return { ...body, contents: [...body.contents, content, { role: 'user', parts: outputs }] };
  },
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

describe.concurrent('a tool loop with sealed thoughts', () => {
  for (const { caller, channel } of pairs) {
    it.each([false, true])(`${caller} → ${channel}, streamed: %s`, async (stream) => {
      const { body, call } = callers[caller];
      const target = { url: relay.url, token };
      const question = body(ask, channels[channel].model);
      const first = await call(target, question, stream);
      expect(first.told.calls).toEqual(calls.map(({ name, args }) => ({ name, args })));
      const next = handBack[caller](question, first.answer);
      const second = await call(target, next, stream);
      expect(second.told.text).toBe(secondTurn.text);
    });
  }
});

describe.concurrent('a conversation that changes its provider', () => {
  for (const caller of formats) {
    it(`goes on from ${caller}: the other provider’s seals stay away`, async () => {
      const { body, call } = callers[caller];
      const target = { url: relay.url, token };
      const origin = caller === 'anthropic-messages' ? 'gemini-generate' : 'anthropic-messages';
      const question = body(ask, channels[origin].model);
      const first = await call(target, question, false);
      for (const { model } of Object.values(channels)) {
        if (model === channels[origin].model) continue;
        const next = { ...handBack[caller](question, first.answer), model };
        const refused = await call(target, next, false).then(
          () => 'answered',
          (error: Error) => error.message,
        );
        // This upstream refuses a missing seal; it must never see another one's, nor a carry.
        if (refused !== 'answered') expect(refused).not.toMatch(/eyJvbzgi|U2lnbmVk/);
      }
    });
  }
});
