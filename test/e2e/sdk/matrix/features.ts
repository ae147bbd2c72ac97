// Defines the matrix: the question, the model's answer, what must arrive on either side, and which formats lack
// it, with the reason. src/docs/formats-and-translation.md shows it as built.
import {
  type CallerView,
  type Counts,
  type Format,
  pdf,
  png,
  type Question,
  type Script,
  type UpstreamView,
  wav,
} from './script.ts';

/** Formats without the feature, with the reason; a cell of that caller or channel is omitted with that reason. */
type Cannot = Partial<Record<Format, string>>;

export interface Feature {
  name: string;
  question: Question;
  answer: Script;
  /** What the upstream must have understood. `null`: this channel has no such feature, and the caller is informed. */
  upstreamView?: Partial<UpstreamView>;
  callerView?: Partial<CallerView>;
  /** Callers whose format cannot request or receive this. */
  callerCannot?: Cannot;
  /** Channels whose format cannot: the request is sent all the same, and `x-relay-dropped` names what was omitted. */
  channelCannot?: Cannot;
}

const usage: Counts = { input: 120, cached: 40, output: 30, reasoning: 0 };
const thinkingUsage: Counts = { input: 120, cached: 40, output: 90, reasoning: 60 };
const weather = {
  name: 'get_weather',
  description: 'The weather of a place.',
  schema: {
    type: 'object',
    properties: { place: { type: 'string' }, unit: { type: 'string', enum: ['C', 'F'] } },
    required: ['place'],
  },
};
const hello: Question = { turns: [{ role: 'user', text: 'Hello' }] };
const answerOf = (text: string): Script => ({ text, stop: 'stop', usage });
const city = {
  name: 'city',
  schema: {
    type: 'object',
    properties: { name: { type: 'string' }, people: { type: 'integer' } },
    required: ['name', 'people'],
    additionalProperties: false,
  },
};
const cityJson = '{"name":"Paris","people":2100000}';

export const stopWords: Record<Format, Record<Script['stop'], string>> = {
  'openai-chat': {
    stop: 'stop',
    length: 'length',
    calls: 'tool_calls',
    filter: 'content_filter',
    refusal: 'content_filter',
    sequence: 'stop',
  },
  'openai-responses': {
    stop: 'completed',
    length: 'max_output_tokens',
    calls: 'completed',
    filter: 'content_filter',
    refusal: 'content_filter',
    sequence: 'completed',
  },
  'anthropic-messages': {
    stop: 'end_turn',
    length: 'max_tokens',
    calls: 'tool_use',
    filter: 'refusal',
    refusal: 'refusal',
    sequence: 'stop_sequence',
  },
  'gemini-generate': {
    stop: 'STOP',
    length: 'MAX_TOKENS',
    calls: 'STOP',
    filter: 'SAFETY',
    refusal: 'SAFETY',
    sequence: 'STOP',
  },
};

const noField = 'the format has no such field';

