// Events as the providers write them on the wire.
import type { DemoAnswer, Json, JsonObject } from './exchange.ts';

/** `data:` lines only, ended by `[DONE]`: chat completions and legacy completions. */
export function dataStream(chunks: readonly Json[]): DemoAnswer {
  const pieces = [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'];
  return { kind: 'stream', contentType: 'text/event-stream; charset=utf-8', pieces };
}

/** Named events whose name is the data's `type`: responses, messages, transcriptions. */
export function namedStream(events: readonly (JsonObject & { type: string })[]): DemoAnswer {
  const pieces = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return { kind: 'stream', contentType: 'text/event-stream; charset=utf-8', pieces };
}
