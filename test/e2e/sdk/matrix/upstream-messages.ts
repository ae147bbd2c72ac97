// The Messages API as an upstream: writes the imitated model's answers, and reads requests.
import type { Script, UpstreamView } from './script.ts';
import type { Json, Wire } from './wire.ts';

const stops = {
  stop: 'end_turn',
  length: 'max_tokens',
  calls: 'tool_use',
  filter: 'refusal',
  refusal: 'refusal',
  sequence: 'stop_sequence',
};

function blocks(script: Script): Json[] {
  const text = script.text ?? script.refusal;
  return [
    ...(script.thought
      ? [{ type: 'thinking', thinking: script.thought.text, signature: script.thought.signature }]
      : []),
    ...(text === undefined
      ? []
      : [{ type: 'text', text, ...(script.citation && { citations: citations(script) }) }]),
    ...(script.calls ?? []).map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
  ];
}

function citations({ citation, text }: Script): Json[] {
  return [{ type: 'web_search_result_location', ...citation, cited_text: text, encrypted_index: 'x' }];
}

function usageOf({ usage }: Script): Json {
  return {
    input_tokens: usage.input - usage.cached,
    cache_read_input_tokens: usage.cached,
    cache_creation_input_tokens: 0,
    output_tokens: usage.output,
    ...(usage.reasoning > 0 && { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  };
}

function head(script: Script): Json {
  return {
    id: 'msg_upstream',
    type: 'message',
    role: 'assistant',
    model: 'upstream-model',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usageOf(script), output_tokens: 1 },
  };
}

function ending({ stop }: Script): Json {
  return { stop_reason: stops[stop], stop_sequence: stop === 'sequence' ? 'END' : null };
}

export function messagesAnswer(script: Script): Json {
  return { ...head(script), content: blocks(script), ...ending(script), usage: usageOf(script) };
}

export function messagesStream(script: Script): string {
  const event = (value: Json) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
  const halves = (text: string) =>
    [text.slice(0, text.length / 2), text.slice(text.length / 2)].filter((half) => half !== '');
  const eventsOf = (block: Json, index: number): string[] => {
    const delta = (value: Json) => event({ type: 'content_block_delta', index, delta: value });
    const start = (value: Json) => event({ type: 'content_block_start', index, content_block: value });
    switch (block.type) {
      case 'thinking':
        return [
          start({ type: 'thinking', thinking: '', signature: '' }),
          ...halves(block.thinking).map((thinking) => delta({ type: 'thinking_delta', thinking })),
          delta({ type: 'signature_delta', signature: block.signature }),
        ];
      case 'text':
        return [
          start({ type: 'text', text: '' }),
          ...halves(block.text).map((text) => delta({ type: 'text_delta', text })),
          ...(block.citations ?? []).map((citation: Json) => delta({ type: 'citations_delta', citation })),
        ];
      default: {
        const json = JSON.stringify(block.input);
        // A call without arguments has no delta.
        const deltas = json === '{}' ? [] : halves(json);
        return [
          start({ ...block, input: {} }),
          ...deltas.map((partial_json) => delta({ type: 'input_json_delta', partial_json })),
        ];
      }
    }
  };
  return [
    event({ type: 'message_start', message: head(script) }),
    event({ type: 'ping' }),
    ...blocks(script).flatMap((block, index) => [
      ...eventsOf(block, index),
      event({ type: 'content_block_stop', index }),
    ]),
    event({ type: 'message_delta', delta: ending(script), usage: usageOf(script) }),
    event({ type: 'message_stop' }),
  ].join('');
}

const contentOf = (content: Wire): Json[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
const textOf = (content: Wire): string =>
  contentOf(content)
    .map((block) => block.text ?? '')
    .join('');

const mediaOf = (content: Wire): string[] =>
  contentOf(content).flatMap((block) => {
    if (block.type === 'tool_result') return mediaOf(block.content);
    if (block.type !== 'image' && block.type !== 'document') return [];
    const { source } = block;
    return [`${block.type} ${source.url ?? `data:${source.media_type};base64,${source.data}`}`];
  });

export function messagesUpstreamView(body: Json): UpstreamView {
  const messages: Json[] = body.messages;
  const all = messages.flatMap(({ content }) => contentOf(content));
  const calls = all.filter(({ type }) => type === 'tool_use');
  const results = all.filter(({ type }) => type === 'tool_result');
  const nameOf = (id: string) => calls.find((call) => call.id === id)?.name;
  const choice = body.tool_choice;
  const choiceNames = { auto: 'auto', any: 'required', none: 'none' } as Json;
  return {
    system: textOf(body.system),
    texts: messages
      .filter(({ content }) => textOf(content) !== '')
      .map(({ role, content }) => `${role}: ${textOf(content)}`),
    media: messages.flatMap(({ content }) => mediaOf(content)),
    tools: (body.tools ?? [])
      .filter(({ input_schema }: Json) => input_schema)
      .map((tool: Json) => ({
        name: tool.name,
        description: tool.description,
        properties: Object.keys(tool.input_schema.properties ?? {}),
      })),
    choice: choice === undefined ? 'unsaid' : (choiceNames[choice.type] ?? choice.name),
    calls: calls.map(({ name, input }) => `${name}(${JSON.stringify(input)})`),
    results: results.map(({ tool_use_id, content }) => `${nameOf(tool_use_id)}: ${textOf(content)}`),
    errors: results.filter(({ is_error }) => is_error).map(({ tool_use_id }) => nameOf(tool_use_id) ?? '?'),
    maxTokens: body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    stops: body.stop_sequences ?? [],
    user: body.metadata?.user_id,
    schema: body.output_config?.format && Object.keys(body.output_config.format.schema.properties),
    json: /JSON object/.test(textOf(body.system)),
    thinks: body.thinking !== undefined && body.thinking.type !== 'disabled',
    search: (body.tools ?? []).some(({ type }: Json) => type?.startsWith('web_search')),
    single: choice?.disable_parallel_tool_use === true,
    signatures: all.flatMap((block) => (block.type === 'thinking' ? [block.signature] : [])),
  };
}
