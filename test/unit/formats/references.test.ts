// Finds the resources of a provider's account that a request references, in every format.
import { describe, expect, it } from 'vitest';
import { isShared, referencesIn } from '../../../src/formats/references.ts';

const needed = (body: unknown) =>
  referencesIn(body)
    .filter(({ isOptional }) => !isOptional)
    .map(({ id }) => id)
    .sort();

describe('a Responses request', () => {
  it('references stored conversations, files, containers, indexes, prompts, skills, and tunnels', () => {
    const body = {
      previous_response_id: 'resp_1',
      conversation: { id: 'conv_1' },
      prompt: { id: 'pmpt_1', variables: { report: { type: 'input_file', file_id: 'file-v' }, name: 'x' } },
      metadata: { file_id: 'file-no' },
      input: [
        { type: 'item_reference', id: 'msg_1' },
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
        { type: 'file_search_call', id: 'fs_no', results: [{ file_id: 'file-no' }] },
        { type: 'additional_tools', tools: [{ type: 'file_search', vector_store_ids: ['vs_2'] }] },
      ],
      tools: [
        { type: 'function', name: 'f', parameters: { properties: { file_id: { type: 'string' } } } },
        { type: 'code_interpreter', container: 'cntr_2' },
        { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-5', 'file-1'] } },
        { type: 'file_search', vector_store_ids: ['vs_1'] },
        { type: 'image_generation', input_image_mask: { file_id: 'file-6' } },
        { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_3' } },
        { type: 'shell', environment: { skills: [{ type: 'skill_reference', skill_id: 'skill_1' }] } },
        { type: 'mcp', server_label: 's', tunnel_id: 'tunnel_1' },
      ],
    };
    expect(needed(body)).toEqual(
      'cntr_1 cntr_2 cntr_3 conv_1 file-1 file-2 file-3 file-4 file-5 file-6 file-v msg_1 pmpt_1 resp_1 skill_1 tunnel_1 vs_1 vs_2'.split(
        ' ',
      ),
    );
    expect(needed({ conversation: 'conv_2', input: 'file-x' })).toEqual(['conv_2']);
  });

  it.each([
    ['no type', { id: 'rs_1' }],
    ['a null type', { type: null, id: 'rs_1' }],
    ['an empty type', { type: '', id: 'rs_1' }],
    ['a number for a type', { type: 1, id: 'rs_1' }],
  ])('references an item with %s and an id', (_, item) => {
    expect(needed({ input: [item] })).toEqual(['rs_1']);
  });

  it('looks up reasoning without its content, but also works without it', () => {
    const input = [
      { type: 'reasoning', id: 'rs_stored', summary: [] },
      { type: 'reasoning', id: 'rs_sealed', summary: [], encrypted_content: 'x' },
      { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
    ];
    expect(referencesIn({ input })).toEqual([{ id: 'rs_stored', isOptional: true }]);
  });
});

describe('a Messages request', () => {
  const file = (id: string): object => ({ type: 'document', source: { type: 'file', file_id: id } });

  it('references files, containers, custom skills, threads, and user profiles', () => {
    const skills = [
      { type: 'custom', skill_id: 'skill_1' },
      { type: 'anthropic', skill_id: 'pptx' },
    ];
    const body = {
      container: { id: 'container_1', skills },
      thread: { type: 'continue', previous_message_id: 'msg_1' },
      user_profile_id: 'uprof_1',
      messages: [
        { role: 'user', content: [file('file_1'), { type: 'container_upload', file_id: 'file_2' }] },
        { role: 'user', content: [{ type: 'tool_result', content: [file('file_3')] }] },
        { role: 'assistant', content: [{ type: 'tool_use', input: { source: { file_id: 'no' } } }] },
        {
          role: 'assistant',
          content: [
            {
              type: 'bash_code_execution_tool_result',
              content: {
                type: 'bash_code_execution_result',
                content: [{ type: 'bash_code_execution_output', file_id: 'no' }],
              },
            },
          ],
        },
      ],
    };
    expect(needed(body)).toEqual('container_1 file_1 file_2 file_3 msg_1 skill_1 uprof_1'.split(' '));
    expect(needed({ container: 'container_2', diagnostics: { previous_message_id: 'msg_2' } })).toEqual([
      'container_2',
    ]);
  });
});

describe('a chat request', () => {
  it('references files, earlier audio, voices, presets, and resources stored by hosts', () => {
    const messages = [
      { role: 'system', content: 'fileid://file-fe-1,fileid://file-fe-2' },
      { role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'ms://file-2' } }] },
      {
        role: 'user',
        content: [{ type: 'video', video: ['oss://bucket/a.mp4', 'https://example.com/b.mp4'] }],
      },
      { role: 'user', content: [{ type: 'text', text: 'gs://bucket/report.pdf says what?' }] },
      { role: 'assistant', audio: { id: 'audio_1' } },
    ];
    const body = {
      messages,
      audio: { voice: { id: 'voice_1' } },
      preset: 'my-preset',
      models: ['openai/o1@preset/other'],
    };
    expect(needed(body)).toEqual(
      'audio_1 file-1 fileid://file-fe-1 fileid://file-fe-2 ms://file-2 my-preset oss://bucket/a.mp4 other voice_1'.split(
        ' ',
      ),
    );
    expect(needed({ model: '@preset/x', messages: [], audio: { voice: 'alloy' } })).toEqual(['x']);
  });

  it('references an index of Azure’s unless the caller sends a credential for it', () => {
    const source = (authentication: object) => ({
      data_sources: [
        {
          type: 'azure_search',
          parameters: { endpoint: 'https://s.search.windows.net', index_name: 'hr', authentication },
        },
      ],
    });
    expect(needed(source({ type: 'system_assigned_managed_identity' }))).toEqual([
      'https://s.search.windows.net/hr',
    ]);
    expect(needed(source({ type: 'api_key', key: 'mine' }))).toEqual([]);
  });
});

