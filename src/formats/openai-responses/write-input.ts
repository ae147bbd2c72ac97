// Neutral messages to the `input` items of a Responses request.
import type { JsonObject } from '../../lib/json.ts';
import type {
  NeutralMessage,
  NeutralPart,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../neutral.ts';
import { markedAsError, resultText } from '../openai-parts.ts';
import { runsOfRole, type Writing } from '../openai-target.ts';
import { fitId, responsesIds } from '../tool-ids.ts';
import { writePart } from './write-parts.ts';

/** The conversation; the system prompt is `instructions`. */
export function writeInput(writing: Writing): JsonObject[] {
  return runsOfRole(writing.request.messages).flatMap((run) => {
    const writeOne =
      run[0]?.role === 'assistant' ? writeAssistant : run[0]?.role === 'user' ? writeUser : writeSystem;
    return run.flatMap((message) => writeOne(message, writing));
  });
}

function writeSystem({ parts, developer, at }: NeutralMessage, writing: Writing): JsonObject[] {
  const content = writeContent(parts, at, writing);
  return content.length === 0 ? [] : [{ type: 'message', role: developer ? 'developer' : 'system', content }];
}

/** Writes the parts that Responses can express, and reports the others. */
function writeContent(parts: readonly NeutralPart[], at: string, writing: Writing): JsonObject[] {
  return parts.flatMap<JsonObject>((part) => {
    const written = writePart(part, writing);
    if (written === null) writing.dropped.add(part.at ?? at);
    return written ?? [];
  });
}

// ---- Users ----------------------------------------------------------------------------------------------

/** Responses has no member for a participant's name. */
function writeUser({ parts, name, at }: NeutralMessage, writing: Writing): JsonObject[] {
  if (name !== undefined) writing.dropped.add(`${at}.name`);
  const results = parts.filter((part) => part.type === 'tool-result');
  const items = parts.flatMap<JsonObject>((part) => itemOf(part) ?? []);
  const rest = parts.filter((part) => part.type !== 'tool-result' && itemOf(part) === null);
  const content = writeContent(rest, at, writing);
  return [
    ...results.map((result) => writeResult(result, writing)),
    ...items,
    ...(content.length > 0 ? [{ type: 'message', role: 'user', content }] : []),
  ];
}

/** An item of this format's own, not a content part of it. */
function itemOf(part: NeutralPart): JsonObject | null {
  if (part.native?.origin === 'openai-responses')
    return part.type === 'tool-result' ? null : part.native.wire;
  if (part.type !== 'opaque' || part.origin !== 'openai-responses') return null;
  return /^input_|^output_text$|^refusal$/.test(String(part.wire.type)) ? null : part.wire;
}

/** Text alone is a string; with pictures and files it is content. */
function writeResult(result: ToolResultPart, writing: Writing): JsonObject {
  if (result.native?.origin === 'openai-responses' && result.native.wire) return result.native.wire;
  const { content, callId, isError, custom, at } = result;
  const type = custom ? 'custom_tool_call_output' : 'function_call_output';
  const call_id = fitId(callId, responsesIds);
  if (content.every((part) => part.type === 'text')) return { type, call_id, output: resultText(result) };
  const [first, ...others] = content;
  const marked: ToolResultPart['content'] =
    first?.type === 'text' ? [{ ...first, text: markedAsError(first.text, isError) }, ...others] : content;
  const prefix: TextPart[] = isError && first?.type !== 'text' ? [{ type: 'text', text: 'Error:' }] : [];
  return { type, call_id, output: writeContent([...prefix, ...marked], at ?? '', writing) };
}

// ---- The assistant --------------------------------------------------------------------------------------

function writeAssistant({ parts, name, at }: NeutralMessage, writing: Writing): JsonObject[] {
  if (name !== undefined) writing.dropped.add(`${at}.name`);
  const visible = joinTexts(parts).filter((part) => part.type !== 'text' || part.text !== '');
  return visible.flatMap<JsonObject>((part) => {
    const items = writeItems(part, writing);
    if (items.length === 0) writing.dropped.add(part.at ?? at);
    if (part.type === 'text' && part.citations !== undefined && part.at)
      writing.dropped.add(`${part.at}.annotations`);
    return items;
  });
}

/** Texts that follow one another are one message. */
function joinTexts(parts: readonly NeutralPart[]): NeutralPart[] {
  const joined: NeutralPart[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    const isNative = part.native !== undefined || before?.native !== undefined;
    if (part.type === 'text' && before?.type === 'text' && !isNative)
      joined[joined.length - 1] = { ...before, ...part, text: before.text + part.text };
    else joined.push(part);
  }
  return joined;
}

function writeItems(part: NeutralPart, writing: Writing): JsonObject[] {
  if (part.native?.origin === 'openai-responses') return part.native.wire === null ? [] : [part.native.wire];
  switch (part.type) {
    case 'text':
      // The short form: the long one requires the answer's id.
      return [{ type: 'message', role: 'assistant', content: part.text }];
    case 'refusal':
      return [writeRefusal(part.text)];
    case 'reasoning':
      return writeReasoning(part);
    case 'tool-call':
      return [writeCall(part)];
    case 'web-search':
      return part.opaque?.origin === 'openai-responses' ? part.opaque.wire : [];
    case 'opaque':
      return part.origin === 'openai-responses' ? [part.wire] : [];
    default:
      writing.dropped.add(part.at);
      return [];
  }
}

function writeRefusal(refusal: string): JsonObject {
  return {
    type: 'message',
    id: 'msg_refusal',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'refusal', refusal }],
  };
}

/** Only what this provider encrypted itself: it refuses everybody else's. */
function writeReasoning({ text, paragraphs, signature }: ReasoningPart): JsonObject[] {
  if (signature?.origin !== 'openai-responses') return [];
  const texts = paragraphs ?? (text === '' ? [] : [text]);
  return [
    {
      type: 'reasoning',
      ...(signature.id !== undefined && { id: signature.id }),
      summary: texts.map((paragraph) => ({ type: 'summary_text', text: paragraph })),
      encrypted_content: signature.value,
    },
  ];
}

function writeCall({ id, name: flat, namespace, custom, arguments: text }: ToolCallPart): JsonObject {
  const call_id = fitId(id, responsesIds);
  const name = namespace?.tool ?? flat;
  const common = { call_id, name, ...(namespace && { namespace: namespace.name }) };
  if (custom) return { type: 'custom_tool_call', ...common, input: text };
  return { type: 'function_call', ...common, arguments: text === '' ? '{}' : text };
}
