// A fifth wire format, invented for tests: a small chat API with JSON responses and server-sent events. It is one
// object, like the formats of src/formats, and no code in src refers to it.
import { DroppedPaths } from '../../src/formats/dropped-paths.ts';
import { countAt, isObject, objectAt, objectsAt, textAt } from '../../src/formats/json-reader.ts';
import type { NeutralEvent, NeutralMessage, NeutralPart, NeutralRequest } from '../../src/formats/neutral.ts';
import type { Observation } from '../../src/formats/observation.ts';
import { emptyRequest, RequestFields } from '../../src/formats/request-fields.ts';
import { type Usage, usageOf } from '../../src/formats/usage.ts';
import {
  type AnswerContext,
  apiRoute,
  type ConversationFormat,
  type EventReader,
  type EventWriter,
} from '../../src/formats/wire-format.ts';
import type { JsonObject } from '../../src/lib/json.ts';

export const fifthFormat: ConversationFormat = {
  id: 'fifth',
  api: 'openai',
  task: 'conversation',
  routes: [apiRoute('fifth-talk', '/v1/talk')],
  observer: { event: observe, body: observe },
  requiredFields: () => [
    { field: 'model', type: 'string' },
    { field: 'turns', type: 'array' },
  ],
  countFields: (body) => [[body, 'tries', 4]],
  outputFields: (body) => ({ maxTokens: [body.limit], answers: [body.tries] }),
  signalsEnd: true,
  ping: 'data: {"still":"here"}\n\n',
  writeErrorEvent: (body) => `data: ${JSON.stringify({ sorry: objectAt(body, 'error') })}\n\n`,
  readRequest: (body, { model, stream }) => {
    const fields = new RequestFields(body);
    fields.ignore('model', 'stream', 'tries');
    const turns = fields.objects('turns', 'messages') ?? [];
    const request: NeutralRequest = {
      ...emptyRequest(model, stream, 'fifth'),
      messages: turns.map(readTurn),
      tools: (fields.objects('tools', 'tools') ?? []).map((tool, index) => ({
        type: 'function',
        name: textAt(tool, 'tool') ?? '',
        description: textAt(tool, 'about'),
        parameters: objectAt(tool, 'takes') ?? null,
        strict: undefined,
        at: `tools[${index}]`,
      })),
      maxOutputTokens: fields.number('limit', 'maxOutputTokens'),
      temperature: fields.number('heat', 'temperature'),
    };
    const opaque = { origin: 'fifth', fields: fields.rest() };
    return fields.faults.resultOf({ ...request, opaque, paths: fields.paths });
  },
  writeRequest: (request, { model }) => {
    const dropped = new DroppedPaths();
    dropped.opaqueFields(request, 'fifth');
    dropped.fields(request, 'seed', 'topP', 'topK', 'stopSequences', 'responseFormat', 'logprobs');
    const system = request.system.map(({ text }) => ({ who: 'boss', say: text }));
    const tools = request.tools.flatMap((tool) =>
      tool.type === 'function'
        ? [{ tool: tool.name, about: tool.description, takes: tool.parameters ?? undefined }]
        : [],
    );
    const body = {
      model,
      turns: [...system, ...request.messages.flatMap(writeTurns)],
      ...(tools.length > 0 && { tools }),
      ...(request.stream && { stream: true }),
      ...(request.maxOutputTokens !== undefined && { limit: request.maxOutputTokens }),
      ...(request.temperature !== undefined && { heat: request.temperature }),
    };
    return { body, dropped: dropped.list };
  },
  readResponse: (body) => ({
    id: textAt(body, 'number') ?? null,
    model: textAt(body, 'by') ?? null,
    createdAtSeconds: null,
    candidates: [{ parts: readParts(body), stop: { reason: stops[textAt(body, 'why') ?? ''] ?? 'unknown' } }],
    usage: readUsage(body),
    serviceTier: null,
    error: null,
    promptBlock: null,
  }),
  writeResponse: ({ candidates, usage }, { answerId, model }) => {
    const [{ parts, stop } = { parts: [], stop: { reason: 'unknown' as const } }] = candidates;
    const body = {
      number: answerId,
      by: model,
      said: textOf(parts),
      calls: callsOf(parts),
      why: wordOf(stop.reason),
      ...(usage && { spent: { read: usage.inputTokens, written: usage.outputTokens } }),
    };
    return { body, dropped: [] };
  },
  eventReader,
  eventWriter,
  toolNames: { illegal: /[^a-z_]/g, maximumLength: 20, firstIsLetter: true },
  takesCustomTools: () => false,
  operationFor: () => 'fifth-talk',
};

const stops = { done: 'stop', long: 'length', tools: 'tool-calls' } as Readonly<
  Record<string, 'stop' | 'length' | 'tool-calls'>
>;

function wordOf(reason: string): string {
  return Object.entries(stops).find(([, neutral]) => neutral === reason)?.[0] ?? 'done';
}

function observe(observation: Observation, value: JsonObject): void {
  const said = `${textAt(value, 'said') ?? ''}${textAt(value, 'say') ?? ''}`;
  observation.outputCharacters += said.length;
  if (said !== '') observation.started = true;
  observation.usage = readUsage(value) ?? observation.usage;
  observation.model = textAt(value, 'by') ?? observation.model;
  if (value.bye === true || value.why !== undefined) observation.complete = true;
  if (value.sorry !== undefined) observation.error ??= 'sorry';
}

