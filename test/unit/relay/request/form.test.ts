// Tests multipart forms: fields are found at any cut, and file contents are never read as fields.
import { describe, expect, it } from 'vitest';
import { FormScanner, formBoundary, withFieldValue } from '../../../../src/relay/request/form.ts';
import { FormModelFields } from '../../../../src/relay/request/form-model-field.ts';
import { growthOfTime, linearGrowth } from '../../../support/growth.ts';

const boundary = 'bound--ary';
const field = (name: string, value: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (content: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n${content}\r\n`;
const end = `--${boundary}--\r\n`;

function scan(text: string, cuts: number[]): FormScanner {
  const bytes = Buffer.from(text);
  const scanner = new FormScanner(boundary);
  [...cuts, bytes.length].reduce((from, to) => {
    scanner.push(bytes.subarray(from, to));
    return to;
  }, 0);
  return scanner;
}

const read = (scanner: FormScanner) => scanner.fields.map(({ name, value }) => [name, value]);

const form = `a preamble\r\n${field('language', 'de')}${file('RIFF\r\n--bound--arx\r\n\0')}${field('model', 'whisper-1 ü')}${field('empty', '')}${end}`;
const expected = [
  ['language', 'de'],
  ['model', 'whisper-1 ü'],
  ['empty', ''],
];

describe('a form body', () => {
  it('has the same fields wherever its boundary is cut', () => {
    const size = Buffer.byteLength(form);
    for (let cut = 0; cut <= size; cut++) expect(read(scan(form, [cut])), `cut at ${cut}`).toEqual(expected);
  });

  it('has the same fields byte by byte, and retains all its bytes', () => {
    const size = Buffer.byteLength(form);
    const scanner = scan(
      form,
      Array.from({ length: size }, (_, index) => index),
    );
    expect(read(scanner)).toEqual(expected);
    expect(scanner.bytes.toString()).toBe(form);
  });

  it('shows a field only once it is complete', () => {
    const scanner = new FormScanner(boundary);
    scanner.push(Buffer.from(field('model', 'whisper')));
    expect(scanner.fields).toEqual([]);
    scanner.push(Buffer.from(`--${boundary}`));
    expect(read(scanner)).toEqual([]);
    scanner.push(Buffer.from('\r\n'));
    expect(read(scanner)).toEqual([['model', 'whisper']]);
  });

  it('accepts unquoted names, and headers in any case', () => {
    const text = `--${boundary}\r\nCONTENT-DISPOSITION: form-data; name=model\r\nX-Other: 1\r\n\r\nm\r\n${end}`;
    expect(read(scan(text, []))).toEqual([['model', 'm']]);
  });

  it('does not read a file as a field, whatever its name contains', () => {
    const text = `--${boundary}\r\nContent-Disposition: form-data; filename="x"; name="model"\r\n\r\ncheap\r\n${end}`;
    expect(read(scan(text, []))).toEqual([]);
  });

  it('accepts only standard boundaries, so no field is smuggled in a file', () => {
    const inner = `Content-Disposition: form-data; name="model"\r\n\r\ncheap\r\n`;
    for (const smuggled of [
      `x--${boundary}\r\n${inner}`,
      `\n--${boundary}\r\n${inner}`,
      `\r\n--${boundary}x\r\n${inner}`,
    ]) {
      const text = `${file(smuggled)}${field('model', 'costly')}${end}`;
      for (let cut = 0; cut <= text.length; cut++) {
        expect(read(scan(text, [cut])), JSON.stringify([smuggled, cut])).toEqual([['model', 'costly']]);
      }
    }
  });

  it('can have a value replaced in place', () => {
    const scanner = scan(form, []);
    const model = scanner.fields.find(({ name }) => name === 'model');
    if (model === undefined) throw new Error('no model');
    const replaced = Buffer.from(withFieldValue(scanner.bytes, model, 'x')).toString();
    expect(replaced).toBe(form.replace('whisper-1 ü', 'x'));
  });
});

it('counts a model name however it is cut, and buffers no part of a file', () => {
  const twice = Buffer.from(`${field('model', 'a')}${file('x'.repeat(500))}${field('model', 'b')}${end}`);
  for (let cut = 0; cut <= twice.length; cut++) {
    const parts = new FormModelFields(boundary);
    const push = () =>
      [twice.subarray(0, cut), twice.subarray(cut)].forEach((bytes) => void parts.push(bytes));
    expect(push, `cut at ${cut}`).toThrow('`model` twice');
  }
  const once = new FormModelFields(boundary);
  for (const byte of Buffer.from(form)) once.push(Uint8Array.of(byte));
  expect(once.count).toBe(1);
});

it('takes time in proportion to the number of parts', () => {
  expect(growthOfTime(20_000, scanSmallParts)).toBeLessThan(linearGrowth);
});

/** Scans a form with that many small parts and no field. */
function scanSmallParts(partCount: number): void {
  const parts = Buffer.from(`--${boundary}\r\nx\n\n\r\n`.repeat(partCount));
  const scanner = new FormScanner(boundary);
  const models = new FormModelFields(boundary);
  for (let at = 0; at < parts.length; at += 65_536) {
    models.push(parts.subarray(at, at + 65_536));
    scanner.push(parts.subarray(at, at + 65_536));
  }
  expect(scanner.fields).toEqual([]);
}

it('refuses part headers without an end', () => {
  const parts = new FormModelFields(boundary);
  const push = () => {
    for (let kilobytes = 0; kilobytes < 32; kilobytes++) parts.push(Buffer.alloc(1_024, 'a'));
  };
  parts.push(Buffer.from(`--${boundary}\r\nx: `));
  expect(push).toThrow('too long');
});

it.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data; charset=utf-8; Boundary="a b;c"', 'a b;c'],
  ['multipart/form-data; x-boundary=other; boundary=abc', 'abc'],
  ['multipart/form-data; boundary="a\\b"', null],
  ['multipart/form-data', null],
  ['application/json; boundary=abc', null],
  [null, null],
])('reads the boundary of %s', (type, expectedBoundary) => {
  expect(formBoundary(type)).toBe(expectedBoundary);
});
