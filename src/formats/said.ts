// What an answer says besides how it ended: it decides how its end is to be taken.
import type { NeutralCandidate, NeutralPart } from './neutral.ts';

/** Whether it calls tools, and whether it refuses in words. */
export interface Said {
  calls: boolean;
  refusal: boolean;
}

/** What was said, of whole parts. */
export function saidIn(parts: readonly NeutralPart[]): Said {
  return {
    calls: parts.some(({ type }) => type === 'tool-call'),
    refusal: parts.some(({ type }) => type === 'refusal'),
  };
}

/** Why a prompt was refused (Gemini), in words. */
export function blockText({ reason, message }: { reason: string; message: string | undefined }): string {
  return message ?? `The prompt was refused: ${reason}.`;
}

/** A refused prompt, for formats without such a thing: an answer that a filter stopped before its first word. */
export function blockedCandidate(block: { reason: string; message: string | undefined }): NeutralCandidate {
  return { parts: [{ type: 'refusal', text: blockText(block) }], stop: { reason: 'content-filter' } };
}
