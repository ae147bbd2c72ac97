// The official Google GenAI SDK as a caller.
import { GoogleGenAI } from '@google/genai';
import type { Caller } from './callers.ts';
import type { CallerView, Medium, Question, Turn } from './script.ts';
import type { Json } from './wire.ts';

function partOf(medium: Medium): Json {
  return 'url' in medium
    ? { fileData: { fileUri: medium.url, mimeType: medium.type } }
    : { inlineData: { mimeType: medium.type, data: medium.data } };
}

/**
 * Declares that the model did not make the call itself: https://ai.google.dev/gemini-api/docs/thought-signatures
 * (2026-11).
 */
const noSignature = 'skip_thought_signature_validator';

function contents(turn: Turn): Json[] {
  switch (turn.role) {
    case 'assistant':
      return [{ role: 'model', parts: [{ text: turn.text }] }];
    case 'user':
      return [
        {
          role: 'user',
          parts: [
            { text: turn.text },
            ...[turn.image, turn.document, turn.audio].flatMap((one) => (one ? [partOf(one)] : [])),
          ],
        },
      ];
    case 'calls':
      return [
        {
          role: 'model',
          parts: turn.calls.map(({ name, args }, index) => ({
            functionCall: { name, args },
            ...(index === 0 && { thoughtSignature: noSignature }),
          })),
        },
        {
          role: 'user',
          parts: turn.calls.map(({ name, result }) => ({
            functionResponse: {
              name,
              response: result.error ? { error: result.text } : { output: result.text },
              ...(result.image && { parts: [partOf(result.image)] }),
            },
          })),
        },
      ];
  }
}

const budgets = { low: 2_048, medium: 8_192, high: 24_576 };
const modes = { auto: 'AUTO', none: 'NONE', required: 'ANY' };

/** Returns the parameters of the SDK's call. */
function generateBody(question: Question, model: string): Json {
  const calling =
    typeof question.choice === 'object'
      ? { mode: 'ANY', allowedFunctionNames: [question.choice.name] }
      : question.choice && { mode: modes[question.choice] };
  return {
    model,
    contents: question.turns.flatMap(contents),
    config: {
      ...(question.system !== undefined && { systemInstruction: question.system }),
      ...(question.maxTokens !== undefined && { maxOutputTokens: question.maxTokens }),
      ...(question.temperature !== undefined && { temperature: question.temperature }),
      ...(question.topP !== undefined && { topP: question.topP }),
      ...(question.topK !== undefined && { topK: question.topK }),
      ...(question.seed !== undefined && { seed: question.seed }),
      ...(question.stops && { stopSequences: question.stops }),
      ...(question.penalties && {
        frequencyPenalty: question.penalties.frequency,
        presencePenalty: question.penalties.presence,
      }),
      ...(question.logprobs !== undefined && { responseLogprobs: true, logprobs: question.logprobs }),
      ...(question.candidates !== undefined && { candidateCount: question.candidates }),
      ...(question.effort !== undefined && {
        thinkingConfig: { includeThoughts: true, thinkingBudget: budgets[question.effort] },
      }),
      ...((question.tools || question.search) && {
        tools: [
          ...(question.tools
            ? [
                {
                  functionDeclarations: question.tools.map(({ name, description, schema }) => ({
                    name,
                    description,
                    ...(schema && { parametersJsonSchema: schema }),
                  })),
                },
              ]
            : []),
          ...(question.search ? [{ googleSearch: {} }] : []),
        ],
      }),
      ...(calling && { toolConfig: { functionCallingConfig: calling } }),
      ...(question.schema && {
        responseMimeType: 'application/json',
        responseJsonSchema: question.schema.schema,
      }),
      ...(question.json && { responseMimeType: 'application/json' }),
    },
  };
}

function generateCallerView(response: Json): CallerView {
  const [candidate] = response.candidates ?? [];
  const parts: Json[] = candidate?.content?.parts ?? [];
  const { usageMetadata: usage = {} } = response;
  const texts = parts.filter(({ text, thought }) => text !== undefined && !thought);
  return {
    text: texts.map(({ text }) => text).join(''),
    thought: parts
      .filter(({ thought }) => thought)
      .map(({ text }) => text)
      .join(''),
    calls: parts.flatMap(({ functionCall }) =>
      functionCall ? [{ name: functionCall.name, args: functionCall.args }] : [],
    ),
    refusal: '',
    citations: (candidate?.groundingMetadata?.groundingChunks ?? []).map(({ web }: Json) => web.uri),
    images: parts.flatMap(({ inlineData }) => (inlineData ? [inlineData.data] : [])),
    logprobs: (candidate?.logprobsResult?.chosenCandidates ?? []).map(
      ({ logProbability }: Json) => logProbability,
    ),
    second: (response.candidates ?? []).find(({ index }: Json) => index === 1)?.content.parts[0].text ?? '',
    stop: candidate?.finishReason,
    usage: {
      input: usage.promptTokenCount,
      cached: usage.cachedContentTokenCount ?? 0,
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
      reasoning: usage.thoughtsTokenCount ?? 0,
    },
  };
}

/** Joins chunks as the SDK's own chat does: all parts in order, the last of everything else. */
function joined(chunks: readonly Json[]): Json {
  const of = (index: number) =>
    chunks.flatMap(({ candidates }) => (candidates ?? []).filter((one: Json) => (one.index ?? 0) === index));
  const partsOf = (index: number) =>
    of(index)
      .flatMap(({ content }) => content?.parts ?? [])
      .filter(({ text }) => text !== '' || index === 0);
  const last = (pick: (candidate: Json) => unknown) =>
    of(0)
      .map(pick)
      .findLast((value) => value !== undefined);
  const second = partsOf(1);
  return {
    candidates: [
      {
        content: { role: 'model', parts: partsOf(0) },
        finishReason: last(({ finishReason }) => finishReason),
        groundingMetadata: last(({ groundingMetadata }) => groundingMetadata),
        logprobsResult: last(({ logprobsResult }) => logprobsResult),
      },
      ...(second.length > 0 ? [{ index: 1, content: { role: 'model', parts: second } }] : []),
    ],
    usageMetadata: chunks.map(({ usageMetadata }) => usageMetadata).findLast((value) => value !== undefined),
  };
}

export const generateCaller: Caller = {
  body: generateBody,
  async call({ url, token }, body, stream) {
    const gemini = new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: url } });
    if (!stream) {
      const response = await gemini.models.generateContent(body as never);
      const headers = new Headers(response.sdkHttpResponse?.headers);
      return {
        view: generateCallerView(response as unknown as Json),
        headers,
        answer: response as unknown as Json,
      };
    }
    const chunks: Json[] = [];
    for await (const chunk of await gemini.models.generateContentStream(body as never))
      chunks.push(chunk as unknown as Json);
    const whole = joined(chunks);
    return {
      view: generateCallerView(whole),
      headers: new Headers((chunks[0] as Json)?.sdkHttpResponse?.headers),
      answer: whole,
    };
  },
};
