// The events of a streamed message to neutral events. https://docs.anthropic.com/en/docs/build-with-claude/streaming
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, textAt } from '../json-reader.ts';
import type { NeutralEvent, ReasoningSignature, Stop } from '../neutral.ts';
import type { EventReader } from '../wire-format.ts';
import { mergeSearch, readBlock, readCitation, readSearch, readSignature } from './read-blocks.ts';
import { readError } from './read-response.ts';
import { readStop } from './stop-reason.ts';
import { mergeUsage, readUsage } from './usage.ts';

/** A block under way. `json`: what came of its input so far. */
interface OpenBlock {
  part: number;
  kind: 'text' | 'reasoning' | 'tool-call' | 'whole';
  start: JsonObject;
  json: string;
  signature: string;
}

export function eventReader(): EventReader {
  const reader = new MessageReader();
  return { read: (event, name) => reader.read(event, name), end: () => reader.end() };
}

class MessageReader {
  private parts = 0;
  private readonly open = new Map<number, OpenBlock>();
  /** Searches whose result has not come, by id. */
  private readonly searches = new Map<string, { part: number; start: JsonObject; json: string }>();
  private usage: JsonObject | undefined;
  private stop: Stop | null = null;
  private ended = false;

  read(event: JsonObject, eventName: string | undefined): NeutralEvent[] {
    switch (textAt(event, 'type') ?? eventName) {
      case 'message_start':
        return this.readStart(objectAt(event, 'message'));
      case 'content_block_start':
        return this.startBlock(indexOf(event), objectAt(event, 'content_block') ?? {});
      case 'content_block_delta':
        return this.readDelta(indexOf(event), objectAt(event, 'delta') ?? {});
      case 'content_block_stop':
        return this.stopBlock(indexOf(event));
      case 'message_delta':
        return this.readMessageDelta(event);
      case 'message_stop':
        return this.readStop();
      case 'error':
        return [{ type: 'error', error: readError(event) }];
      default:
        return [];
    }
  }

  /** A stream that was cut has blocks open, and no stop of its own. */
  end(): NeutralEvent[] {
    return this.ended ? [] : [...this.closeAll(), ...this.candidateEnd()];
  }

  private readStart(message: JsonObject | undefined): NeutralEvent[] {
    this.usage = mergeUsage(this.usage, objectAt(message, 'usage') ?? {});
    return [
      // A proxy was seen to splice two streams: the blocks of the first are closed.
      ...this.closeAll(),
      {
        type: 'message-start',
        id: textAt(message, 'id') ?? null,
        model: textAt(message, 'model') ?? null,
        createdAtSeconds: null,
        usage: readUsage(this.usage),
      },
    ];
  }

  private startBlock(index: number, start: JsonObject): NeutralEvent[] {
    const before = this.stopBlock(index);
    if (start.type === 'web_search_tool_result') return [...before, ...this.foundBySearch(start)];
    const block: OpenBlock = { part: this.parts++, kind: kindOf(start), start, json: '', signature: '' };
    this.open.set(index, block);
    return [...before, ...started(block)];
  }

  private readDelta(index: number, delta: JsonObject): NeutralEvent[] {
    const block = this.open.get(index);
    if (block === undefined) return [];
    const at = { candidate: 0, part: block.part };
    switch (delta.type) {
      case 'text_delta':
        return block.kind === 'text' ? textDelta(at, delta.text) : [];
      case 'thinking_delta':
        return block.kind === 'reasoning' ? reasoningDelta(at, delta.thinking) : [];
      case 'signature_delta':
        block.signature += textAt(delta, 'signature') ?? '';
        return [];
      case 'citations_delta':
        return [{ type: 'citation-add', ...at, citation: readCitation(objectAt(delta, 'citation') ?? {}) }];
      case 'input_json_delta':
        return this.readInput(block, textAt(delta, 'partial_json') ?? '');
      default:
        return [];
    }
  }

  private readInput(block: OpenBlock, json: string): NeutralEvent[] {
    block.json += json;
    if (block.kind !== 'tool-call' || json === '') return [];
    return [{ type: 'tool-call-delta', candidate: 0, part: block.part, arguments: json }];
  }

  private stopBlock(index: number): NeutralEvent[] {
    const block = this.open.get(index);
    if (block === undefined) return [];
    this.open.delete(index);
    const at = { candidate: 0, part: block.part };
    switch (block.kind) {
      case 'text':
        return [{ type: 'text-end', ...at }];
      case 'reasoning':
        return [{ type: 'reasoning-end', ...at, ...readBlockSignature(block) }];
      case 'tool-call':
        return [...wholeInput(block), { type: 'tool-call-end', ...at }];
      case 'whole':
        return this.wholeBlock(block);
    }
  }

