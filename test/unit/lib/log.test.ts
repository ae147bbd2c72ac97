import { afterEach, expect, it, vi } from 'vitest';
import { logError, logWarning, report } from '../../../src/lib/log.ts';

afterEach(() => void vi.restoreAllMocks());

it('writes one line of JSON: the event first, the fields in order, and an error as its message', () => {
  const written = vi.spyOn(console, 'error').mockReturnValue();
  logError('row-rejected', { id: 'r1', error: new TypeError('two\nlines'), pauseMs: 5 });
  expect(written.mock.calls).toEqual([
    ['{"event":"row-rejected","id":"r1","error":"TypeError: two\\nlines","pauseMs":5}'],
  ]);
});

it('writes no error if none was thrown', () => {
  const written = vi.spyOn(console, 'warn').mockReturnValue();
  logWarning('key-refused', { keyId: null });
  report('board-away', undefined);
  expect(written.mock.calls).toEqual([
    ['{"event":"key-refused","keyId":null}'],
    ['{"event":"board-away","error":"undefined"}'],
  ]);
});
