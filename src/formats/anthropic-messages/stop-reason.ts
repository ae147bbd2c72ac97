// Why a message ended, both ways. https://docs.anthropic.com/en/api/handling-stop-reasons
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, textAt } from '../json-reader.ts';
import type { Stop, StopReason } from '../neutral.ts';

const read: Readonly<Record<string, StopReason>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  // Beta: the turn waits after its compaction (anthropic-sdk-typescript 1.12.0, BetaStopReason).
  compaction: 'pause',
  refusal: 'refusal',
  model_context_window_exceeded: 'context-length',
};

/** Reads the stop of a message, or of the `delta` of a message_delta. Null if it names none. */
export function readStop(holder: JsonObject | undefined): Stop | null {
  const raw = textAt(holder, 'stop_reason');
  if (raw === undefined) return null;
  const sequence = textAt(holder, 'stop_sequence');
  const message = textAt(objectAt(holder, 'stop_details'), 'explanation');
  return {
    // An unknown reason never counts as success.
    reason: Object.hasOwn(read, raw) ? (read[raw] as StopReason) : 'unknown',
    raw,
    ...(sequence !== undefined && { sequence }),
    ...(message !== undefined && { message }),
  };
}

/** Null if the format has no reason for a failed answer. */
const written: Readonly<Record<StopReason, string | null>> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  'context-length': 'model_context_window_exceeded',
  'malformed-tool-call': null,
  error: null,
  unknown: null,
};

/**
 * Returns the members of a message, and of a message_delta's delta, for a stop. If there are calls, the turn ends for
 * them, whatever the upstream reported.
 */
export function writeStop(stop: Stop, hasCalls = false): JsonObject {
  const isOpen = written[stop.reason] === 'end_turn';
  const reason = hasCalls && isOpen ? written['tool-calls'] : written[stop.reason];
  const refused = reason === 'refusal';
  return {
    stop_reason: reason,
    stop_sequence: stop.sequence ?? null,
    stop_details: refused ? { type: 'refusal', category: null, explanation: stop.message ?? null } : null,
    container: null,
  };
}
