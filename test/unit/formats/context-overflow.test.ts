// Tests an exceeded context length: every provider's message in, every caller's error format out.
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { geminiGenerate } from '../../../src/formats/gemini-generate/index.ts';
import type { NeutralEvent } from '../../../src/formats/neutral.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import { readUpstreamError, upstreamErrorBody } from '../../../src/formats/upstream-error.ts';
import { contextOf } from '../../support/translated-responses.ts';

const openai = (message: string, more = {}) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null, ...more },
});
const google = (message: string, code = 400) => ({ error: { code, message, status: 'INVALID_ARGUMENT' } });
const claude = (message: string, type = 'invalid_request_error') => ({
  type: 'error',
  error: { type, message },
});

const overflows: [host: string, status: number, body: object][] = [
  [
    'OpenAI, Responses',
    400,
    openai('Your input exceeds the context window of this model. Please adjust your input and try again.', {
      code: 'context_length_exceeded',
      param: 'input',
    }),
  ],
  ['OpenAI, by its code alone', 400, openai('Too big.', { code: 'context_length_exceeded' })],
  [
    'Azure',
    400,
    openai(
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. Please reduce the length of the messages.",
      { code: 'context_length_exceeded' },
    ),
  ],
  ['Anthropic', 400, claude('prompt is too long: 210000 tokens > 200000 maximum')],
  [
    'Anthropic, with max_tokens',
    400,
    claude(
      'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again',
    ),
  ],
  [
    'Gemini',
    400,
    google('The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'),
  ],
  [
    'Gemini, in an array',
    400,
    [google('The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).')],
  ],
  [
    'Vertex AI',
    400,
    google(
      'Unable to submit request because the input token count is 40000 but model only supports up to 32768. Reduce the input token count and try again.',
    ),
  ],
  ['Bedrock', 400, { message: 'Input is too long for requested model.' }],
  [
    'Bedrock, Nova',
    400,
    { message: 'Input Tokens Exceeded: Number of input tokens exceeds maximum length.' },
  ],
  [
    'Bedrock, Titan',
    400,
    {
      message:
        '400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9279',
    },
  ],
  [
    'vLLM',
    400,
    {
      object: 'error',
      message:
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
  ],
  [
    'vLLM, decoder',
    400,
    openai('The decoder prompt (length 5000) is longer than the maximum model length of 4096.'),
  ],
  [
    'SGLang',
    400,
    openai("The input (516368 tokens) is longer than the model's context length (262144 tokens)."),
  ],
  [
    'SGLang, by length',
    400,
    openai('Input length (10000 tokens) exceeds the maximum allowed length (8192 tokens).'),
  ],
  [
    'llama.cpp',
    400,
    {
      error: {
        code: 400,
        message: 'request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 9_000,
        n_ctx: 8_192,
      },
    },
  ],
  [
    'llama.cpp, as its own failure',
    500,
    { error: { code: 500, message: 'Context size has been exceeded.', type: 'server_error' } },
  ],
  [
    'LM Studio',
    400,
    {
      error:
        'Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough.',
    },
  ],
  ['Ollama', 400, { error: 'the input length exceeds the context length' }],
  [
    'Mistral',
    400,
    {
      object: 'error',
      message:
        'Prompt contains 40001 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_prompt',
      code: '3051',
    },
  ],
  [
    'DeepSeek',
    400,
    openai("This model's maximum context length is 65536 tokens. However, you requested 70000 tokens."),
  ],
  [
    'Groq',
    400,
    openai('Please reduce the length of the messages or completion.', { code: 'context_length_exceeded' }),
  ],
  [
    'Cerebras',
    400,
    openai(
      'Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192',
      { code: 'context_length_exceeded' },
    ),
  ],
  [
    'Together',
    422,
    openai(
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 32769. Given: 40000 `inputs` tokens and 100 `max_new_tokens`',
    ),
  ],
  [
    'Fireworks',
    400,
    {
      error: {
        object: 'error',
        type: 'invalid_request_error',
        message: 'The prompt is too long: 200000, model maximum context length: 131071',
      },
    },
  ],
  [
    'xAI',
    400,
    {
      code: 'Client specified an invalid argument',
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    },
  ],
  [
    'OpenRouter',
    400,
    {
      error: {
        code: 400,
        message:
          "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens.",
      },
    },
  ],
  [
    'OpenRouter, quoting',
    400,
    {
      error: {
        code: 400,
        message: 'Provider returned error',
        metadata: {
          provider_name: 'Anthropic',
          raw: '{"type":"error","error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}',
        },
      },
    },
  ],
  [
    'Moonshot',
    400,
    openai('Invalid request: Your request exceeded model token limit: 131072 (requested: 138000)'),
  ],
  ['Z.ai', 400, { error: { code: '1261', message: 'Prompt exceeds max length' } }],
  ['bigmodel.cn', 400, { error: { code: '1261', message: 'Prompt 超长' } }],
  ['MiniMax', 400, openai('invalid params, context window exceeds limit (2013)')],
  [
    'Alibaba',
    400,
    openai('Range of input length should be [1, 129024]', { code: 'invalid_parameter_error' }),
  ],
  [
    'GitHub Copilot',
    400,
    openai('prompt token count of 131073 exceeds the limit of 128000', {
      code: 'model_max_prompt_tokens_exceeded',
    }),
  ],
  [
    'Workers AI',
    413,
    {
      errors: [],
      message:
        'AiError: The estimated number of input and maximum output tokens (40000) exceeded this model context window limit (32768).',
    },
  ],
  [
    'Cohere',
    400,
    { message: 'too many tokens: total number of tokens in the prompt exceeds the limit of 128000' },
  ],
  [
    'LiteLLM',
    400,
    openai('litellm.ContextWindowExceededError: the model could not take it', {
      code: 'ContextWindowExceededError',
    }),
  ],
];

describe('an exceeded context length', () => {
  it.each(overflows)('is recognized in the message of %s', (_host, status, body) => {
    const error = readUpstreamError(status, JSON.stringify(body));
    expect(error).toMatchObject({ kind: 'context-overflow', status: 400 });
    expect(upstreamErrorBody('openai', error, 'r')).toMatchObject({
      error: { type: 'invalid_request_error', code: 'context_length_exceeded' },
    });
    expect(upstreamErrorBody('anthropic', error, 'r')).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringMatching(/^prompt is too long/) },
    });
    expect(upstreamErrorBody('gemini', error, 'r')).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'CONTEXT_LENGTH_EXCEEDED' }] },
    });
  });

  it('is reported to Claude Code with both counts if the provider gives them', () => {
    const message = (body: object) => {
      const error = readUpstreamError(400, JSON.stringify(body));
      return (upstreamErrorBody('anthropic', error, 'r').error as { message: string }).message;
    };
    expect(
      message(
        google('The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'),
      ),
    ).toMatch(/^prompt is too long: 1200000 tokens > 1048576 maximum\. The input/);
    expect(message(claude('prompt is too long: 210000 tokens > 200000 maximum'))).toBe(
      'prompt is too long: 210000 tokens > 200000 maximum',
    );
    expect(message({ message: 'Input is too long for requested model.' })).toBe(
      'prompt is too long: Input is too long for requested model.',
    );
  });
});

