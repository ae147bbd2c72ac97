// Classifies frames cheaply: audio is most of what passes and is not parsed.
import { isObject, textAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type Frame, textOfFrame } from '../frames.ts';

/** Events that come many times a second, and of which only the length matters. */
export type BulkKind = 'input-audio' | 'output-audio' | 'output-text';

/** By type, beta and GA names alike (OpenAI's Realtime reference, 2026-11). */
const bulk: Readonly<Record<string, BulkKind>> = {
  'input_audio_buffer.append': 'input-audio',
  'response.audio.delta': 'output-audio',
  'response.output_audio.delta': 'output-audio',
  'response.text.delta': 'output-text',
  'response.output_text.delta': 'output-text',
  'response.audio_transcript.delta': 'output-text',
  'response.output_audio_transcript.delta': 'output-text',
  'response.function_call_arguments.delta': 'output-text',
};

type FrameFacts =
  | { outcome: 'bulk'; kind: BulkKind; characters: number; text: string }
  | { outcome: 'event'; type: string; event: JsonObject }
  /** Not a JSON object with a type: passes unchanged, and its receiver reports the error. */
  | { outcome: 'opaque' };

const headLength = 160;
const typeAtHead = /^\s*\{(?:\s*"event_id"\s*:\s*"[^"\\]*"\s*,)?\s*"type"\s*:\s*"([a-z_.]+)"/;

/** Of either kind: there are servers that take JSON in binary frames too. Never throws. */
export function readFrame(frame: Frame): FrameFacts {
  const text = typeof frame === 'string' || startsLikeObject(frame) ? textOfFrame(frame) : '';
  const kind = bulk[typeAtHead.exec(text.slice(0, headLength))?.[1] ?? ''];
  if (kind !== undefined) return { outcome: 'bulk', kind, characters: payloadLength(text), text };
  try {
    const event: unknown = JSON.parse(text);
    if (isObject(event) && typeof event.type === 'string') return factsOf(event, event.type, text);
  } catch {
    // Not for the relay to say.
  }
  return { outcome: 'opaque' };
}

function startsLikeObject(frame: ArrayBuffer): boolean {
  const head = new TextDecoder('latin1').decode(frame.slice(0, headLength));
  return head.trimStart().startsWith('{');
}

/** Members come in any order: some servers sort them, and the type comes last. */
function factsOf(event: JsonObject, type: string, text: string): FrameFacts {
  const kind = bulk[type];
  if (kind === undefined) return { outcome: 'event', type, event };
  const payload = textAt(event, kind === 'input-audio' ? 'audio' : 'delta') ?? '';
  return { outcome: 'bulk', kind, characters: payload.length, text };
}

/** Returns the length of `delta` or `audio`, which is nearly always last. */
function payloadLength(text: string): number {
  const key = text.indexOf('"delta"') >= 0 ? '"delta"' : '"audio"';
  const start = text.indexOf('"', text.indexOf(key) + key.length);
  const end = text.indexOf('"', start + 1);
  return start < 0 || end < 0 ? 0 : end - start - 1;
}

/** Returns the `response_id` of a delta, without parsing it. */
export function responseIdOf(text: string): string | null {
  return /"response_id"\s*:\s*"([^"\\]*)"/.exec(text)?.[1] ?? null;
}
