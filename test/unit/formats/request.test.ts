// What the relay reads of requests: the facts, the faults, and the ids that bodies name.
import { describe, expect, it } from 'vitest';
import { readRequestFacts } from '../../../src/formats/request.ts';
import type { WireKind } from '../../../src/formats/wire-kind.ts';
import { allFixtures, haveFixtures, kindOf, sayWhenLeftOut } from '../../support/fixtures.ts';

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

function hasModel(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'model' in body;
}