describe('a Gemini request', () => {
  it('references files, caches, stores, indexes, buckets, and service accounts, in both spellings', () => {
    const uri = (fileUri: string): object => ({ fileData: { fileUri } });
    const parts = [
      uri('https://generativelanguage.googleapis.com/v1beta/files/abc-1'),
      uri('HTTPS://GenerativeLanguage.googleapis.com:443/v1beta/files%2Fabc-2?alt=media'),
      { file_data: { file_uri: 'files/def' } },
      uri('gs://operator/secret.pdf'),
      uri('https://www.youtube.com/watch?v=files/x'),
      { text: 'https://generativelanguage.googleapis.com/v1beta/files/no' },
      {
        functionResponse: { name: 'f', response: { fileUri: 'gs://no' }, parts: [uri('gs://operator/part')] },
      },
    ];
    const tools = [
      { retrieval: { vertexRagStore: { ragResources: [{ ragCorpus: 'corpus', ragFileIds: ['rag-1'] }] } } },
      { retrieval: { vertexAiSearch: { datastore: 'store', engine: 'engine' } } },
      {
        retrieval: {
          external_api: {
            endpoint: 'https://x',
            auth_config: { google_service_account_config: { service_account: 'sa@p' } },
          },
        },
      },
      { file_search: { file_search_store_names: ['fileSearchStores/1'] } },
      {
        functionDeclarations: [{ name: 'f', parameters: { properties: { datastore: { type: 'STRING' } } } }],
      },
    ];
    expect(needed({ cachedContent: 'cachedContents/c', contents: [{ parts }], tools })).toEqual(
      'cachedContents/c corpus engine fileSearchStores/1 files/abc-1 files/abc-2 files/def gs://operator/part gs://operator/secret.pdf rag-1 sa@p store'.split(
        ' ',
      ),
    );
    expect(needed({ generateContentRequest: { contents: [{ parts: [uri('gs://counted')] }] } })).toEqual([
      'gs://counted',
    ]);
    expect(needed({ requests: [{ content: { parts: [uri('gs://embedded')] } }] })).toEqual(['gs://embedded']);
  });
});

it('finds voices in speech and files in image requests', () => {
  expect(needed({ model: 'gpt-4o-mini-tts', input: 'hi', voice: { id: 'voice_1' } })).toEqual(['voice_1']);
  expect(needed({ model: 'gpt-4o-mini-tts', input: 'hi', voice: 'voice_2' })).toEqual(['voice_2']);
  expect(
    needed({
      images: [{ file_id: 'file-1' }, { image_url: 'https://x/y.png' }],
      mask: { file_id: 'file-2' },
    }),
  ).toEqual(['file-1', 'file-2']);
});

it('finds no reference in bodies of another format', () => {
  const odd = {
    messages: 1,
    input: [1],
    contents: [null],
    tools: 'x',
    prompt: [],
    constructor: {},
    __proto__: null,
  };
  for (const body of [null, 1, [], odd, { fileData: { fileUri: 'https://%zz.googleapis.com/%zz' } }])
    expect(needed(body).filter((id) => !id.includes('googleapis'))).toEqual([]);
});

describe('the list of resources shared by the operator', () => {
  it.each([
    [['vs_1'], 'vs_1', true],
    [['vs_1'], 'vs_12', false],
    [['vs_*'], 'vs_12', true],
    [['*'], 'anything', true],
    [['gs://public/'], 'gs://public/a.pdf', true],
    [['gs://public'], 'gs://public/a.pdf', true],
    [['gs://public'], 'gs://public-not/a.pdf', false],
    [[], 'vs_1', false],
  ])('%j includes %s: %s', (shared, id, isIn) => {
    expect(isShared(shared, id)).toBe(isIn);
  });
});
