// Plays a tool loop with signed thoughts as an imitated model and an ordinary client.
import type { Format, Question, Script } from './script.ts';
import { upstreamFormats } from './upstream-formats.ts';
import type { Json } from './wire.ts';

/** The imitated model's thought, and its signature. */
const thought = {
  text: 'They want the weather.\n\n"Both" cities, I think – 两个城市.',
  signature: 'U2lnbmVkK2J5L3RoZV91cHN0cmVhbQ==',
};
export const calls = [
  { id: 'toolu_01Abc', name: 'get_weather', args: { place: 'Paris' } },
  { id: 'toolu_02Def', name: 'get_weather', args: { place: 'Rome' } },
];
const usage = { input: 10, cached: 0, output: 20, reasoning: 10 };
/** Text is between the thought and the calls, as in Claude's answers. */
const firstTurn: Script = { thought, text: 'I ask for both.', calls, stop: 'calls', usage };
export const secondTurn: Script = { text: 'Rain in Paris, sun in Rome.', stop: 'stop', usage };

export const toolQuestion: Question = {
  turns: [{ role: 'user', text: 'The weather in Paris and Rome?' }],
  tools: [{ name: 'get_weather', schema: { type: 'object', properties: { place: { type: 'string' } } } }],
  effort: 'medium',
};
const results = ['rain', 'sun'];

/**
 * Answers the second turn as strictly as the real providers. A model without signatures (chat) requires its
 * thought back unchanged.
 */
export function secondTurnOrRefusal(format: Format, body: Json): Script | { refuse: string } {
  const view = upstreamFormats[format].view(body);
  if (view.calls.length === 0) return firstTurn;
  const signatures = format === 'openai-chat' ? [thought.text] : [thought.signature];
  if (JSON.stringify(view.signatures) !== JSON.stringify(signatures))
    return { refuse: `signatures: ${JSON.stringify(view.signatures)}` };
  if (!hasSignedText(format, body)) return { refuse: 'the signed text was changed' };
  const answers = ['get_weather: rain', 'get_weather: sun'];
  return JSON.stringify(view.results) === JSON.stringify(answers)
    ? secondTurn
    : { refuse: JSON.stringify(view.results) };
}

function hasSignedText(format: Format, body: Json): boolean {
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
      return first.thoughtSignature === thought.signature && second.thoughtSignature === undefined;
    }
    case 'openai-chat':
      return true;
  }
}

/** Returns the next request's turns for what the SDK returned. */
export const handBack: Record<Format, (body: Json, answer: Json) => Json> = {
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
    const { role, parts } = answer.candidates[0].content;
    // Drops thoughts, as Gemini CLI does.
    const content = { role, parts: parts.filter(({ thought }: Json) => !thought) };
    const made = content.parts.filter(({ functionCall }: Json) => functionCall);
    const outputs = made.map(({ functionCall: { id, name } }: Json, index: number) => ({
      functionResponse: { id, name, response: { output: results[index] } },
    }));
    return { ...body, contents: [...body.contents, content, { role: 'user', parts: outputs }] };
  },
};
