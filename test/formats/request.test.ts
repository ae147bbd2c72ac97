// What the relay reads of requests: the facts, the faults, and the ids that bodies name.
import { describe, expect, it } from 'vitest';
import type { WireKind } from '../../src/formats/meter.ts';
import { referencedIds } from '../../src/formats/references.ts';
import { readRequestFacts } from '../../src/formats/request.ts';
import { allFixtures, haveFixtures, kindOf, sayWhenLeftOut } from '../support/fixtures.ts';

sayWhenLeftOut();

describe('the facts of a request', () => {
  it('are read where they are', () => {
    const chat = { model: 'm', messages: [], stream: true, stream_options: { include_usage: false }, odd: 1 };
    expect(readRequestFacts('chat', chat)).toEqual({
      ok: true,
      model: 'm',
      stream: true,
      includeUsage: false,
      background: false,
      store: undefined,
    });
    const response = { model: 'm', input: 'x', background: true, store: false };
    expect(readRequestFacts('responses', response)).toMatchObject({
      background: true,
      store: false,
      stream: false,
    });
    expect(readRequestFacts('responses', { prompt: { id: 'pmpt_1' } })).toMatchObject({
      ok: true,
      model: null,
    });
    expect(readRequestFacts('generate', { contents: [] })).toMatchObject({ ok: true, model: null });
    expect(readRequestFacts('transcription', { model: 'whisper-1', stream: 'true' })).toMatchObject({
      stream: true,
    });
    expect(readRequestFacts('messages', { model: 'm', messages: [] }, { counting: true })).toMatchObject({
      ok: true,
    });
    expect(readRequestFacts('uncounted', {})).toMatchObject({ ok: true });
  });

  it.each<[WireKind, unknown, string | null]>([
    ['chat', [], null],
    ['chat', null, null],
    ['chat', { messages: [] }, 'model'],
    ['chat', { model: '', messages: [] }, 'model'],
    ['chat', { model: 5, messages: [] }, 'model'],
    ['chat', { model: 'm' }, 'messages'],
    ['chat', { model: 'm', messages: 'hi' }, 'messages'],
    ['chat', { model: 'm', messages: [], stream: 'yes' }, 'stream'],
    ['chat', { model: 'm', messages: [], stream_options: 1 }, 'stream_options'],
    ['responses', { input: 'x' }, 'model'],
    ['messages', { model: 'm', messages: [] }, 'max_tokens'],
    ['generate', {}, 'contents'],
    ['embeddings', { model: 'm' }, 'input'],
    ['embeddings', { model: 'm', input: 7 }, 'input'],
    ['gemini-embed', {}, 'content'],
    ['moderations', {}, 'input'],
    ['speech', { model: 'm' }, 'input'],
    ['transcription', {}, 'model'],
    ['rerank-cohere', { model: 'm', query: 'q' }, 'documents'],
  ])('are faulty in %s %j', (kind, body, param) => {
    const facts = readRequestFacts(kind, body);
    expect(facts).toMatchObject({ ok: false, param });
    if (!facts.ok) expect(facts.message).toMatch(param === null ? /JSON object/ : new RegExp(`'${param}'`));
  });
});

