// Writes neutral messages as chat messages. Two documented rewrites: tool results are text, so their pictures and files
// follow in a user message; and all results of one turn directly follow its calls.
import type { JsonObject } from '../../lib/json.ts';
import { functionCallOfCustom } from '../custom-tools.ts';
import type {
  MediaPart,
  NeutralMessage,
  NeutralPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../neutral.ts';
import { resultText } from '../openai-parts.ts';
import { runsOfRole, type Writing } from '../openai-target.ts';
import { chatIds, fitId } from '../tool-ids.ts';
import { writeReasoning } from './reasoning.ts';
import { writeMedia, writeText } from './write-parts.ts';

/** The system prompt and the conversation. */
export function writeMessages(writing: Writing): JsonObject[] {
  const { system, messages } = writing.request;
  const first = system.length === 0 ? [] : [{ role: 'system', content: writeTexts(system, writing) }];
  return [...first, ...runsOfRole(messages).flatMap((run) => writeRun(run, writing))];
}

function writeRun(run: NeutralMessage[], writing: Writing): JsonObject[] {
  switch (run[0]?.role) {
    case 'system':
      return run.map((message) => writeSystem(message, writing));
    case 'assistant':
      return mergeTurns(run).flatMap<JsonObject>((message) => writeAssistant(message, writing) ?? []);
    default:
      return writeUsers(run, writing);
  }
}

/** One text as a string; several as parts, joined for imitators, many of which know no parts here. */
function writeTexts(parts: TextPart[], writing: Writing): unknown {
  const written = parts.map((part) => writeText(part, writing));
  const marked = written.some((part) => Object.keys(part).length > 2);
  if (written.length === 1 && !marked) return written[0]?.text;
  return writing.genuine || marked ? written : parts.map(({ text }) => text).join('\n\n');
}

function writeSystem({ parts, developer, name, at }: NeutralMessage, writing: Writing): JsonObject {
  for (const part of parts) if (part.type !== 'text') writing.dropped.add(part.at ?? at);
  const role = developer && writing.genuine ? 'developer' : 'system';
  const texts = parts.filter((part) => part.type === 'text');
  return {
    role,
    content: texts.length === 0 ? '' : writeTexts(texts, writing),
    ...(name !== undefined && { name }),
  };
}

// ---- Users ----------------------------------------------------------------------------------------------

function writeUsers(run: NeutralMessage[], writing: Writing): JsonObject[] {
  const results = run.flatMap(({ parts }) => parts).filter((part) => part.type === 'tool-result');
  const shown = results.flatMap((result) => writeShown(result, writing));
  return [
    ...results.map(writeResult),
    ...(shown.length > 0 ? [{ role: 'user', content: shown }] : []),
    ...run.flatMap((message) => writeUser(message, writing)),
  ];
}

function writeResult(result: ToolResultPart): JsonObject {
  const shows = result.content.some(({ type }) => type === 'media');
  const text = resultText(result);
  const content = text === '' && shows ? 'The result is in the next message.' : text;
  return { role: 'tool', tool_call_id: fitId(result.callId, chatIds), content };
}

/** Writes what a result holds besides text, after a line that names its call. */
function writeShown({ callId, content, at }: ToolResultPart, writing: Writing): JsonObject[] {
  const shown = content.flatMap<JsonObject>((part) => {
    if (part.type === 'text') return [];
    const written = part.type === 'media' ? writeMedia(part, writing) : null;
    if (written === null) writing.dropped.add(part.at ?? at);
    return written ?? [];
  });
  const whose = `Result of the tool call ${fitId(callId, chatIds)}:`;
  return shown.length === 0 ? [] : [{ type: 'text', text: whose }, ...shown];
}

function writeUser({ parts, name, at }: NeutralMessage, writing: Writing): JsonObject[] {
  const rest = parts.filter(({ type }) => type !== 'tool-result');
  if (rest.length === 0 && parts.length > 0) return [];
  const content = rest.flatMap<JsonObject>((part) => writeUserPart(part, at, writing) ?? []);
  const [only] = content;
  const plain = content.length === 1 && only?.type === 'text' && Object.keys(only).length === 2;
  if (content.length === 0 && rest.length > 0) return [];
  return [
    {
      role: 'user',
      content: plain ? only.text : content.length === 0 ? '' : content,
      ...(name !== undefined && { name }),
    },
  ];
}

function writeUserPart(part: NeutralPart, at: string, writing: Writing): JsonObject | null {
  if (part.type === 'text') return writeText(part, writing);
  if (part.type === 'opaque' && part.origin === 'openai-chat') return part.wire;
  const written = part.type === 'media' ? writeMedia(part, writing) : null;
  if (written === null) writing.dropped.add(part.at ?? at);
  return written;
}

// ---- The assistant --------------------------------------------------------------------------------------

/** Neighbours are one turn when thoughts or calls tie them together: results must follow all calls. */
function mergeTurns(run: NeutralMessage[]): NeutralMessage[] {
  const tied = (message: NeutralMessage | undefined) =>
    message?.parts.some(({ type }) => type === 'tool-call' || type === 'reasoning') ?? false;
  const turns: NeutralMessage[] = [];
  for (const message of run) {
    const before = turns.at(-1);
    if (before !== undefined && (tied(before) || tied(message)))
      turns[turns.length - 1] = { ...before, parts: [...before.parts, ...message.parts] };
    else turns.push(message);
  }
  return turns;
}

/**
 * Null for a turn without anything that chat can express: "Required unless `tool_calls` or `function_call` is
 * specified" (openapi, `content` of an assistant's message). Reasoning alone is no turn either (DeepSeek: "content or
 * tool_calls must be set").
 */
function writeAssistant({ parts, name, at }: NeutralMessage, writing: Writing): JsonObject | null {
  const { members, thinking } = writeReasoning(parts.filter((part) => part.type === 'reasoning'));
  const calls = parts.filter((part) => part.type === 'tool-call').map((call) => writeCall(call, writing));
  const audio = parts.find((part) => part.type === 'media' && isAudioReference(part));
  for (const part of parts) if (!hasContent(part, writing)) writing.dropped.add(part.at ?? at);
  for (const part of parts)
    if (part.type === 'text' && part.citations !== undefined && part.at)
      writing.dropped.add(`${part.at}.annotations`);
  const content = writeAssistantContent(parts, thinking, writing);
  if (isNothing(content) && calls.length === 0 && audio === undefined) {
    for (const part of parts) if (part.type === 'reasoning') writing.dropped.add(part.at ?? at);
    return null;
  }
  return {
    role: 'assistant',
    ...(name !== undefined && { name }),
    ...content,
    ...members,
    ...(audio?.type === 'media' && { audio: { id: audio.providerId } }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function isNothing({ content, refusal }: JsonObject): boolean {
  return (content === null || content === '') && refusal === undefined;
}

/** Sound that the model made: the only media that a later turn can name. */
function isAudioReference({ kind, providerId }: MediaPart): boolean {
  return kind === 'audio' && providerId !== undefined;
}

function hasContent(part: NeutralPart, { genuine }: Writing): boolean {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'tool-call':
      return true;
    case 'reasoning':
      return part.signature?.origin === 'openai-chat' && !genuine;
    case 'media':
      return isAudioReference(part);
    default:
      return false;
  }
}

function writeAssistantContent(parts: NeutralPart[], thinking: string[], writing: Writing): JsonObject {
  const texts = parts.filter((part): part is TextPart => part.type === 'text' && part.text !== '');
  const refusals = parts.flatMap((part) =>
    part.type === 'refusal' ? [{ type: 'refusal', refusal: part.text }] : [],
  );
  const thoughts = thinking.map((text) => ({ type: 'thinking', thinking: [{ type: 'text', text }] }));
  // Imitators require content, and have no refusals.
  if (texts.length === 0 && thoughts.length === 0 && refusals.length === 1)
    return writing.genuine
      ? { content: null, refusal: refusals[0]?.refusal }
      : { content: refusals[0]?.refusal };
  if (thoughts.length === 0 && refusals.length === 0)
    return { content: texts.length === 0 ? null : writeTexts(texts, writing) };
  return { content: [...thoughts, ...texts.map((part) => writeText(part, writing)), ...refusals] };
}

function writeCall(part: ToolCallPart, { genuine }: Writing): JsonObject {
  const call = part.custom && !genuine ? functionCallOfCustom(part) : part;
  const id = fitId(call.id, chatIds);
  const { name } = call;
  if (call.custom) return { id, type: 'custom', custom: { name, input: call.arguments } };
  return {
    id,
    type: 'function',
    function: { name, arguments: call.arguments === '' ? '{}' : call.arguments },
  };
}
