// Every kind of charged request, and the responses of an upstream that reports usage: whole, or in pieces that end
// at event boundaries. The test has its own prices, so it computes charges without the product.

/** The usage of a request that the upstream reports. */
export interface Counts {
  /** All input, including tokens read from and written to a cache. */
  input: number;
  cached: number;
  written: number;
  output: number;
}

/** The price of every kind's model, in USD a million tokens. */
export const price = { input: 1, output: 4, cache_read: 0.1, cache_write: 1.25 };

/** Returns the cost in nano-USD, computed by hand. */
export function costOf({ input, cached, written, output }: Counts): number {
  return (input - cached - written) * 1_000 + cached * 100 + written * 1_250 + output * 4_000;
}

/** A piece of a response; `reported` is the usage that the upstream has reported after it. */
export interface Piece {
  text: string;
  reported: Counts | null;
}

export interface FaultKind {
  name: string;
  /** The path at the relay and at the upstream. */
  path: string;
  stream: boolean;
  contentType: string;
  /** Which cache tokens the format can report. */
  caches: 'none' | 'reads' | 'reads and writes';
  /** Returns a request body with a prompt of that many characters. */
  body(prompt: string): object;
  /** Returns the response with `output` words, with or without usage. */
  pieces(counts: Counts, withUsage: boolean): Piece[];
}

export const models = {
  openai: 'fault-openai',
  anthropic: 'fault-anthropic',
  gemini: 'fault-gemini',
} as const;

