// Undoes in the answer what was changed in a request for its upstream: names of tools and of their arguments, OpenAI's
// custom tools, and the tool that stands for a structured answer.

import { AnswerTextEdit, bareText, WrappedAnswer, type WrapperMember } from './answer-text-edit.ts';
import { customInputOf, functionCallOfCustom, functionOfCustomTool, isCustomTool } from './custom-tools.ts';
import type {
  NeutralEvent,
  NeutralMessage,
  NeutralPart,
  NeutralRequest,
  NeutralResponse,
  ToolCallPart,
} from './neutral.ts';
import { callIdsIn, unusedId, withUniqueCallIds } from './tool-ids.ts';
import { type FittedNames, fitToolNames, type NameRule } from './tool-names.ts';
import { type FittedKeys, fitPropertyKeys } from './tool-property-keys.ts';

/** Undoes one change. State is per answer. */
export interface AnswerEdit {
  event(event: NeutralEvent): NeutralEvent[];
  response(response: NeutralResponse): NeutralResponse;
}

/** A request as an upstream can take it, and how its answers are turned back. */
export interface FittedRequest {
  request: NeutralRequest;
  /** Returns new edits for one answer. `answerTool` and `wrapped` are what the request's writer returned. */
  answerEdit(answerTool: string | undefined, wrapped?: WrapperMember): AnswerEdit;
}

/** `customTools`: the upstream knows them itself. */
export function fitRequest(
  request: NeutralRequest,
  rule: NameRule,
  { customTools }: { customTools: boolean },
): FittedRequest {
  const plain = customTools ? request : withoutCustomTools(request);
  const keys = fitPropertyKeys(plain, rule.propertyKeys);
  const names = fitToolNames(withUniqueCallIds(keys.request), rule);
  return {
    request: names.request,
    answerEdit: (answerTool, wrapped) =>
      chain([
        ...(answerTool === undefined ? [] : [new AnswerToolEdit(answerTool)]),
        ...(names.isChanged ? [nameEdit(names)] : []),
        ...(keys.request === plain ? [] : [new ArgumentsEdit(keysEdit(keys))]),
        ...(plain === request ? [] : [new ArgumentsEdit(customToolEdit(request))]),
        new CallIdEdit(request),
        ...(wrapped === undefined ? [] : [new AnswerTextEdit(() => new WrappedAnswer(wrapped))]),
        ...(isBareText(request) ? [new AnswerTextEdit(bareText)] : []),
      ]),
  };
}

function isBareText({ responseFormat }: NeutralRequest): boolean {
  return responseFormat?.type === 'json-schema' && responseFormat.isBareText === true;
}

function chain(edits: readonly AnswerEdit[]): AnswerEdit {
  return {
    event: (event) => edits.reduce((events, edit) => events.flatMap((one) => edit.event(one)), [event]),
    response: (response) => edits.reduce((edited, edit) => edit.response(edited), response),
  };
}

/** Replaces custom tools by functions, also in the conversation. */
function withoutCustomTools(request: NeutralRequest): NeutralRequest {
  const hasCustom = request.tools.some(({ type }) => type === 'custom');
  const hasCalls = request.messages.some(({ parts }) =>
    parts.some((part) => part.type === 'tool-call' && part.custom),
  );
  if (!hasCustom && !hasCalls) return request;
  return {
    ...request,
    tools: request.tools.map((tool) => (tool.type === 'custom' ? functionOfCustomTool(tool) : tool)),
    messages: request.messages.map(withFunctionCalls),
  };
}

function withFunctionCalls(message: NeutralMessage): NeutralMessage {
  const parts = message.parts.map((part) =>
    part.type === 'tool-call' && part.custom === true ? functionCallOfCustom(part) : part,
  );
  return { ...message, parts };
}

function nameEdit({ originalOf }: FittedNames): AnswerEdit {
  return {
    event: (event) =>
      event.type === 'tool-call-start' ? [{ ...event, name: originalOf(event.name) }] : [event],
    response: (response) =>
      mapParts(response, (part) =>
        part.type === 'tool-call' ? { ...part, name: originalOf(part.name) } : part,
      ),
  };
}

function mapParts(response: NeutralResponse, edit: (part: NeutralPart) => NeutralPart): NeutralResponse {
  return {
    ...response,
    candidates: response.candidates.map((candidate) => ({ ...candidate, parts: candidate.parts.map(edit) })),
  };
}

const keyOf = ({ candidate, part }: { candidate: number; part: number }) => `${candidate}/${part}`;

/** Calls whose id the conversation has already, or an earlier call of the same answer. */
class CallIdEdit implements AnswerEdit {
  private readonly taken: Set<string>;

  constructor(request: NeutralRequest) {
    this.taken = callIdsIn(request);
  }

