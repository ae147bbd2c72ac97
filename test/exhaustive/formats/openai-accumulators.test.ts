// Streams written for OpenAI's clients, accumulated by the official SDK: the result equals the same response
// unstreamed. Every event is valid by OpenAI's OpenAPI file.
import OpenAI from 'openai';
import { ContentFilterFinishReasonError, LengthFinishReasonError } from 'openai/core/error';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import type { NeutralEvent, NeutralResponse } from '../../../src/formats/neutral.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import { emptyRequest } from '../../../src/formats/request-fields.ts';
import { createSseSplitter } from '../../../src/formats/sse.ts';
import { type Usage, usageOf } from '../../../src/formats/usage.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { collectEvents } from '../../support/collect-events.ts';
import { allFixtures, type Fixture, kindOf, reportSkippedReplay } from '../../support/fixtures.ts';
import { haveSpecs, schemaFaults } from '../../support/provider-schema.ts';
import {
  contextOf,
  isStream,
  parseRecording,
  readStream,
  writeStream,
} from '../../support/translated-responses.ts';

reportSkippedReplay();

const usage: Usage = usageOf({ inputTokens: 20, cachedTokens: 5, outputTokens: 30, reasoningTokens: 7 });

/** A response with one part of each kind, so this file also tests without the recordings. */
const everything: NeutralResponse = {
  id: 'msg_1',
  model: 'm',
  createdAtSeconds: 1_764_000_000,
  candidates: [
    {
      parts: [
        {
          type: 'reasoning',
          text: 'Hm.',
          signature: { origin: 'anthropic-messages', kind: 'signature', value: 'c2ln' },
        },
        { type: 'text', text: 'It is ', citations: [{ url: 'https://example.com', title: 'Example' }] },
        {
          type: 'text',
          text: 'a cat.',
          logprobs: [{ token: 'a cat.', logprob: -0.1, bytes: null, top: [] }],
        },
        {
          type: 'web-search',
          id: 'srv_1',
          query: 'cats',
          results: [{ url: 'https://example.com', title: 'Cats' }],
        },
        { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"deep":true}' },
        {
          type: 'tool-call',
          id: 'call_2',
          name: 'now',
          arguments: '{}',
          signature: { origin: 'gemini-generate', kind: 'signature', value: 'dGhv' },
        },
        { type: 'tool-call', id: 'call_3', name: 'shell', arguments: '{"input":"ls"}' },
        {
          type: 'media',
          kind: 'image',
          source: { type: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
        },
      ],
      stop: { reason: 'tool-calls' },
    },
  ],
  usage,
  serviceTier: 'default',
  error: null,
  promptBlock: null,
};

/** Returns a response whose finish reason tool calls do not decide. */
function truncatedOrRefused(reason: 'length' | 'content-filter' | 'refusal', refusal = ''): NeutralResponse {
  const content = refusal
    ? [{ type: 'refusal' as const, text: refusal }]
    : [{ type: 'text' as const, text: 'So' }];
  return { ...everything, candidates: [{ parts: content, stop: { reason } }] };
}

interface Case {
  name: string;
  events: NeutralEvent[];
}

const made: Case[] = [
  { name: 'one of everything', events: eventsOfResponse(everything) },
  { name: 'a truncated answer', events: eventsOfResponse(truncatedOrRefused('length')) },
  { name: 'a filtered answer', events: eventsOfResponse(truncatedOrRefused('content-filter')) },
  { name: 'a refusal', events: eventsOfResponse(truncatedOrRefused('refusal', 'No.')) },
  { name: 'two calls interleaved', events: interleavedCalls() },
];

/** Returns events in which the arguments of two calls alternate. */
function interleavedCalls(): NeutralEvent[] {
  const call = (part: number, piece: string): NeutralEvent => ({
    type: 'tool-call-delta',
    candidate: 0,
    part,
    arguments: piece,
  });
  const start = (part: number): NeutralEvent => ({
    type: 'tool-call-start',
    candidate: 0,
    part,
    id: `c${part}`,
    name: `f${part}`,
  });
  return [
    { type: 'message-start', id: 'a', model: 'm', createdAtSeconds: null, usage: null },
    start(0),
    call(0, '{"a"'),
    start(1),
    call(1, '{"b":'),
    call(0, ':1}'),
    call(1, '2}'),
    { type: 'tool-call-end', candidate: 0, part: 0 },
    { type: 'tool-call-end', candidate: 0, part: 1 },
    { type: 'usage-set', usage, serviceTier: null },
    { type: 'candidate-end', candidate: 0, stop: { reason: 'tool-calls' } },
    { type: 'message-end' },
  ];
}

const formats = { 'openai-chat': openaiChat, 'openai-responses': openaiResponses } as const;
type Kind = keyof typeof formats;

const recorded: Case[] = allFixtures()
  .filter(
    (fixture) => isKind(kindOf(fixture)) && fixture.meta.status === 200 && fixture.meta.method === 'POST',
  )
  .filter((fixture) => isStream(fixture) && parseRecording(formatOf(fixture), fixture).whole)
  .map((fixture) => ({ name: fixture.name, events: readStream(formatOf(fixture), [fixture.bytes]) }));

function isKind(kind: string | null): kind is Kind {
  return kind === 'openai-chat' || kind === 'openai-responses';
}

function formatOf(fixture: Fixture): (typeof formats)[Kind] {
  return formats[kindOf(fixture) as Kind];
}

/** Returns an SDK client whose every request is answered with this stream. */
function clientOf(stream: string): OpenAI {
  const answer = async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  return new OpenAI({ apiKey: 'sk-test', baseURL: 'http://relay.test/v1', fetch: answer, maxRetries: 0 });
}

/** The context of a caller that has a custom tool, requests usage, and wants its request fields repeated. */
const context = contextOf({
  request: {
    ...emptyRequest('the-model', true, 'openai-chat'),
    tools: [{ type: 'custom', name: 'shell', description: undefined, format: undefined, at: 'tools[0]' }],
  },
  body: {
    model: 'the-model',
    instructions: 'Be brief.',
    temperature: 0.5,
    stream: true,
    stream_options: { include_usage: true },
  },
});

function eventsIn(stream: string): JsonObject[] {
  const splitter = createSseSplitter();
  const events = [...splitter.push(new TextEncoder().encode(stream)), ...splitter.end()];
  return events.filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
}

/** Returns plain JSON, since the SDK adds getters and non-enumerable members. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

describe('OpenAI’s stream accumulators read Responses streams', () => {
  it.each([...made, ...recorded].map((one) => [one.name, one] as const))('%s', async (_, { events }) => {
    const stream = writeStream(openaiResponses.eventWriter(context), events);
    const { body } = openaiResponses.writeResponse(collectEvents(events), context);
    const final = await clientOf(stream).responses.stream({ model: 'm', input: 'x' }).finalResponse();
    const { output_text: _text, output_parsed: _parsed, ...sent } = plain(final);
    expect(withoutParsed(sent)).toEqual(plain(body));
    const numbers = eventsIn(stream).map(({ sequence_number }) => sequence_number);
    expect(numbers).toEqual(numbers.map((_number, index) => index));
  });
});

/** Members that the SDK's parser adds to items and contents. */
function withoutParsed(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member) => (/^parsed(_arguments)?$/.test(key) ? undefined : member)),
  );
}