describe('another error about tokens or lengths', () => {
  it.each<[string, number, object]>([
    [
      'a bound of the output',
      400,
      openai(
        'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
      ),
    ],
    [
      'a bound of the output at Bedrock',
      400,
      {
        message:
          'The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.',
      },
    ],
    [
      'a limit of a minute',
      429,
      openai('Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.', {
        code: 'rate_limit_exceeded',
      }),
    ],
    [
      'a limit of a minute at Groq',
      413,
      openai(
        'Request too large for model on tokens per minute (TPM): Limit 6000, Requested 7000, please reduce your message size and try again.',
        { code: 'rate_limit_exceeded', type: 'tokens' },
      ),
    ],
    ['throttling at Bedrock', 429, { message: 'Too many tokens, please wait before trying again.' }],
    ['a body that is too large', 413, claude('Request exceeds the maximum size', 'request_too_large')],
    ['a payload that is too large', 400, google('Request payload size exceeds the limit: 20971520 bytes.')],
    [
      'a text that is too long',
      400,
      openai("Invalid 'metadata.key': string too long. Expected a string with maximum length 64.", {
        code: 'string_above_max_length',
      }),
    ],
    ['an image', 400, claude('messages.0.content.0.image.source.base64: image exceeds 5 MB maximum')],
    ['an overloaded server', 529, claude('Overloaded', 'overloaded_error')],
  ])('is not taken for a context overflow: %s', (_what, status, body) => {
    const error = readUpstreamError(status, JSON.stringify(body));
    expect(error.kind).toBeUndefined();
    expect(error.status).toBe(status);
  });
});

describe('an exceeded context length in the middle of a stream', () => {
  const failed = {
    code: 'context_length_exceeded',
    message: 'Your input exceeds the context window of this model.',
  };
  const sources: [string, NeutralEvent[]][] = [
    [
      'response.failed',
      openaiResponses.eventReader().read({ type: 'response.failed', response: { error: failed } }, undefined),
    ],
    ['error of Responses', openaiResponses.eventReader().read({ type: 'error', ...failed }, undefined)],
    [
      'chat',
      openaiChat
        .eventReader()
        .read(
          { error: { message: "This model's maximum context length is 4096 tokens.", code: 400 } },
          undefined,
        ),
    ],
    [
      'Messages',
      anthropicMessages.eventReader().read(claude('prompt is too long: 2 tokens > 1 maximum'), 'error'),
    ],
    [
      'Gemini',
      geminiGenerate
        .eventReader()
        .read(
          google('The input token count (2) exceeds the maximum number of tokens allowed (1).'),
          undefined,
        ),
    ],
  ];

  it.each(sources)('of %s is reported in the message of every format', (_name, events) => {
    const written = (format: typeof openaiChat) => {
      const writer = format.eventWriter(contextOf());
      return events.map((event) => writer.write(event)).join('');
    };
    expect(written(openaiChat)).toContain('"code":"context_length_exceeded"');
    expect(written(anthropicMessages)).toMatch(
      /"type":"invalid_request_error","message":"prompt is too long/,
    );
    expect(written(geminiGenerate)).toMatch(/"code":400.*"INVALID_ARGUMENT".*"CONTEXT_LENGTH_EXCEEDED"/);
    const response = written(openaiResponses);
    expect(response).toMatch(/event: error\n.*"code":"context_length_exceeded"/);
    expect(response).toMatch(
      /event: response\.failed\n.*"status":"failed","background":false.*"error":\{"code":"context_length_exceeded"/,
    );
    const numbers = [...response.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });
});
