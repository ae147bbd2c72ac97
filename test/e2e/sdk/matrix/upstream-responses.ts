// The Responses API as an upstream: writes the imitated model's answers, and reads requests.
import type { Script, UpstreamView } from './script.ts';
import type { Json, Wire } from './wire.ts';

function output(script: Script): Json[] {
  // Ids are unique in a conversation whose thoughts have ids.
  const turn = script.thought?.id ?? 'upstream';
  const content = [
    ...(script.text === undefined
      ? []
      : [
          {
            type: 'output_text',
            text: script.text,
            annotations: annotations(script),
            logprobs: logprobsOf(script),
          },
        ]),
    ...(script.refusal === undefined ? [] : [{ type: 'refusal', refusal: script.refusal }]),
  ];
  return [
    ...(script.thought
      ? [
          {
            type: 'reasoning',
            id: `rs_${turn}`,
            summary: script.thought.text === '' ? [] : [{ type: 'summary_text', text: script.thought.text }],
            encrypted_content: script.thought.signature,
          },
        ]
      : []),
    ...(content.length > 0
      ? [{ type: 'message', id: `msg_${turn}`, role: 'assistant', status: 'completed', content }]
      : []),
    ...(script.image
      ? [
          {
            type: 'image_generation_call',
            id: 'ig_upstream',
            status: 'completed',
            result: script.image,
            output_format: 'png',
          },
        ]
      : []),
    ...(script.calls ?? []).map(({ id, name, namespace, args }, index) => ({
      type: 'function_call',
      id: `fc_${turn}_${index}`,
      call_id: id,
      name,
      ...(namespace && { namespace }),
      arguments: JSON.stringify(args),
      status: 'completed',
    })),
  ];
}

function logprobsOf({ logprobs = [] }: Script): Json[] {
  return logprobs.map((one) => ({ ...one, bytes: [], top_logprobs: [] }));
}

function annotations({ citation, text = '' }: Script): Json[] {
  return citation ? [{ type: 'url_citation', ...citation, start_index: 0, end_index: text.length }] : [];
}

function envelope(script: Script | null, status: string, items: Json[]): Json {
  const reason =
    script?.stop === 'length' ? 'max_output_tokens' : script?.stop === 'filter' ? 'content_filter' : null;
  const usage = script?.usage;
  return {
    id: 'resp_upstream',
    object: 'response',
    created_at: 1,
    model: 'upstream-model',
    status: reason === null ? status : 'incomplete',
    error: null,
    incomplete_details: reason && { reason },
    output: items,
    usage: usage
      ? {
          input_tokens: usage.input,
          input_tokens_details: { cached_tokens: usage.cached },
          output_tokens: usage.output,
          output_tokens_details: { reasoning_tokens: usage.reasoning },
          total_tokens: usage.input + usage.output,
        }
      : null,
  };
}

export function responsesAnswer(script: Script): Json {
  return envelope(script, 'completed', output(script));
}

