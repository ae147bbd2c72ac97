// Writes values as Cap'n Proto text, the language of workerd's configuration files
// (https://capnproto.org/language.html, "Constants", 2026-11).

/** A file's content, included when the configuration is read. The path starts at one of the import paths. */
export class Embedded {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** A value of an enumeration, by its name. */
export class Enumerant {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The values of a configuration. Undefined members are left out. */
export type CapnpValue =
  | string
  | boolean
  | number
  | Embedded
  | Enumerant
  | readonly CapnpValue[]
  | { readonly [member: string]: CapnpValue | undefined };

/** Returns the value as text: a struct in parentheses, a list in brackets, a string in quotes. */
export function capnpText(value: CapnpValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Embedded) return `embed ${quote(value.path)}`;
  if (value instanceof Enumerant) return value.name;
  if (Array.isArray(value)) return `[${value.map(capnpText).join(', ')}]`;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${name} = ${capnpText(member)}`],
  );
  return `(${members.join(', ')})`;
}

/** Escapes what would end the literal, and control characters by their code. */
function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to escape.
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}