const mostTokens = 400;
const sse = 'text/event-stream';
const json = 'application/json';
const words = ({ output }: Counts) => Array.from({ length: output }, (_, index) => `word${index} `);
const data = (value: object, event?: string) =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(value)}\n\n`;
const piece = (text: string, reported: Counts | null = null): Piece => ({ text, reported });
const whole = (value: object, reported: Counts | null): Piece[] => [piece(JSON.stringify(value), reported)];

const openaiUsage = ({ input, cached, output }: Counts) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached },
});

const chatBody = (stream: boolean, options: object) => (prompt: string) => ({
  model: models.openai,
  max_tokens: mostTokens,
  messages: [{ role: 'user', content: prompt }],
  ...(stream && { stream }),
  ...options,
});

const chatStream = (name: string, options: object): FaultKind => ({
  name,
  path: '/v1/chat/completions',
  stream: true,
  contentType: sse,
  caches: 'reads',
  body: chatBody(true, options),
  pieces: (counts, withUsage) => {
    const chunk = (rest: object) => ({
      id: 'c',
      object: 'chat.completion.chunk',
      model: models.openai,
      ...rest,
    });
    return [
      ...words(counts).map((content) => piece(data(chunk({ choices: [{ index: 0, delta: { content } }] })))),
      piece(data(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))),
      ...(withUsage ? [piece(data(chunk({ choices: [], usage: openaiUsage(counts) })), counts)] : []),
      piece('data: [DONE]\n\n'),
    ];
  },
});

const responsesUsage = ({ input, cached, output }: Counts) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: input + output,
});

const response = (status: string, counts: Counts | null) => ({
  id: 'resp_fault',
  object: 'response',
  status,
  model: models.openai,
  output: [],
  usage: counts && responsesUsage(counts),
});

const responsesBody = (stream: boolean) => (prompt: string) => ({
  model: models.openai,
  store: false,
  max_output_tokens: mostTokens,
  input: prompt,
  ...(stream && { stream }),
});

const messagesUsage = ({ input, cached, written, output }: Counts) => ({
  input_tokens: input - cached - written,
  cache_read_input_tokens: cached,
  cache_creation_input_tokens: written,
  output_tokens: output,
});

const messagesBody = (stream: boolean) => (prompt: string) => ({
  model: models.anthropic,
  max_tokens: mostTokens,
  messages: [
    { role: 'user', content: [{ type: 'text', text: prompt, cache_control: { type: 'ephemeral' } }] },
  ],
  ...(stream && { stream }),
});

const geminiUsage = ({ input, cached, output }: Counts) => ({
  promptTokenCount: input,
  cachedContentTokenCount: cached,
  candidatesTokenCount: output,
  totalTokenCount: input + output,
});

const generateBody = (prompt: string) => ({
  contents: [{ role: 'user', parts: [{ text: prompt }] }],
  generationConfig: { maxOutputTokens: mostTokens },
});

/** Gemini's usage is in every chunk, growing. */
function geminiChunks(counts: Counts, withUsage: boolean): { chunk: object; reported: Counts | null }[] {
  const texts = words(counts);
  return texts.map((text, index) => {
    const reported = withUsage ? { ...counts, output: index + 1 } : null;
    const last = index === texts.length - 1;
    const candidate = {
      content: { role: 'model', parts: [{ text }] },
      index: 0,
      ...(last && { finishReason: 'STOP' }),
    };
    return {
      chunk: { candidates: [candidate], ...(reported && { usageMetadata: geminiUsage(reported) }) },
      reported,
    };
  });
}

export const kinds: readonly FaultKind[] = [
  chatStream('chat stream', { stream_options: { include_usage: true } }),
  chatStream('chat stream, usage not requested', {}),
  {
    name: 'chat',
    path: '/v1/chat/completions',
    stream: false,
    contentType: json,
    caches: 'reads',
    body: chatBody(false, {}),
    pieces: (counts, withUsage) =>
      whole(
        {
          object: 'chat.completion',
          model: models.openai,
          choices: [{ index: 0, message: { role: 'assistant', content: words(counts).join('') } }],
          ...(withUsage && { usage: openaiUsage(counts) }),
        },
        withUsage ? counts : null,
      ),
  },
  {
    name: 'completions stream',
    path: '/v1/completions',
    stream: true,
    contentType: sse,
    caches: 'none',
    body: (prompt) => ({ model: models.openai, max_tokens: mostTokens, prompt, stream: true }),
    pieces: (counts, withUsage) => [
      ...words(counts).map((text) =>
        piece(data({ object: 'text_completion', choices: [{ index: 0, text }] })),
      ),
      ...(withUsage
        ? [piece(data({ object: 'text_completion', choices: [], usage: openaiUsage(counts) }), counts)]
        : []),
      piece('data: [DONE]\n\n'),
    ],
  },
  {
    name: 'embeddings',
    path: '/v1/embeddings',
    stream: false,
    contentType: json,
    caches: 'none',
    body: (prompt) => ({ model: models.openai, input: prompt }),
    pieces: ({ input }, withUsage) =>
      whole(
        {
          object: 'list',
          data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
          ...(withUsage && { usage: { prompt_tokens: input, total_tokens: input } }),
        },
        withUsage ? { input, cached: 0, written: 0, output: 0 } : null,
      ),
  },
  {
    name: 'responses stream',
    path: '/v1/responses',
    stream: true,
    contentType: sse,
    caches: 'reads',
    body: responsesBody(true),
    pieces: (counts, withUsage) => {
      const deltas = words(counts).map((delta, index) => {
        const type = 'response.output_text.delta';
        return piece(data({ type, sequence_number: index + 1, delta }, type));
      });
      const type = 'response.completed';
      const end = {
        type,
        sequence_number: counts.output + 1,
        response: response('completed', withUsage ? counts : null),
      };
      return [
        piece(
          data(
            { type: 'response.created', sequence_number: 0, response: response('in_progress', null) },
            'response.created',
          ),
        ),
        ...deltas,
        piece(data(end, type), withUsage ? counts : null),
      ];
    },
  },
  {
    name: 'responses',
    path: '/v1/responses',
    stream: false,
    contentType: json,
    caches: 'reads',
    body: responsesBody(false),
    pieces: (counts, withUsage) => {
      const content = [{ type: 'output_text', text: words(counts).join('') }];
      const output = [{ type: 'message', role: 'assistant', content }];
      const reported = withUsage ? counts : null;
      return whole({ ...response('completed', reported), output }, reported);
    },
  },
  {
    name: 'messages stream',
    path: '/v1/messages',
    stream: true,
    contentType: sse,
    caches: 'reads and writes',
    body: messagesBody(true),
    pieces: (counts, withUsage) => {
      const message = {
        id: 'm',
        type: 'message',
        role: 'assistant',
        content: [],
        ...(withUsage && { usage: messagesUsage({ ...counts, output: 1 }) }),
      };
      const delta = (text: string) => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text },
      });
      const usage = withUsage ? { usage: { output_tokens: counts.output } } : {};
      return [
        piece(data({ type: 'message_start', message }, 'message_start')),
        piece(
          data(
            { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
            'content_block_start',
          ),
        ),
        ...words(counts).map((text) => piece(data(delta(text), 'content_block_delta'))),
        piece(data({ type: 'content_block_stop', index: 0 }, 'content_block_stop')),
        piece(
          data({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, ...usage }, 'message_delta'),
          withUsage ? counts : null,
        ),
        piece(data({ type: 'message_stop' }, 'message_stop')),
      ];
    },
  },
  {
    name: 'messages',
    path: '/v1/messages',
    stream: false,
    contentType: json,
    caches: 'reads and writes',
    body: messagesBody(false),
    pieces: (counts, withUsage) =>
      whole(
        {
          id: 'm',
          type: 'message',
          role: 'assistant',
          content: [{ type: 'text', text: words(counts).join('') }],
          ...(withUsage && { usage: messagesUsage(counts) }),
        },
        withUsage ? counts : null,
      ),
  },
  {
    name: 'generate stream',
    path: `/v1beta/models/${models.gemini}:streamGenerateContent?alt=sse`,
    stream: true,
    contentType: sse,
    caches: 'reads',
    body: generateBody,
    pieces: (counts, withUsage) =>
      geminiChunks(counts, withUsage).map(({ chunk, reported }) =>
        piece(`data: ${JSON.stringify(chunk)}\r\n\r\n`, reported),
      ),
  },
  {
    name: 'generate array',
    path: `/v1beta/models/${models.gemini}:streamGenerateContent`,
    stream: true,
    contentType: json,
    caches: 'reads',
    body: generateBody,
    pieces: (counts, withUsage) => [
      ...geminiChunks(counts, withUsage).map(({ chunk, reported }, index) =>
        piece(`${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk)}`, reported),
      ),
      piece(']'),
    ],
  },
  {
    name: 'generate',
    path: `/v1beta/models/${models.gemini}:generateContent`,
    stream: false,
    contentType: json,
    caches: 'reads',
    body: generateBody,
    pieces: (counts, withUsage) => {
      const candidate = {
        content: { role: 'model', parts: [{ text: words(counts).join('') }] },
        finishReason: 'STOP',
        index: 0,
      };
      return whole(
        { candidates: [candidate], ...(withUsage && { usageMetadata: geminiUsage(counts) }) },
        withUsage ? counts : null,
      );
    },
  },
];