describe.skipIf(!haveFixtures)('every recorded request that was answered', () => {
  it('is accepted', () => {
    let accepted = 0;
    for (const fixture of allFixtures()) {
      const kind = kindOf(fixture);
      if (kind === null || fixture.meta.status !== 200 || fixture.request === undefined) continue;
      // Neither is an endpoint that the relay has in that shape.
      if (['responses-sub', 'embed'].includes(fixture.meta.endpoint)) continue;
      // llama.cpp has one model and needs no name; Vertex and Azure have it in the path.
      if (/^(llamacpp|vertex|azure)\//.test(fixture.name) && !hasModel(fixture.request)) continue;
      const facts = readRequestFacts(kind, fixture.request);
      expect(facts, fixture.name).toMatchObject({ ok: true });
      accepted++;
    }
    console.log(`${accepted} recorded requests accepted`);
  });
});

describe('the ids that a body names', () => {
  it('of the Responses API', () => {
    const body = {
      previous_response_id: 'resp_1',
      conversation: { id: 'conv_1' },
      prompt: { id: 'pmpt_1', variables: { report: { type: 'input_file', file_id: 'file-v' }, name: 'x' } },
      metadata: { file_id: 'file-no' },
      input: [
        { type: 'item_reference', id: 'msg_1' },
        { id: 'rs_1' },
        { type: 'reasoning', id: 'rs_no', summary: [] },
        {
          role: 'user',
          content: [
            { type: 'input_file', file_id: 'file-1' },
            { type: 'input_image', file_id: 'file-2' },
          ],
        },
        { role: 'user', content: 'text' },
        { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'file-3' }] },
        { type: 'computer_call_output', output: { type: 'computer_screenshot', file_id: 'file-4' } },
        { type: 'code_interpreter_call', id: 'ci_no', container_id: 'cntr_1' },
      ],
      tools: [
        { type: 'function', name: 'f', parameters: { properties: { file_id: { type: 'string' } } } },
        { type: 'code_interpreter', container: 'cntr_2' },
        { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-5', 'file-1'] } },
        { type: 'file_search', vector_store_ids: ['vs_1'] },
        { type: 'image_generation', input_image_mask: { file_id: 'file-6' } },
        { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_3' } },
      ],
    };
    expect(referencedIds('responses', body).sort()).toEqual(
      'cntr_1 cntr_2 cntr_3 conv_1 file-1 file-2 file-3 file-4 file-5 file-6 file-v msg_1 resp_1 rs_1 vs_1'.split(
        ' ',
      ),
    );
    expect(referencedIds('responses', { conversation: 'conv_2', input: 'file-x' })).toEqual(['conv_2']);
  });

  it('of Messages', () => {
    const file = (id: string): object => ({ type: 'document', source: { type: 'file', file_id: id } });
    const body = {
      container: { id: 'container_1', skills: [] },
      messages: [
        { role: 'user', content: [file('file_1'), { type: 'container_upload', file_id: 'file_2' }] },
        { role: 'user', content: [{ type: 'tool_result', content: [file('file_3')] }] },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', input: { source: { type: 'file', file_id: 'no' } } }],
        },
      ],
    };
    expect(referencedIds('messages', body)).toEqual(['container_1', 'file_1', 'file_2', 'file_3']);
    expect(referencedIds('messages', { container: 'container_2' })).toEqual(['container_2']);
  });

  it('of chat and of Gemini', () => {
    const messages = [
      { role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] },
      { role: 'assistant', audio: { id: 'audio_1' } },
    ];
    expect(referencedIds('chat', { messages })).toEqual(['file-1', 'audio_1']);
    const uri = (fileUri: string): object => ({ fileData: { fileUri } });
    const parts = [
      uri('https://generativelanguage.googleapis.com/v1beta/files/abc-1'),
      { file_data: { file_uri: 'files/def' } },
      uri('https://www.youtube.com/watch?v=files/x'),
      uri('gs://bucket/files/x'),
      { text: 'https://generativelanguage.googleapis.com/v1beta/files/no' },
    ];
    expect(referencedIds('generate', { cachedContent: 'cachedContents/c', contents: [{ parts }] })).toEqual([
      'cachedContents/c',
      'files/abc-1',
      'files/def',
    ]);
  });

  it('are none in bodies of another shape', () => {
    for (const kind of ['chat', 'responses', 'messages', 'generate', 'embeddings'] as const)
      for (const body of [null, 1, [], { messages: 1, input: [1], contents: [null], tools: 'x', prompt: [] }])
        expect(referencedIds(kind, body)).toEqual([]);
  });
});

function hasModel(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'model' in body;
}
