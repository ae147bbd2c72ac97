import { expect, it } from 'vitest';
import { capnpText, Embedded, Enumerant } from '../../../../src/cli/host/capnp-text.ts';

it('writes structs, lists, numbers, enumerants, and embedded files', () => {
  const value = {
    name: 'a',
    on: true,
    off: undefined,
    n: 8,
    list: ['x', new Embedded('/y.js')],
    empty: {},
    kind: new Enumerant('proxy'),
  };
  expect(capnpText(value)).toBe(
    '(name = "a", on = true, n = 8, list = ["x", embed "/y.js"], empty = (), kind = proxy)',
  );
});

it('escapes values so that none ends its literal', () => {
  expect(capnpText('"), evil = (x = "')).toBe(String.raw`"\"), evil = (x = \""`);
  expect(capnpText('back\\slash\nline\ttab\u0000\u007f ä€😀')).toBe(
    String.raw`"back\\slash\x0aline\x09tab\x00\x7f ä€😀"`,
  );
});