function readUsage(value: JsonObject): Usage | null {
  const spent = objectAt(value, 'spent');
  if (spent === undefined) return null;
  return usageOf({ inputTokens: countAt(spent, 'read') ?? 0, outputTokens: countAt(spent, 'written') ?? 0 });
}

function readTurn(turn: JsonObject, index: number): NeutralMessage {
  const at = `turns[${index}]`;
  const text = textAt(turn, 'say');
  const who = textAt(turn, 'who');
  if (who === 'tool') {
    const content: NeutralPart = { type: 'text', text: text ?? '', at };
    const result: NeutralPart = {
      type: 'tool-result',
      callId: textAt(turn, 'for') ?? '',
      content: [content],
      isError: false,
      at,
    };
    return { role: 'user', parts: [result], at };
  }
  const words: NeutralPart[] = text === undefined ? [] : [{ type: 'text', text, at }];
  const role = who === 'boss' ? 'system' : who === 'model' ? 'assistant' : 'user';
  return { role, parts: [...words, ...objectsAt(turn, 'calls').map(readCall)], at };
}

function readCall(call: JsonObject): NeutralPart & { type: 'tool-call' } {
  const [id = '', name = ''] = [textAt(call, 'id'), textAt(call, 'tool')];
  return { type: 'tool-call', id, name, arguments: JSON.stringify(call.with ?? {}), at: '' };
}

function readParts(body: JsonObject): NeutralPart[] {
  const text = textAt(body, 'said') ?? '';
  const words: NeutralPart[] = text === '' ? [] : [{ type: 'text', text, at: '' }];
  return [...words, ...objectsAt(body, 'calls').map(readCall)];
}

function textOf(parts: readonly NeutralPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function callsOf(parts: readonly NeutralPart[]): JsonObject[] {
  return parts.flatMap((part) =>
    part.type === 'tool-call' ? [{ id: part.id, tool: part.name, with: JSON.parse(part.arguments) }] : [],
  );
}

function writeTurns({ role, parts }: NeutralMessage): JsonObject[] {
  const results = parts.flatMap((part) =>
    part.type === 'tool-result' ? [{ who: 'tool', for: part.callId, say: textOf(part.content) }] : [],
  );
  const who = { system: 'boss', user: 'me', assistant: 'model' }[role];
  const calls = callsOf(parts);
  const text = textOf(parts);
  const turn = { who, ...(text !== '' && { say: text }), ...(calls.length > 0 && { calls }) };
  return text === '' && calls.length === 0 ? results : [...results, turn];
}

function eventReader(): EventReader {
  let [parts, isTextOpen, isOver, calls] = [0, false, false, false];
  const candidate = 0;
  const closeText = (): NeutralEvent[] => {
    if (!isTextOpen) return [];
    isTextOpen = false;
    return [{ type: 'text-end', candidate, part: parts++ }];
  };
  return {
    read: (event) => {
      const events: NeutralEvent[] = [];
      const say = textAt(event, 'say');
      if (say !== undefined) {
        if (!isTextOpen) events.push({ type: 'text-start', candidate, part: parts });
        isTextOpen = true;
        events.push({ type: 'text-delta', candidate, part: parts, text: say });
      }
      if (isObject(event.call)) {
        calls = true;
        const { id, name, arguments: json } = readCall(event.call);
        events.push(...closeText());
        const part = parts++;
        events.push({ type: 'tool-call-start', candidate, part, id, name });
        events.push({ type: 'tool-call-delta', candidate, part, arguments: json });
        events.push({ type: 'tool-call-end', candidate, part });
      }
      const usage = readUsage(event);
      if (usage !== null) events.push({ type: 'usage-set', usage, serviceTier: null });
      const why = textAt(event, 'why');
      if (why !== undefined) {
        const reason = stops[why] ?? (calls ? 'tool-calls' : 'unknown');
        events.push(...closeText(), { type: 'candidate-end', candidate, stop: { reason } });
      }
      if (event.bye === true) isOver = true;
      return events;
    },
    end: () => [...closeText(), ...(isOver ? [{ type: 'message-end' } as const] : [])],
  };
}

function eventWriter({ answerId, model }: AnswerContext): EventWriter {
  let usage: Usage | null = null;
  let call = { id: '', tool: '', json: '' };
  let isOver = false;
  const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
  return {
    write: (event) => {
      switch (event.type) {
        case 'message-start':
          return data({ number: answerId, by: model });
        case 'text-delta':
          return data({ say: event.text });
        case 'tool-call-start':
          call = { id: event.id, tool: event.name, json: '' };
          return '';
        case 'tool-call-delta':
          call.json += event.arguments;
          return '';
        case 'tool-call-end':
          return data({ call: { id: call.id, tool: call.tool, with: JSON.parse(call.json) } });
        case 'usage-set':
          usage = event.usage;
          return '';
        case 'candidate-end':
          return data({ why: wordOf(event.stop.reason) });
        case 'error':
          return data({ sorry: event.error });
        case 'message-end':
          isOver = true;
          return '';
        default:
          return '';
      }
    },
    end: () => {
      const spent = usage && { spent: { read: usage.inputTokens, written: usage.outputTokens } };
      return isOver ? data({ ...spent, bye: true }) : '';
    },
    dropped: [],
    nextSequenceNumber: 0,
  };
}
