// A generateContent request to the neutral form. https://ai.google.dev/api/generate-content

import { type FieldTable, pathsOf, unknownFields } from '../field-table.ts';
import { isObject } from '../json-reader.ts';
import type { NeutralRequest, ReasoningWish, ResponseFormat, TextPart } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import type { RequestFault } from '../request.ts';
import type { RequestContext } from '../translation.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { effortOfLevel } from './levels.ts';
import { memberOf, numberOf, objectOf, objectsOf, snake, textOf, textsOf } from './members.ts';
import { readContents } from './read-contents.ts';
import { readPart } from './read-parts.ts';
import { readToolChoice, readTools } from './read-tools.ts';

const fields: FieldTable = {
  contents: 'messages',
  systemInstruction: 'system',
  tools: 'tools',
  toolConfig: 'toolChoice',
  generationConfig: null,
  // In the path; some clients repeat it.
  model: null,
};

const settings: FieldTable = {
  maxOutputTokens: 'maxOutputTokens',
  temperature: 'temperature',
  topP: 'topP',
  topK: 'topK',
  seed: 'seed',
  frequencyPenalty: 'frequencyPenalty',
  presencePenalty: 'presencePenalty',
  stopSequences: 'stopSequences',
  candidateCount: 'candidateCount',
  responseLogprobs: 'logprobs',
  logprobs: null,
  responseMimeType: 'responseFormat',
  responseSchema: null,
  responseJsonSchema: null,
  _responseJsonSchema: null,
  thinkingConfig: 'reasoning',
  responseModalities: 'outputModalities',
};

export function readGenerateRequest(
  body: JsonObject,
  context: RequestContext,
): NeutralRequest | RequestFault {
  const fault = faultOf(body);
  if (fault !== null) return fault;
  const config = inCamelCase(objectOf(body, 'generationConfig') ?? {});
  const whole = inCamelCase(body);
  return {
    ...context,
    system: readSystem(objectOf(body, 'systemInstruction')),
    messages: readContents(objectsOf(body, 'contents')),
    tools: readTools(body),
    toolChoice: readToolChoice(body),
    parallelToolCalls: undefined,
    ...readSettings(config),
    audioOutput: undefined,
    verbosity: undefined,
    userId: undefined,
    metadata: undefined,
    serviceTier: textOf(body, 'serviceTier'),
    promptCacheKey: undefined,
    store: undefined,
    previousResponseId: undefined,
    echo: undefined,
    opaque: {
      origin: 'gemini-generate',
      fields: { ...unknownFields(whole, fields), ...prefixed(unknownFields(config, settings)) },
    },
    paths: { ...pathsOf(whole, fields), ...pathsOf(config, settings, 'generationConfig.') },
  };
}

/** Unknown settings keep their place by a dotted name; {@link unprefixed} puts them back. */
function prefixed(unknown: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(unknown).map(([name, value]) => [`generationConfig.${name}`, value]),
  );
}

function readSettings(config: JsonObject) {
  const reasoning = readReasoning(objectOf(config, 'thinkingConfig'));
  return {
    maxOutputTokens: numberOf(config, 'maxOutputTokens'),
    temperature: numberOf(config, 'temperature'),
    topP: numberOf(config, 'topP'),
    topK: numberOf(config, 'topK'),
    seed: numberOf(config, 'seed'),
    frequencyPenalty: numberOf(config, 'frequencyPenalty'),
    presencePenalty: numberOf(config, 'presencePenalty'),
    stopSequences: textsOf(config, 'stopSequences'),
    candidateCount: numberOf(config, 'candidateCount'),
    logprobs: config.responseLogprobs === true ? { top: numberOf(config, 'logprobs') ?? 0 } : undefined,
    responseFormat: readResponseFormat(config),
    reasoning,
    outputModalities: modalitiesOf(config),
  };
}

function faultOf(body: JsonObject): RequestFault | null {
  const contents = memberOf(body, 'contents');
  if (isObject(contents) || (Array.isArray(contents) && contents.every(isObject))) return null;
  return { ok: false, message: 'contents must be a list of objects with `parts`.', param: 'contents' };
}

/** Top-level names in one spelling; what is inside is read in either. */
function inCamelCase(value: JsonObject): JsonObject {
  const names = [
    ...Object.keys(fields),
    ...Object.keys(settings),
    'safetySettings',
    'cachedContent',
    'serviceTier',
  ];
  const bySnake = new Map(names.map((name) => [snake(name), name]));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [bySnake.get(name) ?? name, one]));
}

function readSystem(instruction: JsonObject | undefined): TextPart[] {
  return objectsOf(instruction, 'parts')
    .map((part, index) => ({ ...readPart(part, () => '').part, at: `systemInstruction.parts[${index}]` }))
    .filter((part) => part.type === 'text');
}

function readReasoning(config: JsonObject | undefined): ReasoningWish | undefined {
  if (config === undefined) return undefined;
  const budget = numberOf(config, 'thinkingBudget');
  const include = memberOf(config, 'includeThoughts');
  return {
    effort: effortOfLevel(textOf(config, 'thinkingLevel')),
    budgetTokens: budget === undefined ? undefined : budget < 0 ? 'dynamic' : budget,
    // Gemini shows no thoughts unless asked.
    includeThoughts: include === true,
    summary: undefined,
  };
}

function readResponseFormat(config: JsonObject): ResponseFormat | undefined {
  const mime = textOf(config, 'responseMimeType');
  const schema =
    objectOf(config, 'responseJsonSchema') ??
    objectOf(config, '_responseJsonSchema') ??
    objectOf(config, 'responseSchema');
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
    };
  }
  if (mime === 'application/json') return { type: 'json' };
  return mime === 'text/plain' ? { type: 'text' } : undefined;
}

function modalitiesOf(config: JsonObject): NeutralRequest['outputModalities'] {
  const names = textsOf(config, 'responseModalities').map((name) => name.toLowerCase());
  if (names.length === 0) return undefined;
  return names.filter((name) => name === 'text' || name === 'image' || name === 'audio');
}
