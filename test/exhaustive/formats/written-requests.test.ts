// Requests written for OpenAI are valid by its own OpenAPI file, whatever format they came from.
import { beforeAll, describe, expect, it } from 'vitest';
import { isObject } from '../../../src/formats/json-reader.ts';
import type { NeutralRequest } from '../../../src/formats/neutral.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { allFixtures, haveFixtures, kindOf, reportSkippedReplay } from '../../support/fixtures.ts';
import { requestOf } from '../../support/formats.ts';
import { haveSpecs, reportSkippedSpecs, schemaFaults } from '../../support/provider-schema.ts';
import { fullChatRequest, fullResponsesRequest } from './openai-request-cases.ts';

reportSkippedReplay();
reportSkippedSpecs();

const sources = { 'openai-chat': openaiChat, 'openai-responses': openaiResponses };
const targets: readonly [string, ConversationFormat, string][] = [
  ['chat completions', openaiChat, 'CreateChatCompletionRequest'],
  ['Responses', openaiResponses, 'CreateResponse'],
];
const models = ['gpt-4o', 'gpt-5', 'gpt-5.6', 'o3', 'something-else'];
const providers = ['openai', 'azure', 'openai-compatible'];

function read(format: Pick<ConversationFormat, 'readRequest'>, body: JsonObject): NeutralRequest {
  return requestOf(format.readRequest(body, { model: String(body.model), stream: body.stream === true }));
}

/** Returns all recorded requests that succeeded; refused ones are invalid on purpose. */
function recordedRequests(kind: keyof typeof sources): [string, NeutralRequest][] {
  return allFixtures()
    .filter(
      (fixture) =>
        kindOf(fixture) === kind &&
        fixture.meta.status === 200 &&
        !/-sub/.test(fixture.meta.endpoint) &&
        isObject(fixture.request),
    )
    .flatMap(({ name, request: body }) => {
      if (!isObject(body)) return [];
      const read = sources[kind].readRequest(body, {
        model: String(body.model),
        stream: body.stream === true,
      });
      // Only OpenAI knows the conversation of a stored prompt or an earlier response.
      return !read.ok || read.request.messages.length === 0
        ? []
        : [[name, read.request] as [string, NeutralRequest]];
    });
}

/** The file requires an id of reasoning items; recordings show that the API does not. */
function withIds(body: JsonObject): JsonObject {
  if (!Array.isArray(body.input)) return body;
  return {
    ...body,
    input: body.input.map((item) => (item.type === 'reasoning' ? { id: 'rs_1', ...item } : item)),
  };
}

/** Removes members and tools of imitators that passed through unchanged. */
function withoutOpaque(body: JsonObject, request: NeutralRequest): JsonObject {
  const foreign = new Set(request.tools.map((tool) => (tool.type === 'opaque' ? tool.wire : undefined)));
  const tools = Array.isArray(body.tools) ? { tools: body.tools.filter((tool) => !foreign.has(tool)) } : {};
  const own = Object.entries(body).filter(([key]) => !(key in request.opaque.fields));
  return { ...Object.fromEntries(own), ...tools };
}

describe.skipIf(!haveSpecs)('requests written for OpenAI', () => {
  // Parsing three megabytes of YAML takes a while.
  beforeAll(() => {
    for (const [, , schema] of targets) schemaFaults('openai', schema, {});
  }, 60_000);

  it.each(targets)('%s accepts everything that both formats can express', (_, format, schema) => {
    for (const [source, body] of [
      ['openai-chat', fullChatRequest],
      ['openai-responses', fullResponsesRequest],
    ] as const) {
      for (const model of models) {
        for (const provider of providers) {
          const request = read(sources[source], body);
          const written = format.writeRequest(request, { model, provider });
          // Imitators' parts such as video_url are not in these requests.
          expect(
            schemaFaults('openai', schema, written.body),
            `${source} for ${model} at ${provider}`,
          ).toEqual([]);
        }
      }
    }
  });

  it.skipIf(!haveFixtures).each(targets)('%s accepts every recorded request', (_, format, schema) => {
    const recorded = [...recordedRequests('openai-chat'), ...recordedRequests('openai-responses')];
    for (const [name, request] of recorded) {
      const { body } = format.writeRequest(request, { model: 'gpt-5.6', provider: 'openai' });
      expect(schemaFaults('openai', schema, withIds(withoutOpaque(body, request))), name).toEqual([]);
    }
    console.log(`${recorded.length} recorded requests written as ${schema}`);
    expect(recorded.length).toBeGreaterThan(200);
  });

  it('the schema check rejects an invalid request', () => {
    expect(
      schemaFaults('openai', 'CreateChatCompletionRequest', {
        model: 'm',
        messages: [{ role: 'tool', content: 'x' }],
      }),
    ).not.toEqual([]);
    expect(
      schemaFaults('openai', 'CreateResponse', { model: 'm', input: [{ type: 'function_call', name: 'f' }] }),
    ).not.toEqual([]);
  });
});