  event(event: NeutralEvent): NeutralEvent[] {
    return event.type === 'tool-call-start' ? [this.unique(event)] : [event];
  }

  response(response: NeutralResponse): NeutralResponse {
    return mapParts(response, (part) => (part.type === 'tool-call' ? this.unique(part) : part));
  }

  private unique<Call extends { id: string }>(call: Call): Call {
    const id = unusedId(call.id, this.taken);
    this.taken.add(id);
    return id === call.id ? call : { ...call, id };
  }
}

/** How the arguments of a tool's calls are edited; null: they stay. */
type ArgumentsRule = (tool: string) => { custom?: true; edit(argumentsText: string): string } | null;

/** Restores calls of functions that replaced custom tools: their input is free text. */
const customToolEdit =
  (request: NeutralRequest): ArgumentsRule =>
  (tool) =>
    isCustomTool(request, tool) ? { custom: true, edit: customInputOf } : null;

const keysEdit =
  ({ hasRenamed, restore }: FittedKeys): ArgumentsRule =>
  (tool) =>
    hasRenamed(tool) ? { edit: (text) => restore(tool, text) } : null;

/** Edits arguments when they are whole: until then those of a streamed call wait. */
class ArgumentsEdit implements AnswerEdit {
  private readonly rule: ArgumentsRule;
  private readonly open = new Map<string, { pieces: string[]; edit(text: string): string }>();

  constructor(rule: ArgumentsRule) {
    this.rule = rule;
  }

  event(event: NeutralEvent): NeutralEvent[] {
    switch (event.type) {
      case 'tool-call-start': {
        const edited = this.rule(event.name);
        if (edited === null) return [event];
        this.open.set(keyOf(event), { pieces: [], edit: edited.edit });
        return [{ ...event, ...(edited.custom && { custom: true }) }];
      }
      case 'tool-call-delta': {
        const call = this.open.get(keyOf(event));
        if (call === undefined) return [event];
        call.pieces.push(event.arguments);
        return [];
      }
      case 'tool-call-end': {
        const call = this.open.get(keyOf(event));
        if (call === undefined) return [event];
        this.open.delete(keyOf(event));
        const { candidate, part } = event;
        return [
          { type: 'tool-call-delta', candidate, part, arguments: call.edit(call.pieces.join('')) },
          event,
        ];
      }
      default:
        return [event];
    }
  }

  response(response: NeutralResponse): NeutralResponse {
    return mapParts(response, (part) => (part.type === 'tool-call' ? this.edited(part) : part));
  }

  private edited(part: ToolCallPart): ToolCallPart {
    const edited = this.rule(part.name);
    if (edited === null) return part;
    return { ...part, ...(edited.custom && { custom: true }), arguments: edited.edit(part.arguments) };
  }
}

/** The arguments of the answer's tool are the answer's text, and its turn ends as one of text. */
class AnswerToolEdit implements AnswerEdit {
  private readonly name: string;
  private readonly open = new Set<string>();
  private otherCalls = false;
  private wasCalled = false;

  constructor(name: string) {
    this.name = name;
  }

  event(event: NeutralEvent): NeutralEvent[] {
    switch (event.type) {
      case 'tool-call-start': {
        const { candidate, part } = event;
        if (event.name !== this.name) {
          this.otherCalls = true;
          return [event];
        }
        this.wasCalled = true;
        this.open.add(keyOf(event));
        return [{ type: 'text-start', candidate, part }];
      }
      case 'tool-call-delta': {
        const { candidate, part, arguments: text } = event;
        return this.open.has(keyOf(event)) ? [{ type: 'text-delta', candidate, part, text }] : [event];
      }
      case 'tool-call-end': {
        const { candidate, part } = event;
        return this.open.delete(keyOf(event)) ? [{ type: 'text-end', candidate, part }] : [event];
      }
      case 'candidate-end': {
        const isText = event.stop.reason === 'tool-calls' && this.wasCalled && !this.otherCalls;
        return isText ? [{ ...event, stop: { reason: 'stop' } }] : [event];
      }
      default:
        return [event];
    }
  }

  response(response: NeutralResponse): NeutralResponse {
    const isAnswer = (part: NeutralPart) => part.type === 'tool-call' && part.name === this.name;
    const candidates = response.candidates.map(({ parts, stop }) => {
      const hasOthers = parts.some((part) => part.type === 'tool-call' && !isAnswer(part));
      const isText = stop.reason === 'tool-calls' && parts.some(isAnswer) && !hasOthers;
      return { parts, stop: isText ? { reason: 'stop' as const } : stop };
    });
    return mapParts({ ...response, candidates }, (part) =>
      part.type === 'tool-call' && isAnswer(part) ? { type: 'text', text: part.arguments } : part,
    );
  }
}