  /** Emits a block as one event. A search waits for its results. */
  private wholeBlock({ part, start, json }: OpenBlock): NeutralEvent[] {
    const block = withInput(start, json);
    const content = readBlock(block, '');
    if (content.type === 'web-search') {
      this.searches.set(content.id, { part, start: block, json });
      return [];
    }
    if (content.type !== 'opaque' && content.type !== 'media') return [];
    return [{ type: 'part-add', candidate: 0, part, content }];
  }

  private foundBySearch(result: JsonObject): NeutralEvent[] {
    const found = readSearch(result);
    if (found === null) return [];
    const waiting = this.searches.get(found.id);
    this.searches.delete(found.id);
    const call = waiting && readSearch(waiting.start);
    if (call) mergeSearch(call, found);
    return [{ type: 'part-add', candidate: 0, part: waiting?.part ?? this.parts++, content: call ?? found }];
  }

  private readMessageDelta(event: JsonObject): NeutralEvent[] {
    this.stop = readStop(objectAt(event, 'delta')) ?? this.stop;
    const usage = objectAt(event, 'usage');
    if (usage === undefined) return [];
    this.usage = mergeUsage(this.usage, usage);
    const counts = readUsage(this.usage);
    const serviceTier = textAt(this.usage, 'service_tier') ?? null;
    return counts === null ? [] : [{ type: 'usage-set', usage: counts, serviceTier }];
  }

  private readStop(): NeutralEvent[] {
    const events = this.end();
    this.ended = true;
    return [...events, { type: 'message-end' }];
  }

  private candidateEnd(): NeutralEvent[] {
    this.ended = true;
    return [{ type: 'candidate-end', candidate: 0, stop: this.stop ?? { reason: 'unknown' } }];
  }

  private closeAll(): NeutralEvent[] {
    const ends = [...this.open.keys()].flatMap((index) => this.stopBlock(index));
    const searches = [...this.searches.values()].map(({ part, start }): NeutralEvent => {
      return { type: 'part-add', candidate: 0, part, content: readSearch(start) ?? opaqueOf(start) };
    });
    this.searches.clear();
    return [...ends, ...searches];
  }
}

function opaqueOf(wire: JsonObject) {
  return { type: 'opaque' as const, origin: 'anthropic-messages' as const, wire };
}

function indexOf(event: JsonObject): number {
  return typeof event.index === 'number' ? event.index : 0;
}

function kindOf(start: JsonObject): OpenBlock['kind'] {
  switch (start.type) {
    case 'text':
      return 'text';
    case 'thinking':
    case 'redacted_thinking':
      return 'reasoning';
    case 'tool_use':
      return 'tool-call';
    default:
      return 'whole';
  }
}

function started({ part, kind, start }: OpenBlock): NeutralEvent[] {
  const at = { candidate: 0, part };
  switch (kind) {
    case 'text':
      return [{ type: 'text-start', ...at }, ...textDelta(at, start.text)];
    case 'reasoning':
      return [{ type: 'reasoning-start', ...at }, ...reasoningDelta(at, start.thinking)];
    case 'tool-call':
      return [
        { type: 'tool-call-start', ...at, id: textAt(start, 'id') ?? '', name: textAt(start, 'name') ?? '' },
      ];
    case 'whole':
      return [];
  }
}

type At = { candidate: number; part: number };

function textDelta(at: At, text: unknown): NeutralEvent[] {
  return typeof text === 'string' && text !== '' ? [{ type: 'text-delta', ...at, text }] : [];
}

function reasoningDelta(at: At, text: unknown): NeutralEvent[] {
  return typeof text === 'string' && text !== ''
    ? [{ type: 'reasoning-delta', ...at, text, paragraph: 0 }]
    : [];
}

/** The signature came in deltas, or (as some proxies do) with the block's start. */
function readBlockSignature({ start, signature: text }: OpenBlock): { signature?: ReasoningSignature } {
  const { signature } =
    start.type === 'redacted_thinking'
      ? readSignature(textAt(start, 'data') ?? '', 'encrypted')
      : readSignature(text || (textAt(start, 'signature') ?? ''), 'signature');
  return signature === undefined ? {} : { signature };
}

/** A call without a delta has its input in its start, or an empty object. */
function wholeInput({ part, start, json }: OpenBlock): NeutralEvent[] {
  if (json !== '') return [];
  const input = isObject(start.input) ? start.input : {};
  return [{ type: 'tool-call-delta', candidate: 0, part, arguments: JSON.stringify(input) }];
}

function withInput(start: JsonObject, json: string): JsonObject {
  if (json === '') return start;
  try {
    return { ...start, input: JSON.parse(json) as unknown };
  } catch {
    return start;
  }
}
