// Tests the inspection of a body's beginning at any cut, and that no byte is lost.
import { describe, expect, it } from 'vitest';
import { errorBodyBytes } from '../../../../src/relay/upstream/answer-error.ts';
import { AnswerStart } from '../../../../src/relay/upstream/answer-start.ts';

const encoder = new TextEncoder();

/** Returns the fault's type, and the body if it was held to its end. */
function inspect(pieces: readonly Uint8Array[], isEvents: boolean, isStream = true) {
  const start = new AnswerStart({ firstByteMs: 1_000, isEvents, isStream });
  for (const piece of pieces) {
    // The reader reuses its buffer.
    const buffer = piece.slice();
    const verdict = start.push(buffer);
    buffer.fill(0);
    if (verdict !== null) return { fault: verdict.fault?.type ?? null, bytes: start.wholeBody() };
  }
  return { fault: start.end()?.type ?? null, bytes: start.wholeBody() };
}

const chunk = 'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n';
const error = '{"error":{"message":"x","type":"server_error"}}';
const cases: [name: string, text: string, fault: string | null][] = [
  ['a stream', `: hi\n\n${chunk}${chunk}`, null],
  ['a stream that begins with an error', `\uFEFFdata: ${error}\n\n${chunk}`, 'error-event'],
  ['a stream of comments', ': hi\n\n: hi\n\n', 'no-answer'],
  ['an error as an object', `\n ${error}\n`, 'error-body'],
  ['an error in an array', `[${error}\n]`, 'error-body'],
  ['an array of answers', '[{"candidates":[{"content":{"parts":[{"text":"hi"}]}}]}\n]', null],
  ['an object', '{"choices":[{"message":{"content":"hi"}}]}', null],
  ['a page', '\n<!doctype html><html lang="en"><body>Bad gateway</body></html>', 'no-answer'],
  ['a short page', '<html></html>', 'no-answer'],
  ['a transcript that begins with a bracket', '<|startoftranscript|> Good morning.', null],
  ['blanks', ' \r\n\t ', 'no-answer'],
];

describe.each(cases)('an answer that starts with %s', (_, text, fault) => {
  it('has the same result at every cut, and buffers all its bytes', () => {
    const bytes = encoder.encode(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      for (const isEvents of text.includes('data:') ? [true, false] : [false]) {
        const inspected = inspect([bytes.slice(0, cut), bytes.slice(cut)], isEvents);
        expect([cut, inspected.fault]).toEqual([cut, fault]);
        if (inspected.bytes !== null) expect(inspected.bytes).toEqual(bytes);
      }
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(inspect(single, false).fault).toBe(fault);
  });
});

it('treats an array as JSON even if declared as an event stream', () => {
  expect(inspect([encoder.encode('[{"candidates":[]}]')], true).fault).toBeNull();
  expect(inspect([encoder.encode(`[${error}]`)], true).fault).toBe('error-body');
});

it('treats a declared event stream without events as empty', () => {
  for (const text of ['', '\n\n', ': hi\n\n', 'data: [DONE]\n\n'])
    expect([text, inspect([encoder.encode(text)], true).fault]).toEqual([text, 'no-answer']);
});

it('inspects no more of a body than the longest error', () => {
  const padded = (bytes: number) => encoder.encode(error.padEnd(bytes, ' '));
  expect(inspect([padded(errorBodyBytes)], false, false).fault).toBe('error-body');
  expect(inspect([padded(errorBodyBytes + 1)], false, false)).toEqual({ fault: null, bytes: null });
});

it('releases a JSON stream once it does not begin with an error, and a whole answer once complete', () => {
  const first = encoder.encode('[{"candidates":[{"content":{"parts":[{"text":"Once upon a time there was');
  expect(new AnswerStart({ firstByteMs: 1, isEvents: false, isStream: true }).push(first)).toEqual({
    fault: null,
  });
  expect(new AnswerStart({ firstByteMs: 1, isEvents: false, isStream: false }).push(first)).toBeNull();
});
