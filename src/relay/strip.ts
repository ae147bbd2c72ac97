// Takes out of a chat stream what the relay switched on for its own sake, event by event.
import { stripUsage } from '../formats/openai-chat/strip-usage.ts';
import { createRawSseSplitter } from '../formats/sse.ts';
import type { Edit } from './pump.ts';

/** An edit of a stream of chat (or legacy completions) events. What is half an event waits for its rest. */
export function usageStripper(): Edit {
  const splitter = createRawSseSplitter();
  const encoder = new TextEncoder();
  const written = (blocks: ReturnType<typeof splitter.push>) =>
    encoder.encode(
      blocks
        .map((block) => (block.data === null ? block.raw : (stripUsage(block.raw, block.data) ?? '')))
        .join(''),
    );
  return { push: (bytes) => written(splitter.push(bytes)), end: () => written(splitter.end()) };
}
