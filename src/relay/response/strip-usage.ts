// Removes from a chat stream the usage that only the relay asked for, event by event.

import { FramingDetector } from '../../formats/framing-detector.ts';
import { stripUsage } from '../../formats/openai-chat/strip-usage.ts';
import { createRawSseSplitter, type RawSseBlock } from '../../formats/sse.ts';
import { joinedBytes } from '../../lib/chunk-reader.ts';
import type { Edit } from './rewriting-stream.ts';

/**
 * Returns an edit for a chat (or legacy completions) answer for which only the relay asked for usage. It removes the usage from a stream of
 * events, whatever the upstream calls it; anything else passes unchanged.
 */
export function usageStripper(): Edit {
  const detector = new FramingDetector();
  const held: Uint8Array[] = [];
  let edit: Edit | null = null;
  const decide = (isEvents: boolean): Edit => {
    edit = isEvents ? eventStripper() : unchanged;
    return edit;
  };
  const all = () => joinedBytes(held.splice(0));
  return {
    push(bytes) {
      if (edit !== null) return edit.push(bytes);
      held.push(bytes.slice());
      const shape = detector.push(bytes);
      return shape === null ? nothing : decide(shape === 'sse').push(all());
    },
    end() {
      if (edit !== null) return edit.end();
      const first = decide(detector.end() === 'sse');
      return joinedBytes([first.push(all()), first.end()]);
    },
    rest() {
      return edit === null ? all() : edit.rest();
    },
  };
}

/** Returns a whole body without the usage that only the relay asked for. */
export function withoutUsage(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const edit = eventStripper();
  return joinedBytes([edit.push(bytes), edit.end()]);
}

const nothing = new Uint8Array();

const unchanged: Edit = { push: (bytes) => bytes, end: () => nothing, rest: () => nothing };

/** Half an event waits for its rest. */
function eventStripper(): Edit {
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
