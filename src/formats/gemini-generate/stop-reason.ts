// Why a candidate ended, both ways. https://ai.google.dev/api/generate-content#FinishReason
import type { JsonObject } from '../../lib/json.ts';
import type { Stop, StopReason } from '../neutral.ts';
import { memberOf, textOf } from './members.ts';

const read: Readonly<Record<string, StopReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  // Other filters of pictures and of Vertex AI (docs.cloud.google.com, FinishReason of agentplatform 2.0.0, 2026-11).
  IMAGE_OTHER: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  // The limit of one request, with more to come (js-genai 3.1.0, FinishReason).
  CONTINUATION: 'length',
  MALFORMED_FUNCTION_CALL: 'malformed-tool-call',
  UNEXPECTED_TOOL_CALL: 'malformed-tool-call',
  TOO_MANY_TOOL_CALLS: 'malformed-tool-call',
  MISSING_THOUGHT_SIGNATURE: 'malformed-tool-call',
  OTHER: 'error',
  NO_IMAGE: 'error',
  MALFORMED_RESPONSE: 'error',
};

/** The numbers of the enum, for clients that request `enum-encoding=int`. */
const byNumber = [
  'FINISH_REASON_UNSPECIFIED',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'OTHER',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
];

/** Null if the candidate has not ended. A turn of calls also ends with STOP: `hasCalls` distinguishes the two. */
export function readStop(candidate: JsonObject, hasCalls: boolean): Stop | null {
  const value = memberOf(candidate, 'finishReason');
  const raw = typeof value === 'number' ? byNumber[value] : textOf(candidate, 'finishReason');
  if (raw === undefined || raw === 'FINISH_REASON_UNSPECIFIED') return null;
  const known = Object.hasOwn(read, raw) ? (read[raw] as StopReason) : unlisted(raw);
  const message = textOf(candidate, 'finishMessage');
  return {
    reason: known === 'stop' && hasCalls ? 'tool-calls' : known,
    raw,
    ...(message !== undefined && { message }),
  };
}

/** Google adds filters more often than other reasons, and names them alike. */
function unlisted(raw: string): StopReason {
  return /SAFETY|PROHIBITED|BLOCK|RECITATION|FILTER|ARMOR/.test(raw) ? 'content-filter' : 'unknown';
}

const written: Readonly<Record<StopReason, string>> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'STOP',
  'context-length': 'MAX_TOKENS',
  'malformed-tool-call': 'MALFORMED_FUNCTION_CALL',
  error: 'OTHER',
  unknown: 'OTHER',
};

/** Returns the members of a candidate for a stop. */
export function writeStop({ reason, message }: Stop): JsonObject {
  return { finishReason: written[reason], ...(message !== undefined && { finishMessage: message }) };
}

const blockReasons = new Set(['SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'IMAGE_SAFETY']);

export function writeBlockReason(reason: string): string {
  return blockReasons.has(reason) ? reason : 'OTHER';
}