export function responsesStream(script: Script): string {
  let number = 0;
  const event = (type: string, more: Json) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...more })}\n\n`;
  const items = output(script);
  const final = envelope(script, 'completed', items);
  const halves = (text: string) =>
    [text.slice(0, text.length / 2), text.slice(text.length / 2)].filter((half) => half !== '');
  const eventsOf = (item: Json, output_index: number): string[] => {
    const at = { output_index, item_id: item.id };
    const inner: string[] = [];
    if (item.type === 'reasoning') {
      for (const [summary_index, part] of item.summary.entries()) {
        inner.push(
          event('response.reasoning_summary_part.added', {
            ...at,
            summary_index,
            part: { type: 'summary_text', text: '' },
          }),
        );
        for (const delta of halves(part.text))
          inner.push(event('response.reasoning_summary_text.delta', { ...at, summary_index, delta }));
        inner.push(event('response.reasoning_summary_text.done', { ...at, summary_index, text: part.text }));
        inner.push(event('response.reasoning_summary_part.done', { ...at, summary_index, part }));
      }
    }
    for (const [content_index, part] of (item.content ?? []).entries()) {
      const kind = part.type === 'refusal' ? 'refusal' : 'output_text';
      const text = part.text ?? part.refusal;
      inner.push(
        event('response.content_part.added', {
          ...at,
          content_index,
          part: { ...part, text: '', annotations: [] },
        }),
      );
      for (const [half, delta] of halves(text).entries())
        inner.push(
          event(`response.${kind}.delta`, {
            ...at,
            content_index,
            delta,
            logprobs: half === 0 ? (part.logprobs ?? []) : [],
          }),
        );
      for (const [annotation_index, annotation] of (part.annotations ?? []).entries())
        inner.push(
          event('response.output_text.annotation.added', {
            ...at,
            content_index,
            annotation_index,
            annotation,
          }),
        );
      inner.push(
        event(`response.${kind}.done`, {
          ...at,
          content_index,
          [kind === 'refusal' ? 'refusal' : 'text']: text,
        }),
      );
      inner.push(event('response.content_part.done', { ...at, content_index, part }));
    }
    if (item.type === 'function_call') {
      for (const delta of halves(item.arguments))
        inner.push(event('response.function_call_arguments.delta', { ...at, delta }));
      inner.push(event('response.function_call_arguments.done', { ...at, arguments: item.arguments }));
    }
    return inner;
  };
  const blank = (item: Json): Json => ({
    ...item,
    status: 'in_progress',
    ...(item.content && { content: [] }),
    ...(item.summary && { summary: [], encrypted_content: null }),
    ...(item.arguments !== undefined && { arguments: '' }),
    ...(item.result && { result: null }),
  });
  const events = [
    event('response.created', { response: envelope(null, 'in_progress', []) }),
    event('response.in_progress', { response: envelope(null, 'in_progress', []) }),
  ];
  for (const [index, item] of items.entries()) {
    events.push(event('response.output_item.added', { output_index: index, item: blank(item) }));
    events.push(...eventsOf(item, index));
    events.push(event('response.output_item.done', { output_index: index, item }));
  }
  events.push(
    event(final.status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response: final }),
  );
  return events.join('');
}

const parts = (content: Wire): Json[] =>
  typeof content === 'string' ? [{ type: 'input_text', text: content }] : (content ?? []);
const textOf = (content: Wire): string =>
  parts(content)
    .map((part) => part.text ?? part.refusal ?? '')
    .join('');

const mediaOf = (content: Wire): string[] =>
  parts(content).flatMap((part) => {
    if (part.type === 'input_image') return [`image ${part.image_url}`];
    if (part.type === 'input_file') return [`document ${part.file_data ?? part.file_url}`];
    if (part.type === 'input_audio') return [`audio ${part.input_audio.data}`];
    return [];
  });

export function responsesUpstreamView(body: Json): UpstreamView {
  const items: Json[] = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input;
  const messages = items.filter(({ role }) => role !== undefined);
  const calls = items.filter(({ type }) => type === 'function_call');
  const results = items.filter(({ type }) => type === 'function_call_output');
  const nameOf = (id: string) => calls.find((call) => call.call_id === id)?.name;
  const choice = body.tool_choice;
  return {
    system: [
      body.instructions ?? '',
      ...messages
        .filter(({ role }) => role === 'system' || role === 'developer')
        .map(({ content }) => textOf(content)),
    ]
      .filter((text) => text !== '')
      .join('\n'),
    texts: messages
      .filter(({ role, content }) => (role === 'user' || role === 'assistant') && textOf(content) !== '')
      .map(({ role, content }) => `${role}: ${textOf(content)}`),
    media: [
      ...messages.flatMap(({ content }) => mediaOf(content)),
      ...results.flatMap(({ output: one }) => mediaOf(one)),
    ],
    tools: (body.tools ?? [])
      .filter(({ type }: Json) => type === 'function')
      .map((tool: Json) => ({
        name: tool.name,
        description: tool.description,
        properties: Object.keys(tool.parameters?.properties ?? {}),
      })),
    choice: typeof choice === 'object' && choice ? choice.name : (choice ?? 'unsaid'),
    calls: calls.map((call) => `${call.name}(${JSON.stringify(JSON.parse(call.arguments))})`),
    results: results.map(({ call_id, output: one }) => `${nameOf(call_id)}: ${textOf(one)}`),
    errors: [],
    maxTokens: body.max_output_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    stops: [],
    user: body.user ?? body.safety_identifier,
    schema: body.text?.format?.schema && Object.keys(body.text.format.schema.properties),
    json: body.text?.format?.type === 'json_object',
    thinks: body.reasoning?.effort !== undefined && body.reasoning.effort !== 'none',
    search: (body.tools ?? []).some(({ type }: Json) => type.startsWith('web_search')),
    single: body.parallel_tool_calls === false,
    ...((body.include ?? []).includes('message.output_text.logprobs') && { logprobs: body.top_logprobs }),
    metadata: body.metadata,
    tier: body.service_tier,
    signatures: items
      .filter(({ type }) => type === 'reasoning')
      .map(({ encrypted_content }) => encrypted_content),
  };
}
