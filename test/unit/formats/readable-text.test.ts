// Tests that text in blocks of one format reaches the models of every other format.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/lib/json.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';

const targets = ['openai-chat', 'openai-responses', 'gemini-generate'] as const;

function write(from: ConversationId, to: ConversationId, body: JsonObject) {
  const request = requestOf(conversationOf(from).readRequest(body, { model: 'm', stream: false }));
  return conversationOf(to).writeRequest(request, { model: 'm', provider: 'x' });
}

const pixel = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } };
const found = {
  type: 'search_result',
  source: 'https://e.x/page',
  title: 'A page',
  content: [
    { type: 'text', text: 'FIRST' },
    { type: 'text', text: 'SECOND' },
  ],
};
const question = { role: 'user', content: 'hi' };
const call = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] };
const tool = { name: 'look', input_schema: { type: 'object' } };

/** The messages, and the texts that must arrive. */
const cases: Record<string, { messages: JsonObject[]; texts: string[]; images?: number }> = {
  'a search result of the user': {
    messages: [{ role: 'user', content: [found, { type: 'text', text: '?' }] }],
    texts: ['A page', 'https://e.x/page', 'FIRST', 'SECOND'],
  },
  'a search result of a tool': {
    messages: [
      question,
      call,
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [found] }] },
    ],
    texts: ['A page', 'https://e.x/page', 'FIRST', 'SECOND'],
  },
  'a document of texts and images': {
    messages: [
      {
        role: 'user',
        content: [
          {
            type: 'document',
            title: 'DOC',
            context: 'ABOUT',
            source: { type: 'content', content: [{ type: 'text', text: 'PAGE' }, pixel] },
          },
        ],
      },
    ],
    texts: ['DOC', 'ABOUT', 'PAGE'],
    images: 1,
  },
  'a document whose content is a string, inside a tool’s result': {
    messages: [
      question,
      call,
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            content: [{ type: 'document', source: { type: 'content', content: 'PAGE' } }],
          },
        ],
      },
    ],
    texts: ['PAGE'],
  },
  'the summary of a compaction': {
    messages: [
      question,
      { role: 'assistant', content: [{ type: 'compaction', content: 'SUMMARY' }] },
      question,
    ],
    texts: ['SUMMARY'],
  },
  'a result of Anthropic’s own tools': {
    messages: [
      question,
      {
        role: 'assistant',
        content: [
          {
            type: 'tool_search_tool_result',
            tool_use_id: 'srvtoolu_1',
            content: {
              type: 'tool_search_tool_search_result',
              tool_references: [{ type: 'tool_reference', tool_name: 'get_weather' }],
            },
          },
          { type: 'mcp_tool_result', tool_use_id: 'm1', content: [{ type: 'text', text: 'FROM MCP' }] },
          {
            type: 'web_fetch_tool_result',
            tool_use_id: 'w1',
            content: {
              type: 'web_fetch_result',
              url: 'https://e.x',
              content: {
                type: 'document',
                source: { type: 'text', media_type: 'text/plain', data: 'FETCHED' },
              },
            },
          },
          {
            type: 'bash_code_execution_tool_result',
            tool_use_id: 'c1',
            content: { type: 'bash_code_execution_result', stdout: 'PRINTED', stderr: '', return_code: 0 },
          },
        ],
      },
      question,
    ],
    texts: ['FROM MCP', 'FETCHED', 'PRINTED', 'get_weather'],
  },
};

describe.each(Object.entries(cases))('%s', (_, { messages, texts, images = 0 }) => {
  it.each(targets)('is readable at %s, and nothing is reported as dropped', (to) => {
    const body = { max_tokens: 99, messages, tools: [tool] };
    const { body: written, dropped } = write('anthropic-messages', to, body);
    const conversation = JSON.stringify(written.messages ?? written.input ?? written.contents);
    for (const text of texts) expect(conversation).toContain(text);
    expect(conversation.match(/aGk=/g) ?? []).toHaveLength(images);
    expect(dropped).toEqual([]);
  });

  it('returns to Messages unchanged', () => {
    const { body } = write('anthropic-messages', 'anthropic-messages', {
      max_tokens: 99,
      messages,
      tools: [tool],
    });
    const asBlocks = messages.map(({ role, content }) => ({
      role,
      content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
    }));
    expect(body.messages).toEqual(asBlocks);
  });
});

it('finds no readable text in a failed compaction', () => {
  const messages = [
    question,
    { role: 'assistant', content: [{ type: 'compaction', content: null }] },
    question,
  ];
  const { body } = write('anthropic-messages', 'openai-chat', { max_tokens: 99, messages });
  expect(JSON.stringify(body)).not.toContain('Summary');
});

describe('a result of OpenAI’s own tools', () => {
  const items: Record<string, [JsonObject, string]> = {
    'an MCP server’s result': [
      { type: 'mcp_call', id: 'mcp_1', name: 'look', server_label: 's', arguments: '{}', output: 'FOUND' },
      'FOUND',
    ],
    'a file’s passage': [
      {
        type: 'file_search_call',
        id: 'fs_1',
        queries: ['q'],
        results: [{ filename: 'a.md', text: 'FOUND' }],
      },
      'FOUND',
    ],
    'code output': [
      { type: 'code_interpreter_call', id: 'ci_1', code: 'x', outputs: [{ type: 'logs', logs: 'FOUND' }] },
      'FOUND',
    ],
    'shell output': [
      { type: 'shell_call_output', call_id: 's1', output: [{ stdout: 'FOUND', stderr: '' }] },
      'FOUND',
    ],
    'local shell output': [{ type: 'local_shell_call_output', id: 'l1', output: 'FOUND' }, 'FOUND'],
  };
  it.each(Object.entries(items))('is readable everywhere, and returns unchanged: %s', (_, [item, wanted]) => {
    const input = [question, { type: 'message', role: 'assistant', content: 'Hm.' }, item, question];
    for (const to of ['openai-chat', 'anthropic-messages', 'gemini-generate'] as const) {
      const { body, dropped } = write('openai-responses', to, { input });
      expect(JSON.stringify(body.messages ?? body.contents), to).toContain(wanted);
      expect(dropped, to).toEqual([]);
    }
    expect(write('openai-responses', 'openai-responses', { input }).body.input).toContainEqual(item);
  });
});