describe('OpenAI’s stream accumulators read chat completion streams', () => {
  it.each([...made, ...recorded].map((one) => [one.name, one] as const))('%s', async (_, { events }) => {
    const stream = writeStream(openaiChat.eventWriter(context), events);
    const { body } = openaiChat.writeResponse(collectEvents(events), context);
    const completion = await lastSnapshot(stream);
    const choices = body.choices as { message: JsonObject; finish_reason: string }[];
    expect(completion.usage ?? undefined).toEqual(body.usage);
    expect(completion.id).toBe(body.id);
    for (const [index, choice] of completion.choices.entries()) {
      const whole = choices[index];
      expect(choice.finish_reason).toBe(whole?.finish_reason);
      const { content, refusal, tool_calls: calls } = whole?.message ?? {};
      // A stream begins with an empty text, as OpenAI's do.
      expect(choice.message.content || null).toEqual(content);
      expect(choice.message.refusal || null).toEqual(refusal);
      expect(withoutParsed(choice.message.tool_calls ?? [])).toEqual(calls ?? []);
    }
  });
});

/**
 * Accumulates chat chunks. Compares the snapshot, since `finalChatCompletion()` throws for truncated and
 * filtered responses.
 */
async function lastSnapshot(stream: string): Promise<OpenAI.ChatCompletion> {
  const runner = clientOf(stream).chat.completions.stream({
    model: 'm',
    messages: [{ role: 'user', content: 'x' }],
  });
  let last: unknown;
  runner.on('chunk', (_chunk, snapshot) => {
    last = snapshot;
  });
  await runner.done().catch((error: unknown) => {
    if (!(error instanceof LengthFinishReasonError || error instanceof ContentFilterFinishReasonError))
      throw error;
  });
  return plain(last) as unknown as OpenAI.ChatCompletion;
}

/**
 * Returns the parts of an event that OpenAI's file describes. The API itself sends null where the file requires
 * a string or an object, and the service tier is passed through from the upstream.
 */
function describedParts(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member) =>
      key === 'service_tier' || (/^(user|usage)$/.test(key) && member === null) ? undefined : member,
    ),
  );
}

/**
 * Reports whether an event starts a call that OpenAI runs itself. It has no results yet, as recordings show, but
 * the file requires them.
 */
function isBegunCall({ type, item }: JsonObject): boolean {
  return (
    type === 'response.output_item.added' &&
    /"type":"(web_search|image_generation)_call"/.test(JSON.stringify(item))
  );
}

describe.skipIf(!haveSpecs)('responses written for OpenAI’s clients match OpenAI’s schema', () => {
  beforeAll(() => {
    schemaFaults('openai', 'ResponseStreamEvent', {});
  }, 60_000);

  it.each([...made, ...recorded.slice(0, 40)].map((one) => [one.name, one] as const))(
    '%s',
    (_, { events }) => {
      const answer = collectEvents(events);
      const sent = eventsIn(writeStream(openaiResponses.eventWriter(context), events));
      for (const event of sent.filter((one) => !isBegunCall(one)))
        expect(
          schemaFaults('openai', 'ResponseStreamEvent', describedParts(event)),
          JSON.stringify(event).slice(0, 300),
        ).toEqual([]);
      const chunks = eventsIn(writeStream(openaiChat.eventWriter(context), events));
      // The API streams calls of custom tools, but the file does not describe them.
      for (const chunk of chunks.filter((one) => !JSON.stringify(one).includes('"custom"')))
        expect(schemaFaults('openai', 'CreateChatCompletionStreamResponse', describedParts(chunk))).toEqual(
          [],
        );
      expect(
        schemaFaults(
          'openai',
          'Response',
          describedParts(openaiResponses.writeResponse(answer, context).body),
        ),
      ).toEqual([]);
      expect(
        schemaFaults(
          'openai',
          'CreateChatCompletionResponse',
          describedParts(openaiChat.writeResponse(answer, context).body),
        ),
      ).toEqual([]);
    },
  );
});
