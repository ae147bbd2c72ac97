// The neutral form to a generateContent request. https://ai.google.dev/api/generate-content
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import { isObject } from '../json-reader.ts';
import type { NeutralRequest } from '../neutral.ts';
import type { RequestTarget, WrittenRequest } from '../wire-format.ts';
import { geminiSchema } from './json-schema.ts';
import { type GeminiTraits, geminiTraits } from './model-traits.ts';
import { writeThinking } from './thinking.ts';
import { writeContents } from './write-contents.ts';
import { writeTools } from './write-tools.ts';

/** Gemini's bound of stop sequences. */
const mostStopSequences = 5;

/** The model and whether it streams are in the path: the provider writes those. */
export function writeRequest(request: NeutralRequest, target: RequestTarget): WrittenRequest {
  const drops = new DroppedPaths();
  const traits = geminiTraits(target.model);
  const config = writeConfig(request, traits, drops);
  for (const part of request.system) if (part.cache !== undefined) drops.add(`${part.at}.cache_control`);
  const body: JsonObject = {
    ...(request.system.length > 0 && {
      systemInstruction: { parts: request.system.map(({ text }) => ({ text })) },
    }),
    contents: writeContents(request, traits, drops),
    ...writeTools(request, drops),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...ownFields(request, (name) => !name.startsWith('generationConfig.')),
  };
  dropOthers(request, drops);
  return { body, dropped: drops.list };
}

function writeConfig(request: NeutralRequest, traits: GeminiTraits, drops: DroppedPaths): JsonObject {
  const { stopSequences, logprobs } = request;
  if (stopSequences.length > mostStopSequences)
    drops.add(`${request.paths.stopSequences}[${mostStopSequences}]`);
  const given = {
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    seed: request.seed,
    frequencyPenalty: request.frequencyPenalty,
    presencePenalty: request.presencePenalty,
    stopSequences: stopSequences.length > 0 ? stopSequences.slice(0, mostStopSequences) : undefined,
    candidateCount: request.candidateCount,
    responseLogprobs: logprobs && true,
    logprobs: logprobs && logprobs.top > 0 ? logprobs.top : undefined,
    responseModalities: request.outputModalities?.map((modality) => modality.toUpperCase()),
    ...writeFormat(request),
    ...writeThinking(request, traits, drops),
  };
  const own = Object.entries(ownFields(request, (name) => name.startsWith('generationConfig.')));
  const settings = [
    ...Object.entries(given).filter(([, value]) => value !== undefined),
    ...own.map(([name, value]): [string, unknown] => [name.slice('generationConfig.'.length), value]),
  ];
  return Object.fromEntries(settings);
}

function ownFields({ opaque }: NeutralRequest, isWanted: (name: string) => boolean): JsonObject {
  if (opaque.origin !== 'gemini-generate') return {};
  return Object.fromEntries(Object.entries(opaque.fields).filter(([name]) => isWanted(name)));
}

function writeFormat({ responseFormat: format }: NeutralRequest): JsonObject {
  switch (format?.type) {
    case 'json':
      return { responseMimeType: 'application/json' };
    case 'json-schema':
      return {
        responseMimeType: format.isBareText ? 'text/x.enum' : 'application/json',
        responseJsonSchema: geminiSchema(format.schema),
      };
    default:
      return {};
  }
}

/** Reports fields that Gemini has no member for. A value that equals the default is no loss. */
function dropOthers(request: NeutralRequest, drops: DroppedPaths): void {
  drops.fields(request, 'metadata', 'userId', 'promptCacheKey', 'echo', 'audioOutput');
  const isUsualTier = request.serviceTier === 'auto' || request.serviceTier === 'default';
  if (!isUsualTier && request.opaque.origin !== 'gemini-generate') drops.fields(request, 'serviceTier');
  if (request.verbosity !== 'medium') drops.fields(request, 'verbosity');
  if (request.store === true) drops.fields(request, 'store');
  const schema = request.responseFormat?.type === 'json-schema' ? request.responseFormat.schema : undefined;
  if (schema !== undefined && !isObject(schema)) drops.fields(request, 'responseFormat');
  drops.opaqueFields(request, 'gemini-generate');
}
