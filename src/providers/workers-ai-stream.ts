// Converts an older Workers AI model's stream (`data: {"response": "…"}`, the usage in the last event, `[DONE]`)
// to chat completion chunks. Events that are chunks already pass unchanged.
import { isObject } from '../formats/json-reader.ts';
import { createRawSseSplitter, type RawSseBlock } from '../formats/sse.ts';
import type { JsonObject } from '../lib/json.ts';
import { type Rewritten, rewrittenStream } from '../lib/rewritten-stream.ts';
import { callDeltasOf, finishOf, type Naming, textOfResponse } from './workers-ai-text.ts';

export function chatStreamOf(body: ReadableStream, naming: Naming): Rewritten {
  const splitter = createRawSseSplitter();
  const chunks = new Chunks(naming);
  return rewrittenStream(body, {
    push: (bytes, emit) =>
      emit(
        splitter
          .push(bytes)
          .map((block) => chunks.of(block))
          .join(''),
      ),
    end: (emit) =>
      emit(
        splitter
          .end()
          .map((block) => chunks.of(block))
          .join(''),
      ),
  });
}

class Chunks {
  private readonly naming: Naming;
  private isNative = false;
  private calls = 0;
  private finish = 'stop';
  private usage: JsonObject | null = null;

  constructor(naming: Naming) {
    this.naming = naming;
  }

  of({ raw, data }: RawSseBlock): string {
    if (data === '[DONE]') return this.isNative ? `${this.ending()}data: [DONE]\n\n` : raw;
    const event = data === null ? null : parsed(data);
    const isNative = event !== null && ('response' in event || 'tool_calls' in event);
    return isNative ? this.ofNative(event) : raw;
  }

  private ofNative(event: JsonObject): string {
    const isFirst = !this.isNative;
    this.isNative = true;
    if (isObject(event.usage)) this.usage = event.usage;
    const calls = callDeltasOf(event.tool_calls, this.calls);
    this.calls += calls.length;
    this.finish = finishOf(event, this.calls > 0);
    const content = textOfResponse(event.response);
    if (content === '' && calls.length === 0 && !isFirst) return '';
    const delta = {
      ...(isFirst && { role: 'assistant' }),
      content,
      ...(calls.length > 0 && { tool_calls: calls }),
    };
    return this.chunk({ choices: [{ index: 0, delta, finish_reason: null }] });
  }

  /** Only a stream that announces its end gets one: a truncated stream looks truncated. */
  private ending(): string {
    const last = this.chunk({ choices: [{ index: 0, delta: {}, finish_reason: this.finish }] });
    return this.usage === null ? last : last + this.chunk({ choices: [], usage: this.usage });
  }

  private chunk(fields: JsonObject): string {
    return `data: ${JSON.stringify({ ...this.naming, object: 'chat.completion.chunk', ...fields })}\n\n`;
  }
}

function parsed(data: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