export const features: Feature[] = [
  {
    name: 'text, system prompt, several turns, usage with cached tokens',
    question: {
      system: 'Be brief.',
      turns: [
        { role: 'user', text: 'Hello' },
        { role: 'assistant', text: 'Hi. What is it?' },
        { role: 'user', text: 'Wie geht’s? 你好 👋' },
      ],
    },
    answer: answerOf('Gut – 很好 🙂.'),
    upstreamView: {
      system: 'Be brief.',
      texts: ['user: Hello', 'assistant: Hi. What is it?', 'user: Wie geht’s? 你好 👋'],
    },
  },
  {
    name: 'max tokens, and an answer that is cut',
    question: { ...hello, maxTokens: 321 },
    answer: { text: 'Once upon', stop: 'length', usage },
    upstreamView: { maxTokens: 321 },
  },
  {
    name: 'temperature',
    question: { ...hello, temperature: 0.3 },
    answer: answerOf('Hi'),
    upstreamView: { temperature: 0.3 },
  },
  { name: 'top_p', question: { ...hello, topP: 0.7 }, answer: answerOf('Hi'), upstreamView: { topP: 0.7 } },
  {
    name: 'top_k',
    question: { ...hello, topK: 12 },
    answer: answerOf('Hi'),
    upstreamView: { topK: 12 },
    callerCannot: { 'openai-chat': noField, 'openai-responses': noField },
    channelCannot: { 'openai-chat': noField, 'openai-responses': noField },
  },
  {
    name: 'seed',
    question: { ...hello, seed: 7 },
    answer: answerOf('Hi'),
    upstreamView: { seed: 7 },
    callerCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
    channelCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
  },
  {
    name: 'stop sequences',
    question: { ...hello, stops: ['END', 'STOP'] },
    answer: { text: 'until', stop: 'sequence', usage },
    upstreamView: { stops: ['END', 'STOP'] },
    callerCannot: { 'openai-responses': noField },
    channelCannot: { 'openai-responses': noField },
  },
  {
    name: 'penalties',
    question: { ...hello, penalties: { frequency: 0.5, presence: 0.25 } },
    answer: answerOf('Hi'),
    upstreamView: { penalties: { frequency: 0.5, presence: 0.25 } },
    callerCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
    channelCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
  },
  {
    name: 'log probabilities',
    question: { ...hello, logprobs: 2 },
    answer: { text: 'Hi', logprobs: [{ token: 'Hi', logprob: -0.25 }], stop: 'stop', usage },
    upstreamView: { logprobs: 2 },
    callerView: { logprobs: [-0.25] },
    callerCannot: { 'anthropic-messages': noField },
    channelCannot: { 'anthropic-messages': noField },
  },
  {
    name: 'several answers',
    question: { ...hello, candidates: 2 },
    answer: { text: 'One', second: 'Two', stop: 'stop', usage },
    upstreamView: { candidates: 2 },
    callerView: { second: 'Two' },
    callerCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
    channelCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
  },
  {
    name: 'metadata',
    question: { ...hello, metadata: { job: '7' } },
    answer: answerOf('Hi'),
    upstreamView: { metadata: { job: '7' } },
    callerCannot: { 'anthropic-messages': noField, 'gemini-generate': noField },
    channelCannot: {
      'openai-chat': 'OpenAI’s own chat only, and those who imitate it refuse it',
      'anthropic-messages': noField,
      'gemini-generate': noField,
    },
  },
  {
    name: 'a service tier',
    question: { ...hello, tier: 'flex' },
    answer: answerOf('Hi'),
    upstreamView: { tier: 'flex' },
    callerCannot: { 'anthropic-messages': 'it has other tiers', 'gemini-generate': noField },
    channelCannot: { 'anthropic-messages': 'it has other tiers', 'gemini-generate': noField },
  },
  {
    name: 'the end user’s id',
    question: { ...hello, user: 'user-42' },
    answer: answerOf('Hi'),
    upstreamView: { user: 'user-42' },
    callerCannot: { 'gemini-generate': noField },
    channelCannot: { 'gemini-generate': noField },
  },
  {
    name: 'an image by its bytes',
    question: { turns: [{ role: 'user', text: 'What is it?', image: { type: 'image/png', data: png } }] },
    answer: answerOf('A dot.'),
    upstreamView: { media: [`image data:image/png;base64,${png}`] },
  },
  {
    name: 'an image by its address',
    question: {
      turns: [
        {
          role: 'user',
          text: 'What is it?',
          image: { type: 'image/png', url: 'https://example.com/dot.png' },
        },
      ],
    },
    answer: answerOf('A dot.'),
    upstreamView: { media: ['image https://example.com/dot.png'] },
  },
  {
    name: 'a PDF by its bytes',
    question: {
      turns: [{ role: 'user', text: 'Read it.', document: { type: 'application/pdf', data: pdf } }],
    },
    answer: answerOf('Empty.'),
    upstreamView: { media: [`document data:application/pdf;base64,${pdf}`] },
  },
  {
    name: 'a PDF by its address',
    question: {
      turns: [
        {
          role: 'user',
          text: 'Read it.',
          document: { type: 'application/pdf', url: 'https://example.com/a.pdf' },
        },
      ],
    },
    answer: answerOf('Empty.'),
    upstreamView: { media: ['document https://example.com/a.pdf'] },
    callerCannot: { 'openai-chat': 'files come by their bytes or an id only' },
    channelCannot: { 'openai-chat': 'files come by their bytes or an id only' },
  },
  {
    name: 'sound',
    question: { turns: [{ role: 'user', text: 'Listen.', audio: { type: 'audio/wav', data: wav } }] },
    answer: answerOf('Silence.'),
    upstreamView: { media: [`audio ${wav}`] },
    callerCannot: { 'anthropic-messages': 'no sound', 'openai-responses': 'no sound' },
    channelCannot: { 'anthropic-messages': 'no sound', 'openai-responses': 'no sound' },
  },
  {
    name: 'a tool, its schema, and a call',
    question: { ...hello, tools: [weather] },
    answer: {
      text: 'Let me look.',
      calls: [{ id: 'call_1', name: 'get_weather', args: { place: 'Paris', unit: 'C' } }],
      stop: 'calls',
      usage,
    },
    upstreamView: {
      tools: [{ name: 'get_weather', description: 'The weather of a place.', properties: ['place', 'unit'] }],
    },
  },
  {
    name: 'a tool without arguments',
    question: { ...hello, tools: [{ name: 'now', description: 'The time.', schema: null }] },
    answer: { calls: [{ id: 'call_1', name: 'now', args: {} }], stop: 'calls', usage },
    upstreamView: { tools: [{ name: 'now', description: 'The time.', properties: [] }] },
  },
  {
    name: 'parallel calls, interleaved',
    question: { ...hello, tools: [weather] },
    answer: {
      calls: [
        { id: 'call_1', name: 'get_weather', args: { place: 'Paris' } },
        { id: 'call_2', name: 'get_weather', args: { place: 'Rome "Roma"' } },
      ],
      stop: 'calls',
      usage,
    },
  },
  {
    name: 'tool choice: none',
    question: { ...hello, tools: [weather], choice: 'none' },
    answer: answerOf('Hi'),
    upstreamView: { choice: 'none' },
  },
  {
    name: 'tool choice: auto',
    question: { ...hello, tools: [weather], choice: 'auto' },
    answer: answerOf('Hi'),
    upstreamView: { choice: 'auto' },
  },
  {
    name: 'tool choice: required',
    question: { ...hello, tools: [weather], choice: 'required' },
    answer: answerOf('Hi'),
    upstreamView: { choice: 'required' },
  },
  {
    name: 'tool choice: one by name',
    question: { ...hello, tools: [weather], choice: { name: 'get_weather' } },
    answer: answerOf('Hi'),
    upstreamView: { choice: 'get_weather' },
  },
  {
    name: 'no parallel calls',
    question: { ...hello, tools: [weather], parallel: false },
    answer: answerOf('Hi'),
    upstreamView: { single: true },
    callerCannot: { 'gemini-generate': noField },
    channelCannot: { 'gemini-generate': noField },
  },
  {
    name: 'results of tools, matched to their calls',
    question: {
      tools: [weather],
      turns: [
        { role: 'user', text: 'Paris and Rome?' },
        {
          role: 'calls',
          calls: [
            { id: 'call_a', name: 'get_weather', args: { place: 'Paris' }, result: { text: 'rain' } },
            { id: 'call_b', name: 'get_weather', args: { place: 'Rome' }, result: { text: 'sun' } },
          ],
        },
      ],
    },
    answer: answerOf('Rain and sun.'),
    upstreamView: {
      calls: ['get_weather({"place":"Paris"})', 'get_weather({"place":"Rome"})'],
      results: ['get_weather: rain', 'get_weather: sun'],
    },
  },
  {
    name: 'a result that is an error',
    question: {
      tools: [weather],
      turns: [
        { role: 'user', text: 'Paris?' },
        {
          role: 'calls',
          calls: [
            {
              id: 'call_a',
              name: 'get_weather',
              args: { place: 'Paris' },
              result: { text: 'no such place', error: true },
            },
          ],
        },
      ],
    },
    answer: answerOf('Not found.'),
    upstreamView: { errors: ['get_weather'] },
    callerCannot: { 'openai-chat': 'results are text', 'openai-responses': 'results are text' },
    channelCannot: {
      'openai-chat': 'an error is said in words',
      'openai-responses': 'an error is said in words',
    },
  },
  {
    name: 'an image in a result',
    question: {
      tools: [weather],
      turns: [
        { role: 'user', text: 'Look.' },
        {
          role: 'calls',
          calls: [
            {
              id: 'call_a',
              name: 'get_weather',
              args: { place: 'Paris' },
              result: { text: 'see', image: { type: 'image/png', data: png } },
            },
          ],
        },
      ],
    },
    answer: answerOf('A dot.'),
    upstreamView: { media: [`image data:image/png;base64,${png}`] },
    callerCannot: { 'openai-chat': 'results are text' },
  },
  {
    name: 'structured output by a schema',
    question: { ...hello, schema: city },
    answer: answerOf(cityJson),
    upstreamView: { schema: ['name', 'people'] },
    callerView: { text: cityJson },
  },
  {
    name: 'any JSON',
    question: { ...hello, json: true },
    answer: answerOf('{"a":1}'),
    upstreamView: { json: true },
    callerCannot: { 'anthropic-messages': 'JSON comes by a schema only' },
  },
  {
    name: 'thinking, shown',
    question: { ...hello, effort: 'high' },
    answer: {
      thought: { text: 'Hm, let me see.', signature: 'c2VhbA==' },
      text: 'Yes.',
      stop: 'stop',
      usage: thinkingUsage,
    },
    upstreamView: { thinks: true },
    callerView: { thought: 'Hm, let me see.' },
  },
  {
    name: 'citations',
    question: hello,
    answer: {
      text: 'Paris is the capital.',
      citation: { url: 'https://example.com/paris', title: 'Paris' },
      stop: 'stop',
      usage,
    },
    callerView: { citations: ['https://example.com/paris'] },
  },
  {
    name: 'web search by the provider',
    question: { ...hello, search: true },
    answer: answerOf('Found.'),
    upstreamView: { search: true },
    channelCannot: { 'openai-chat': 'hardly any of those that imitate OpenAI has a search' },
  },
  {
    name: 'a picture in the answer',
    question: hello,
    answer: { text: 'Here.', image: png, stop: 'stop', usage },
    callerView: { images: [png] },
    callerCannot: { 'anthropic-messages': 'answers have no pictures' },
    channelCannot: { 'anthropic-messages': 'answers have no pictures' },
  },
  {
    name: 'a refusal in words',
    question: hello,
    answer: { refusal: 'I cannot help with that.', stop: 'refusal', usage },
  },
  { name: 'a content filter', question: hello, answer: { text: 'It is', stop: 'filter', usage } },
];
