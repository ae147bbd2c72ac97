// A generateContent request to the neutral form. https://ai.google.dev/api/generate-content
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import type { NeutralRequest, ReasoningRequest, ResponseFormat, TextPart } from '../neutral.ts';
import { emptyRequest, type ReadResult, RequestFields } from '../request-fields.ts';
import type { RequestContext } from '../wire-format.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { memberOf, numberOf, objectOf, objectsOf, snake, textOf } from './members.ts';
import { readContents } from './read-contents.ts';
import { readPart } from './read-parts.ts';
import { readToolChoice, readTools } from './read-tools.ts';
import { effortOfLevel } from './thinking.ts';

/** Members that may be in the other spelling. Members inside them are read in either. */
const names = (
  'contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent serviceTier ' +
  'maxOutputTokens temperature topP topK seed frequencyPenalty presencePenalty stopSequences candidateCount ' +
  'responseLogprobs logprobs responseMimeType responseSchema responseJsonSchema thinkingConfig responseModalities ' +
  'speechConfig imageConfig mediaResolution'
).split(' ');
const bySnake = new Map(names.map((name) => [snake(name), name]));

/** The request, or the first fault in it. */
export function readRequest(body: JsonObject, context: RequestContext): ReadResult<NeutralRequest> {
  const whole = inCamelCase(body);
  const fields = new RequestFields(whole);
  // In the path; some clients repeat it.
  fields.ignore('model');
  const settings = withNumbers(inCamelCase(fields.object('generationConfig') ?? {}));
  const config = new RequestFields(settings, fields.faults, 'generationConfig');
  const request: NeutralRequest = {
    ...emptyRequest(context.model, context.stream, 'gemini-generate'),
    system: readSystem(fields.object('systemInstruction', 'system')),
    messages: readContents(contentsOf(fields)),
    tools: readTools(whole),
    toolChoice: readToolChoice(whole),
    ...readSettings(config, settings),
    serviceTier: fields.text('serviceTier', 'serviceTier'),
  };
  fields.take('tools', 'tools');
  fields.take('toolConfig', 'toolChoice');
  return fields.faults.resultOf({
    ...request,
    opaque: { origin: 'gemini-generate', fields: { ...fields.rest(), ...prefixed(config.rest()) } },
    paths: { ...fields.paths, ...config.paths },
  });
}

/** Unknown settings get a dotted name, by which the writer restores them. */
function prefixed(unknown: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(unknown).map(([name, value]) => [`generationConfig.${name}`, value]),
  );
}

/** Google takes a single object for a list of one. */
function contentsOf(fields: RequestFields): JsonObject[] {
  const contents = fields.take('contents', 'messages');
  if (isObject(contents)) return [contents];
  if (Array.isArray(contents) && contents.every(isObject)) return contents;
  return fields.faults.wrongType('contents', 'a list of objects with `parts`', contents) ?? [];
}

const numeric = /^(maxOutputTokens|temperature|top[PK]|seed|\w+Penalty|candidateCount|logprobs)$/;

/** Google takes numbers as text too. https://protobuf.dev/programming-guides/json/ */
function withNumbers(settings: JsonObject): JsonObject {
  const isNumber = (name: string, value: unknown) =>
    numeric.test(name) && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, isNumber(name, value) ? Number(value) : value]),
  );
}

function readSettings(config: RequestFields, settings: JsonObject): Partial<NeutralRequest> {
  return {
    maxOutputTokens: config.number('maxOutputTokens', 'maxOutputTokens'),
    temperature: config.number('temperature', 'temperature'),
    topP: config.number('topP', 'topP'),
    topK: config.number('topK', 'topK'),
    seed: config.number('seed', 'seed'),
    frequencyPenalty: config.number('frequencyPenalty', 'frequencyPenalty'),
    presencePenalty: config.number('presencePenalty', 'presencePenalty'),
    stopSequences: config.texts('stopSequences', 'stopSequences'),
    candidateCount: config.number('candidateCount', 'candidateCount'),
    logprobs: readLogprobs(config),
    responseFormat: readResponseFormat(config, settings),
    reasoning: readReasoning(config.object('thinkingConfig', 'reasoning')),
    outputModalities: modalitiesOf(config),
  };
}

function readLogprobs(config: RequestFields): NeutralRequest['logprobs'] {
  const wanted = config.boolean('responseLogprobs', 'logprobs');
  const top = config.number('logprobs');
  return wanted ? { top: top ?? 0 } : undefined;
}

/** Top-level names in one spelling. */
function inCamelCase(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [bySnake.get(name) ?? name, one]));
}

function readSystem(instruction: JsonObject | undefined): TextPart[] {
  return objectsOf(instruction, 'parts')
    .map((part, index) => ({ ...readPart(part, () => '').part, at: `systemInstruction.parts[${index}]` }))
    .filter((part) => part.type === 'text');
}

function readReasoning(config: JsonObject | undefined): ReasoningRequest | undefined {
  if (config === undefined) return undefined;
  const budget = numberOf(config, 'thinkingBudget');
  const include = memberOf(config, 'includeThoughts');
  return {
    effort: effortOfLevel(textOf(config, 'thinkingLevel')),
    budgetTokens: budget === undefined ? undefined : budget < 0 ? 'dynamic' : budget,
    // Gemini shows no reasoning unless requested.
    includeThoughts: include === true,
    summary: undefined,
  };
}

function readResponseFormat(config: RequestFields, settings: JsonObject): ResponseFormat | undefined {
  const mime = config.text('responseMimeType', 'responseFormat');
  config.ignore('responseJsonSchema', '_responseJsonSchema', 'responseSchema');
  const schema =
    objectOf(settings, 'responseJsonSchema') ??
    objectOf(settings, '_responseJsonSchema') ??
    objectOf(settings, 'responseSchema');
  if (schema !== undefined && mime !== 'text/plain') {
    const name =
      textOf(schema, 'title')
        ?.replace(/[^a-zA-Z0-9_-]/g, '_')
        .slice(0, 64) ?? 'answer';
    return {
      type: 'json-schema',
      name,
      description: undefined,
      schema: jsonSchemaOf(schema),
      strict: undefined,
      ...(mime === 'text/x.enum' && { isBareText: true }),
    };
  }
  if (mime === 'application/json') return { type: 'json' };
  return mime === 'text/plain' ? { type: 'text' } : undefined;
}

function modalitiesOf(config: RequestFields): NeutralRequest['outputModalities'] {
  const names = config.texts('responseModalities', 'outputModalities').map((name) => name.toLowerCase());
  if (names.length === 0) return undefined;
  return names.filter((name) => name === 'text' || name === 'image' || name === 'audio');
}
