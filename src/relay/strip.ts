// Takes out of a chat stream what the relay switched on for its own sake, event by event.
import { stripUsage } from '../formats/openai-chat/strip-usage.ts';
import { createRawSseSplitter, type RawSseBlock } from '../formats/sse.ts';
import type { Edit } from './pump.ts';

/** An edit of a stream of chat (or legacy completions) events. What is half an event waits for its rest. */
export function usageStripper(): Edit {
  const splitter = createRawSseSplitter();
  const encoder = new TextEncoder();
  // A read that ends between CR and LF ends an event at the CR; its LF then begins the next block, but stays
  // or goes with the event that it belongs to.
  let endedAtCarriageReturn = false;
  let keptBefore = true;
  const edited = ({ raw, data }: RawSseBlock): string => {
    const hasLineFeedOfBefore = endedAtCarriageReturn && raw.startsWith('\n');
    const own = hasLineFeedOfBefore ? raw.slice(1) : raw;
    const before = hasLineFeedOfBefore && keptBefore ? '\n' : '';
    const kept = data === null ? own : stripUsage(own, data);
    endedAtCarriageReturn = own.endsWith('\r');
    keptBefore = kept !== null;
    return before + (kept ?? '');
  };
  const written = (blocks: RawSseBlock[]) => encoder.encode(blocks.map(edited).join(''));
  const end = () => written(splitter.end());
  return { push: (bytes) => written(splitter.push(bytes)), end, rest: end };
}
