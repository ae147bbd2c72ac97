// The content of a message or a tool's result, which both of OpenAI's formats write as a string or as parts.
import type { NeutralPart } from './neutral.ts';
import type { RequestFaults } from './request-fields.ts';

/** Reads one part; undefined where it is a fault. */
export type PartReader = (part: unknown, at: string, faults: RequestFaults) => NeutralPart | undefined;

/** A string, parts, or nothing. Anything else is a fault. */
export function readContentWith(
  readPart: PartReader,
  content: unknown,
  at: string,
  faults: RequestFaults,
): NeutralPart[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content, at }];
  if (!Array.isArray(content)) {
    faults.wrongType(at, 'a string or an array of parts', content);
    return [];
  }
  return content.flatMap((part, index) => readPart(part, `${at}[${index}]`, faults) ?? []);
}
