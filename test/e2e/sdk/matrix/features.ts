// The table that the matrix is made from: what is asked, what the model answers, what must arrive on either side, and who
// cannot say it, with the reason. src/docs/formats-and-translation.md shows it as built.
import {
  type Ask,
  type Counts,
  type Format,
  type Heard,
  pdf,
  png,
  type Script,
  type Told,
  wav,
} from './script.ts';

/** Who cannot say a thing, and why; a cell of that caller or channel is left out, and says so. */
type Cannot = Partial<Record<Format, string>>;

export interface Feature {
  name: string;
  ask: Ask;
  answer: Script;
  /** What the upstream must have understood. `null`: this channel has no such thing, and the caller is told so. */
  heard?: Partial<Heard>;
  told?: Partial<Told>;
  /** Callers whose format cannot ask or be told this. */
  callerCannot?: Cannot;
  /** Channels whose format cannot: the request goes all the same, and `x-relay-dropped` names what was left out. */
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
const hello: Ask = { turns: [{ role: 'user', text: 'Hello' }] };
const says = (text: string): Script => ({ text, stop: 'stop', usage });
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
    ask: {
      system: 'Be brief.',
      turns: [
        { role: 'user', text: 'Hello' },
        { role: 'assistant', text: 'Hi. What is it?' },
        { role: 'user', text: 'Wie geht’s? 你好 👋' },
      ],
    },
    answer: says('Gut – 很好 🙂.'),
    heard: {
      system: 'Be brief.',
      said: ['user: Hello', 'assistant: Hi. What is it?', 'user: Wie geht’s? 你好 👋'],
    },
  },
  {
    name: 'max tokens, and an answer that is cut',
    ask: { ...hello, maxTokens: 321 },
    answer: { text: 'Once upon', stop: 'length', usage },
    heard: { maxTokens: 321 },
  },
  {
    name: 'temperature',
    ask: { ...hello, temperature: 0.3 },
    answer: says('Hi'),
    heard: { temperature: 0.3 },
  },
  { name: 'top_p', ask: { ...hello, topP: 0.7 }, answer: says('Hi'), heard: { topP: 0.7 } },
  {
    name: 'top_k',
    ask: { ...hello, topK: 12 },
    answer: says('Hi'),
    heard: { topK: 12 },
    callerCannot: { 'openai-chat': noField, 'openai-responses': noField },
    channelCannot: { 'openai-chat': noField, 'openai-responses': noField },
  },
  {
    name: 'seed',
    ask: { ...hello, seed: 7 },
    answer: says('Hi'),
    heard: { seed: 7 },
    callerCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
    channelCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
  },
  {
    name: 'stop sequences',
    ask: { ...hello, stops: ['END', 'STOP'] },
    answer: { text: 'until', stop: 'sequence', usage },
    heard: { stops: ['END', 'STOP'] },
    callerCannot: { 'openai-responses': noField },
    channelCannot: { 'openai-responses': noField },
  },
  {
    name: 'penalties',
    ask: { ...hello, penalties: { frequency: 0.5, presence: 0.25 } },
    answer: says('Hi'),
    heard: { penalties: { frequency: 0.5, presence: 0.25 } },
    callerCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
    channelCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
  },
  {
    name: 'log probabilities',
    ask: { ...hello, logprobs: 2 },
    answer: { text: 'Hi', logprobs: [{ token: 'Hi', logprob: -0.25 }], stop: 'stop', usage },
    heard: { logprobs: 2 },
    told: { logprobs: [-0.25] },
    callerCannot: { 'anthropic-messages': noField },
    channelCannot: { 'anthropic-messages': noField },
  },
  {
    name: 'several answers',
    ask: { ...hello, candidates: 2 },
    answer: { text: 'One', second: 'Two', stop: 'stop', usage },
    heard: { candidates: 2 },
    told: { second: 'Two' },
    callerCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
    channelCannot: { 'openai-responses': noField, 'anthropic-messages': noField },
  },
  {
    name: 'metadata',
    ask: { ...hello, metadata: { job: '7' } },
    answer: says('Hi'),
    heard: { metadata: { job: '7' } },
    callerCannot: { 'anthropic-messages': noField, 'gemini-generate': noField },
    channelCannot: {
      'openai-chat': 'OpenAI’s own chat only, and those who imitate it refuse it',
      'anthropic-messages': noField,
      'gemini-generate': noField,
    },
  },
  {
    name: 'a service tier',
    ask: { ...hello, tier: 'flex' },
    answer: says('Hi'),
    heard: { tier: 'flex' },
    callerCannot: { 'anthropic-messages': 'it has other tiers', 'gemini-generate': noField },
    channelCannot: { 'anthropic-messages': 'it has other tiers', 'gemini-generate': noField },
  },
  {
    name: 'the end user’s id',
    ask: { ...hello, user: 'user-42' },
    answer: says('Hi'),
    heard: { user: 'user-42' },
    callerCannot: { 'gemini-generate': noField },
    channelCannot: { 'gemini-generate': noField },
  },
  {
    name: 'an image by its bytes',
    ask: { turns: [{ role: 'user', text: 'What is it?', image: { type: 'image/png', data: png } }] },
    answer: says('A dot.'),
    heard: { media: [`image data:image/png;base64,${png}`] },
  },
  {
    name: 'an image by its address',
    ask: {
      turns: [
        {
          role: 'user',
          text: 'What is it?',
          image: { type: 'image/png', url: 'https://example.com/dot.png' },
        },
      ],
    },
    answer: says('A dot.'),
    heard: { media: ['image https://example.com/dot.png'] },
  },
  {
    name: 'a PDF by its bytes',
    ask: { turns: [{ role: 'user', text: 'Read it.', document: { type: 'application/pdf', data: pdf } }] },
    answer: says('Empty.'),
    heard: { media: [`document data:application/pdf;base64,${pdf}`] },
  },
  {
    name: 'a PDF by its address',
    ask: {
      turns: [
        {
          role: 'user',
          text: 'Read it.',
          document: { type: 'application/pdf', url: 'https://example.com/a.pdf' },
        },
      ],
    },
    answer: says('Empty.'),
    heard: { media: ['document https://example.com/a.pdf'] },
    callerCannot: { 'openai-chat': 'files come by their bytes or an id only' },
    channelCannot: { 'openai-chat': 'files come by their bytes or an id only' },
  },
  {
    name: 'sound',
    ask: { turns: [{ role: 'user', text: 'Listen.', audio: { type: 'audio/wav', data: wav } }] },
    answer: says('Silence.'),
    heard: { media: [`audio ${wav}`] },
    callerCannot: { 'anthropic-messages': 'no sound', 'openai-responses': 'no sound' },
    channelCannot: { 'anthropic-messages': 'no sound', 'openai-responses': 'no sound' },
  },
  {
    name: 'a tool, its schema, and a call',
    ask: { ...hello, tools: [weather] },
    answer: {
      text: 'Let me look.',
      calls: [{ id: 'call_1', name: 'get_weather', args: { place: 'Paris', unit: 'C' } }],
      stop: 'calls',
      usage,
    },
    heard: {
      tools: [{ name: 'get_weather', description: 'The weather of a place.', properties: ['place', 'unit'] }],
    },
  },
  {
    name: 'a tool without arguments',
    ask: { ...hello, tools: [{ name: 'now', description: 'The time.', schema: null }] },
    answer: { calls: [{ id: 'call_1', name: 'now', args: {} }], stop: 'calls', usage },
    heard: { tools: [{ name: 'now', description: 'The time.', properties: [] }] },
  },
  {
    name: 'parallel calls, interleaved',
    ask: { ...hello, tools: [weather] },
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
    ask: { ...hello, tools: [weather], choice: 'none' },
    answer: says('Hi'),
    heard: { choice: 'none' },
  },
  {
    name: 'tool choice: auto',
    ask: { ...hello, tools: [weather], choice: 'auto' },
    answer: says('Hi'),
    heard: { choice: 'auto' },
  },
  {
    name: 'tool choice: required',
    ask: { ...hello, tools: [weather], choice: 'required' },
    answer: says('Hi'),
    heard: { choice: 'required' },
  },
  {
    name: 'tool choice: one by name',
    ask: { ...hello, tools: [weather], choice: { name: 'get_weather' } },
    answer: says('Hi'),
    heard: { choice: 'get_weather' },
  },
  {
    name: 'no parallel calls',
    ask: { ...hello, tools: [weather], parallel: false },
    answer: says('Hi'),
    heard: { single: true },
    callerCannot: { 'gemini-generate': noField },
    channelCannot: { 'gemini-generate': noField },
  },
  {
    name: 'results of tools, matched to their calls',
    ask: {
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
    answer: says('Rain and sun.'),
    heard: {
      calls: ['get_weather({"place":"Paris"})', 'get_weather({"place":"Rome"})'],
      results: ['get_weather: rain', 'get_weather: sun'],
    },
  },
  {
    name: 'a result that is an error',
    ask: {
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
    answer: says('There is none.'),
    heard: { errors: ['get_weather'] },
    callerCannot: { 'openai-chat': 'results are text', 'openai-responses': 'results are text' },
    channelCannot: {
      'openai-chat': 'an error is said in words',
      'openai-responses': 'an error is said in words',
    },
  },
  {
    name: 'an image in a result',
    ask: {
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
    answer: says('A dot.'),
    heard: { media: [`image data:image/png;base64,${png}`] },
    callerCannot: { 'openai-chat': 'results are text' },
  },
  {
    name: 'structured output by a schema',
    ask: { ...hello, schema: city },
    answer: says(cityJson),
    heard: { schema: ['name', 'people'] },
    told: { text: cityJson },
  },
  {
    name: 'any JSON',
    ask: { ...hello, json: true },
    answer: says('{"a":1}'),
    heard: { json: true },
    callerCannot: { 'anthropic-messages': 'JSON comes by a schema only' },
  },
  {
    name: 'thinking, shown',
    ask: { ...hello, effort: 'high' },
    answer: {
      thought: { text: 'Hm, let me see.', seal: 'c2VhbA==' },
      text: 'Yes.',
      stop: 'stop',
      usage: thinkingUsage,
    },
    heard: { thinks: true },
    told: { thought: 'Hm, let me see.' },
  },
  {
    name: 'citations',
    ask: hello,
    answer: {
      text: 'Paris is the capital.',
      citation: { url: 'https://example.com/paris', title: 'Paris' },
      stop: 'stop',
      usage,
    },
    told: { citations: ['https://example.com/paris'] },
  },
  {
    name: 'web search by the provider',
    ask: { ...hello, search: true },
    answer: says('Found.'),
    heard: { search: true },
    channelCannot: { 'openai-chat': 'hardly any of those that imitate OpenAI has a search' },
  },
  {
    name: 'a picture in the answer',
    ask: hello,
    answer: { text: 'Here.', image: png, stop: 'stop', usage },
    told: { images: [png] },
    callerCannot: { 'anthropic-messages': 'answers have no pictures' },
    channelCannot: { 'anthropic-messages': 'answers have no pictures' },
  },
  {
    name: 'a refusal in words',
    ask: hello,
    answer: { refusal: 'I cannot help with that.', stop: 'refusal', usage },
  },
  { name: 'a content filter', ask: hello, answer: { text: 'It is', stop: 'filter', usage } },
];
