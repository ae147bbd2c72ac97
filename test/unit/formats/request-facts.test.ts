// Tests what the relay reads from requests: facts, faults, and referenced ids.

import { describe, expect, it } from 'vitest';
import type { FormatId } from '../../../src/formats/format-id.ts';
import { readRequestFacts } from '../../../src/formats/request-facts.ts';
import { allFixtures, haveFixtures, kindOf, reportSkippedReplay } from '../../support/fixtures.ts';
import { formatOf } from '../../support/formats.ts';

reportSkippedReplay();

describe('the facts of a request', () => {
  it('are read from the format’s own members', () => {
    const chat = { model: 'm', messages: [], stream: true, stream_options: { include_usage: false }, odd: 1 };
    expect(readRequestFacts(formatOf('openai-chat'), chat)).toEqual({
      ok: true,
      model: 'm',
      stream: true,
      includeUsage: false,
      background: false,
      store: undefined,
    });
    const response = { model: 'm', input: 'x', background: true, store: false };
    expect(readRequestFacts(formatOf('openai-responses'), response)).toMatchObject({
      background: true,
      store: false,
      stream: false,
    });
    expect(readRequestFacts(formatOf('openai-responses'), { prompt: { id: 'pmpt_1' } })).toMatchObject({
      ok: true,
      model: null,
    });
    expect(readRequestFacts(formatOf('gemini-generate'), { contents: [] })).toMatchObject({
      ok: true,
      model: null,
    });
    expect(
      readRequestFacts(formatOf('openai-transcription'), { model: 'whisper-1', stream: 'true' }),
    ).toMatchObject({
      stream: true,
    });
    expect(
      readRequestFacts(formatOf('anthropic-messages'), { model: 'm', messages: [] }, { counting: true }),
    ).toMatchObject({
      ok: true,
    });
    expect(readRequestFacts(formatOf('unread'), {})).toMatchObject({ ok: true });
  });

  it.each<[FormatId, unknown, string | null]>([
    ['openai-chat', [], null],
    ['openai-chat', null, null],
    ['openai-chat', { messages: [] }, 'model'],
    ['openai-chat', { model: '', messages: [] }, 'model'],
    ['openai-chat', { model: 5, messages: [] }, 'model'],
    ['openai-chat', { model: 'm' }, 'messages'],
    ['openai-chat', { model: 'm', messages: 'hi' }, 'messages'],
    ['openai-chat', { model: 'm', messages: [], stream: 'yes' }, 'stream'],
    ['openai-chat', { model: 'm', messages: [], stream_options: 1 }, 'stream_options'],
    ['openai-responses', { input: 'x' }, 'model'],
    ['anthropic-messages', { model: 'm', messages: [] }, 'max_tokens'],
    ['gemini-generate', {}, 'contents'],
    ['openai-embeddings', { model: 'm' }, 'input'],
    ['openai-embeddings', { model: 'm', input: 7 }, 'input'],
    ['gemini-embeddings', {}, 'content'],
    ['openai-moderations', {}, 'input'],
    ['openai-speech', { model: 'm' }, 'input'],
    ['openai-transcription', {}, 'model'],
    ['cohere-rerank', { model: 'm', query: 'q' }, 'documents'],
  ])('are invalid in %s %j', (kind, body, param) => {
    const facts = readRequestFacts(formatOf(kind), body);
    expect(facts).toMatchObject({ ok: false, param });
    if (!facts.ok) expect(facts.message).toMatch(param === null ? /JSON object/ : new RegExp(`'${param}'`));
  });
});

describe.skipIf(!haveFixtures)('every successful recorded request', () => {
  it('is accepted by the request check', () => {
    let accepted = 0;
    for (const fixture of allFixtures()) {
      const kind = kindOf(fixture);
      if (kind === null || fixture.meta.status !== 200 || fixture.request === undefined) continue;
      // The relay has neither endpoint in that format.
      if (['responses-sub', 'embed'].includes(fixture.meta.endpoint)) continue;
      // llama.cpp has one model and needs no name; Vertex and Azure have it in the path.
      if (/^(llamacpp|vertex|azure)\//.test(fixture.name) && !hasModel(fixture.request)) continue;
      const facts = readRequestFacts(formatOf(kind), fixture.request);
      expect(facts, fixture.name).toMatchObject({ ok: true });
      accepted++;
    }
    console.log(`${accepted} recorded requests accepted`);
  });
});

function hasModel(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'model' in body;
}
