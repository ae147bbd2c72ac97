// Tests meters beyond the recordings: hostile bytes, unusual framings, and each property's contract.

import { describe, expect, it } from 'vitest';
import type { FormatId } from '../../../src/formats/format-id.ts';
import { createMeter, type Meter } from '../../../src/formats/meter.ts';
import type { Framing } from '../../../src/formats/observation.ts';
import { cutAtSeed, seededNumbers } from '../../support/fixtures.ts';
import { formatOf } from '../../support/formats.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function meter(kind: FormatId, framing: Framing, text: string): Meter {
  const made = createMeter(formatOf(kind), framing);
  for (const piece of cutAtSeed(encode(text), 11, 9)) made.push(piece);
  made.end();
  return made;
}

const event = (value: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`;

const kinds: FormatId[] = [
  'openai-chat',
  'openai-completions',
  'openai-responses',
  'anthropic-messages',
  'gemini-generate',
  'openai-embeddings',
  'gemini-embeddings',
  'openai-moderations',
  'openai-speech',
  'openai-transcription',
  'openai-images',
  'cohere-rerank',
  'jina-rerank',
  'voyage-rerank',
  'unread',
];

describe('a meter', () => {
  it('never throws', () => {
    const next = seededNumbers(3);
    const odd = [null, 1, 'x', [], [null], {}, { type: 1 }, { usage: [] }, { usage: { prompt_tokens: 'x' } }];
    const keys = [
      'usage',
      'choices',
      'response',
      'message',
      'delta',
      'item',
      'candidates',
      'error',
      'content_block',
      'output',
    ];
    const framings: Framing[] = ['sse', 'json', 'json-array', 'opaque'];
    for (const kind of kinds)
      for (const framing of framings) {
        const noise = Uint8Array.from({ length: 2_000 }, () => Math.floor(next() * 256));
        const made = createMeter(formatOf(kind), framing);
        made.push(noise);
        made.end();
        made.end();
        for (const key of keys)
          for (const value of odd) {
            const type = ['message_start', 'message_delta', 'content_block_start', 'response.completed'][
              Math.floor(next() * 4)
            ];
            const body = JSON.stringify({
              type,
              [key]: value,
              choices: [value],
              [`${key}s`]: [{ [key]: value }],
            });
            const text =
              framing === 'sse' ? `data: ${body}\n\n` : framing === 'json-array' ? `[${body},${body}]` : body;
            expect(meter(kind, framing, text).outputCharacters).toBeGreaterThanOrEqual(0);
          }
      }
  });

  it('uses the last of repeated usages, and never their sum', () => {
    const chunk = (tokens: number): string =>
      event({
        choices: [{ delta: { content: 'x' } }],
        usage: { prompt_tokens: 7, completion_tokens: tokens },
      });
    const made = meter('openai-chat', 'sse', `${chunk(1)}${chunk(2)}${chunk(3)}data: [DONE]\n\n`);
    expect(made.usage()).toMatchObject({ inputTokens: 7, outputTokens: 3 });
    expect(made).toMatchObject({
      complete: true,
      atBoundary: true,
      started: true,
      outputCharacters: 3,
      error: null,
    });
  });

  it('retains a usage when later chunks have none, or null', () => {
    const usage = event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } });
    const made = meter(
      'openai-chat',
      'sse',
      `${usage}${event({ choices: [], usage: null })}${event({ choices: [] })}`,
    );
    expect(made.usage()).toMatchObject({ inputTokens: 7, outputTokens: 3 });
    expect(made.complete).toBe(false);
  });

  it('reads Groq’s own usage if there is no other', () => {
    const made = meter(
      'openai-chat',
      'sse',
      event({ choices: [], x_groq: { usage: { prompt_tokens: 2, completion_tokens: 1 } } }),
    );
    expect(made.usage()).toMatchObject({ inputTokens: 2, outputTokens: 1 });
  });

  it('knows Anthropic’s input before the end, and accepts corrections by message_delta', () => {
    const start = event(
      {
        type: 'message_start',
        message: { model: 'c', usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 } },
      },
      'message_start',
    );
    const early = meter('anthropic-messages', 'sse', start);
    expect(early.usage()).toBeNull();
    expect(early.partialUsage()).toMatchObject({ inputTokens: 15, cachedTokens: 5 });
    const delta = event({ type: 'message_delta', delta: {}, usage: { input_tokens: 40, output_tokens: 20 } });
    const late = meter('anthropic-messages', 'sse', `${start}${delta}${event({ type: 'message_stop' })}`);
    expect(late.usage()).toMatchObject({ inputTokens: 45, cachedTokens: 5, outputTokens: 20 });
    expect(late).toMatchObject({ complete: true, model: 'c' });
  });

  it('separates the advisor’s tokens by model, and adds those of compaction', () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 2,
      iterations: [
        { type: 'compaction', input_tokens: 100, output_tokens: 20 },
        { type: 'advisor_message', model: 'claude-opus-5', input_tokens: 30, output_tokens: 4 },
        { type: 'message', input_tokens: 10, output_tokens: 2 },
      ],
    };
    const made = meter('anthropic-messages', 'json', JSON.stringify({ type: 'message', usage }));
    expect(made.usage()).toMatchObject({ inputTokens: 110, outputTokens: 22 });
    expect(made.otherModelUsage).toMatchObject([
      { model: 'claude-opus-5', usage: { inputTokens: 30, outputTokens: 4 } },
    ]);
  });

  it('lists the ids that the upstream created', () => {
    const response = {
      id: 'resp_1',
      status: 'completed',
      model: 'm',
      output: [{ type: 'message', id: 'msg_1' }],
    };
    const item = { type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' };
    const annotation = { type: 'container_file_citation', file_id: 'cfile_1', container_id: 'cntr_1' };
    const made = meter(
      'openai-responses',
      'sse',
      event({ type: 'response.created', response: { id: 'resp_1' } }) +
        event({ type: 'response.output_item.added', item }) +
        event({ type: 'response.output_text.annotation.added', annotation }) +
        event({ type: 'response.completed', response }),
    );
    expect(made.madeIds.sort()).toEqual(['cfile_1', 'ci_1', 'cntr_1', 'msg_1', 'resp_1']);
    expect(made.complete).toBe(true);
  });

  it('recognizes an error in each format’s own form', () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(meter('anthropic-messages', 'sse', event(overloaded, 'error')).error).toBe('overloaded_error');
    expect(
      meter('openai-responses', 'sse', event({ type: 'error', code: 'server_error' }, 'error')).error,
    ).toBe('server_error');
    expect(meter('openai-chat', 'sse', event({ error: { code: 500, message: 'x' } })).error).toBe('500');
    expect(
      meter('gemini-generate', 'sse', '{\n "error": {\n  "code": 503,\n  "status": "UNAVAILABLE"\n }\n}\n')
        .error,
    ).toBe('UNAVAILABLE');
    expect(
      meter('gemini-generate', 'json-array', '[{"error":{"code":503,"status":"UNAVAILABLE"}}]').error,
    ).toBe('UNAVAILABLE');
    expect(meter('openai-chat', 'json', '{"error":"plain"}').error).toBe('error');
    expect(meter('openai-chat', 'json', '<html>502</html>')).toMatchObject({ error: null, complete: false });
  });

  it('has no boundary inside a JSON or opaque body, which is complete only at its end', () => {
    const json = createMeter(formatOf('openai-chat'), 'json');
    expect(json.atBoundary).toBe(true);
    json.push(encode('  \n'));
    expect(json.atBoundary).toBe(true);
    json.push(encode('{"id":'));
    expect(json).toMatchObject({ atBoundary: false, complete: false });
    json.push(encode('"x","usage":{"prompt_tokens":1,"completion_tokens":2}}'));
    expect(json).toMatchObject({ atBoundary: false, complete: true });
    const opaque = createMeter(formatOf('openai-speech'), 'opaque');
    opaque.push(encode('RIFF'));
    expect(opaque).toMatchObject({ atBoundary: false, complete: false, started: true });
    opaque.end();
    expect(opaque.complete).toBe(true);
  });

  it('counts images and seconds if there are no tokens', () => {
    const images = meter('openai-images', 'json', '{"data":[{"url":"a"},{"b64_json":"b"}]}');
    expect(images.usage()).toMatchObject({ images: 2, outputTokens: 0 });
    const seconds = meter(
      'openai-transcription',
      'json',
      '{"text":"x","usage":{"type":"duration","seconds":9.5}}',
    );
    expect(seconds.usage()).toMatchObject({ audioMilliseconds: 9_500 });
  });

  it('reads a usage after 3 MB of base64 and of embeddings', () => {
    const image = meterWhole(
      'openai-images',
      `{"data":[{"b64_json":"${'A'.repeat(3_000_000)}"}],"usage":{"input_tokens":3,"output_tokens":4}}`,
    );
    expect(image.usage()).toMatchObject({ inputTokens: 3, outputTokens: 4 });
    const numbers = JSON.stringify(Array(300_000).fill(-0.0123456));
    const embedding = meterWhole(
      'openai-embeddings',
      `{"data":[{"embedding":${numbers}}],"usage":{"prompt_tokens":5}}`,
    );
    expect(embedding.usage()).toMatchObject({ inputTokens: 5 });
  });
});

function meterWhole(kind: FormatId, text: string): Meter {
  const made = createMeter(formatOf(kind), 'json');
  for (const piece of cutAtSeed(encode(text), 1, 65_536)) made.push(piece);
  made.end();
  return made;
}
