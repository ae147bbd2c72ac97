// Sends Claude Code's kind of traffic to an OpenAI and a Gemini channel: a Bearer token, beta headers and query, a
// system prompt in blocks with cache markers, dozens of tools, thinking, a long user id, token counts, and a tool
// loop.
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import type { Format, Script } from './matrix/script.ts';
import { formatOfPath, scriptedModel, upstreamFormats } from './matrix/upstream-formats.ts';
import type { Json } from './matrix/wire.ts';

let relay: TestRelay;
let upstream: TestUpstream;
let token: string;

const usage = { input: 15_000, cached: 12_000, output: 80, reasoning: 40 };
const calls = [
  { id: 'call_read', name: 'Read', args: { file_path: '/tmp/a.ts' } },
  {
    id: 'call_mcp',
    name: 'mcp__a_server_with_a_very_long_name__and_a_tool_with_an_even_longer_one',
    args: {},
  },
];
const signature = 'c2VhbGVk';

/** Calls tools first, and answers once it got its signature and the results back. */
function script(format: Format, body: Json): Script | { refuse: string } {
  const view = upstreamFormats[format].view(body);
  if (view.results.length === 0)
    return {
      thought: { text: 'I need the file.', signature },
      text: 'Reading.',
      calls: calls.map(fitted),
      stop: 'calls',
      usage,
    };
  if (view.signatures[0] !== signature) return { refuse: `the signature is ${view.signatures}` };
  return {
    text: `Done: ${view.results.map((result) => result.split(': ')[1]).join(', ')}`,
    stop: 'stop',
    usage,
  };

  /** Renames the call to the name that the model received. */
  function fitted(call: (typeof calls)[number]) {
    const name = view.tools.find((tool) => tool.name.startsWith(call.name.slice(0, 40)))?.name ?? '';
    return { ...call, name };
  }
}

beforeAll(async () => {
  upstream = await startUpstream(scriptedModel(script));
  relay = await startRelay();
  await relay.channel({
    name: 'o',
    provider: 'openai',
    base_url: upstream.url,
    keys: ['k'],
    models: ['gpt-5.1'],
  });
  await relay.channel({
    name: 'g',
    provider: 'gemini',
    base_url: upstream.url,
    keys: ['k'],
    models: ['gemini-3-pro-preview'],
  });
  ({ token } = await relay.token({ quota_usd: 100 }));
});

afterAll(async () => {
  await Promise.all([relay?.stop(), upstream?.stop()]);
});

const tools = [
  ...calls.map(({ name }) => ({
    name,
    description: 'A tool.',
    input_schema: {
      type: 'object' as const,
      properties: { file_path: { type: 'string' } },
      $schema: 'http://json-schema.org/draft-07/schema#',
    },
  })),
  ...Array.from({ length: 38 }, (_, index) => ({
    name: `Tool${index}`,
    description: 'word '.repeat(200),
    input_schema: {
      type: 'object' as const,
      properties: {
        a: { type: 'string', format: 'uri', minLength: 1 },
        b: { anyOf: [{ type: 'number' }, { type: 'null' }] },
      },
      required: ['a'],
      additionalProperties: false,
    },
  })),
];
const cache_control = { type: 'ephemeral' as const };

function request(model: string) {
  return {
    model,
    max_tokens: 32_000,
    thinking: { type: 'enabled' as const, budget_tokens: 31_999 },
    metadata: { user_id: `user_${'0'.repeat(64)}_account__session_${'1'.repeat(36)}` },
    system: [
      { type: 'text' as const, text: 'You are Claude Code.', cache_control },
      {
        type: 'text' as const,
        text: 'word '.repeat(2_000),
        cache_control: { ...cache_control, ttl: '1h' as const },
      },
    ],
    tools,
    betas: ['claude-code-20250219', 'interleaved-thinking-2025-05-14'],
    messages: [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: '<system-reminder>Today is Tuesday.</system-reminder>' },
          { type: 'text' as const, text: 'Read the file.', cache_control },
        ],
      },
    ],
  };
}

describe.each(['gpt-5.1', 'gemini-3-pro-preview'])('Claude Code on %s', (model) => {
  it('completes a tool loop with streamed thinking', async () => {
    const anthropic = new Anthropic({ apiKey: null, authToken: token, baseURL: relay.url, maxRetries: 0 });
    const params = request(model);
    const first = await anthropic.beta.messages.stream(params).finalMessage();
    expect(first.stop_reason).toBe('tool_use');
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    const used = first.content.filter((block) => block.type === 'tool_use');
    expect(used.map(({ name, input }) => ({ name, input }))).toEqual(
      calls.map(({ name, args }) => ({ name, input: args })),
    );
    expect(first.usage).toMatchObject({
      input_tokens: 3_000,
      cache_read_input_tokens: 12_000,
      output_tokens: 80,
    });
    const results = used.map(({ id }, index) => ({
      type: 'tool_result' as const,
      tool_use_id: id,
      content: [{ type: 'text' as const, text: `result ${index}` }],
    }));
    const second = await anthropic.beta.messages
      .stream({
        ...params,
        messages: [
          ...params.messages,
          { role: 'assistant', content: first.content as never },
          { role: 'user', content: results },
        ],
      })
      .finalMessage();
    expect(second.content.at(-1)).toMatchObject({ type: 'text', text: 'Done: result 0, result 1' });
    const sent = upstream.received.at(-1);
    const body = JSON.parse(sent?.body.toString() ?? '{}');
    const view = upstreamFormats[formatOfPath(sent?.path ?? '', body).format].view(body);
    expect(view.tools).toHaveLength(40);
    expect(view.thinks).toBe(true);
    expect(view.texts[0]).toContain('Today is Tuesday.');
    expect(Object.keys(sent?.headers ?? {}).filter((name) => name.startsWith('anthropic'))).toEqual([]);
  });

  it('counts tokens with the relay’s own estimate', async () => {
    const anthropic = new Anthropic({ apiKey: null, authToken: token, baseURL: relay.url, maxRetries: 0 });
    const { max_tokens: _, metadata: __, ...counted } = request(model);
    const { data, response } = await anthropic.beta.messages.countTokens(counted).withResponse();
    expect(response.headers.get('x-relay-estimated')).toBe('input_tokens');
    expect(data.input_tokens).toBeGreaterThan(8_000);
  });
});
