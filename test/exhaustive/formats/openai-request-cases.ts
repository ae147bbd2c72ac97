// Requests with nearly every field, in both of OpenAI's formats, for the tests of readers and writers.

const png = 'iVBORw0KGgo=';

/** A chat request with nearly every field of the API. */
export const fullChatRequest = {
  model: 'gpt-4o',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'Use metric units.' }] },
    {
      role: 'user',
      name: 'ada',
      content: [
        { type: 'text', text: 'What is this?', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}`, detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://example.com/cat.jpg' } },
        { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
        { type: 'file', file: { file_id: 'file-1' } },
      ],
    },
    {
      role: 'assistant',
      content: 'Let me look.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"deep":true}' } },
        { id: 'call_2', type: 'custom', custom: { name: 'shell', input: 'ls -la' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'cat.jpg' }] },
    { role: 'assistant', content: null, refusal: 'I will not say.' },
    { role: 'system', content: 'Be even briefer.' },
    { role: 'user', content: 'And now?' },
  ],
  tools: [
    {
      type: 'function',
      function: {
        name: 'look',
        description: 'Looks.',
        parameters: {
          type: 'object',
          properties: { deep: { type: 'boolean' } },
          required: ['deep'],
          additionalProperties: false,
        },
        strict: true,
      },
    },
    { type: 'function', function: { name: 'now' } },
    {
      type: 'custom',
      custom: {
        name: 'shell',
        description: 'Runs.',
        format: { type: 'grammar', grammar: { syntax: 'regex', definition: '.*' } },
      },
    },
  ],
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'look' } }] },
  },
  parallel_tool_calls: false,
  max_completion_tokens: 500,
  temperature: 0.5,
  top_p: 0.9,
  seed: 7,
  frequency_penalty: 0.1,
  presence_penalty: 0.2,
  stop: ['END', 'STOP'],
  n: 2,
  logprobs: true,
  top_logprobs: 3,
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'cat',
      description: 'A cat.',
      schema: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
      strict: true,
    },
  },
  verbosity: 'low',
  safety_identifier: 'user-1',
  prompt_cache_key: 'key-1',
  metadata: { purpose: 'test' },
  store: true,
  service_tier: 'flex',
  stream: true,
  stream_options: { include_usage: true },
};

/** A Responses request with nearly every field of the API, without OpenAI's hosted tools. */
export const fullResponsesRequest = {
  model: 'gpt-5',
  instructions: 'Be brief.',
  input: [
    { role: 'developer', content: 'Use metric units.' },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'What is this?' },
        { type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'low' },
        { type: 'input_image', image_url: 'https://example.com/cat.jpg', detail: 'auto' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
        { type: 'input_file', file_url: 'https://example.com/b.pdf' },
        { type: 'input_file', file_id: 'file-1' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [
        { type: 'summary_text', text: 'Looking.' },
        { type: 'summary_text', text: 'Closer.' },
      ],
      encrypted_content: 'gAAAAA',
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Let me look.', annotations: [], logprobs: [] }],
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look', arguments: '{"deep":true}' },
    { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'shell', input: 'ls -la' },
    {
      type: 'function_call_output',
      call_id: 'call_1',
      output: [
        { type: 'input_text', text: 'a cat' },
        { type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'auto' },
      ],
    },
    { type: 'custom_tool_call_output', call_id: 'call_2', output: 'cat.jpg' },
    { role: 'system', content: [{ type: 'input_text', text: 'Be even briefer.' }] },
    { role: 'user', content: 'And now?' },
  ],
  tools: [
    {
      type: 'function',
      name: 'look',
      description: 'Looks.',
      parameters: {
        type: 'object',
        properties: { deep: { type: 'boolean' } },
        required: ['deep'],
        additionalProperties: false,
      },
      strict: true,
    },
    { type: 'function', name: 'now', parameters: null, strict: null },
    {
      type: 'custom',
      name: 'shell',
      description: 'Runs.',
      format: { type: 'grammar', syntax: 'regex', definition: '.*' },
    },
    {
      type: 'web_search',
      filters: { allowed_domains: ['example.com'] },
      search_context_size: 'low',
      user_location: { type: 'approximate', city: 'Oslo', country: 'NO' },
    },
  ],
  tool_choice: { type: 'function', name: 'look' },
  parallel_tool_calls: false,
  max_output_tokens: 500,
  reasoning: { effort: 'low', summary: 'auto' },
  text: {
    format: {
      type: 'json_schema',
      name: 'cat',
      schema: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
      strict: true,
    },
    verbosity: 'low',
  },
  include: ['reasoning.encrypted_content'],
  safety_identifier: 'user-1',
  prompt_cache_key: 'key-1',
  metadata: { purpose: 'test' },
  service_tier: 'flex',
  store: false,
  stream: true,
};
