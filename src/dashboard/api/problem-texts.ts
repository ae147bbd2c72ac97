// Messages about invalid fields for people: zod's own messages are for programmers. Messages that a schema sets
// stay unchanged.
import type { z } from '@hono/zod-openapi';

const ownWords = /^(Invalid input: expected|Invalid option: expected|Too small: expected|Too big: expected)/;

export function messageOf(issue: z.core.$ZodIssue): string {
  if (!ownWords.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return boundOf('at least', issue.origin, issue.minimum);
    case 'too_big':
      return boundOf('at most', issue.origin, issue.maximum);
    default:
      return issue.message;
  }
}

const kinds: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function boundOf(side: 'at least' | 'at most', origin: string, bound: number | bigint): string {
  const number = bound.toLocaleString('en-US');
  if (origin === 'string') {
    return side === 'at least' && bound === 1
      ? 'must not be empty'
      : `must have ${side} ${number} characters`;
  }
  return origin === 'array' ? `must have ${side} ${number} entries` : `must be ${side} ${number}`;
}
