// generateContent as an upstream: writes the imitated model's answers, and reads requests.
import type { Script, UpstreamView } from './script.ts';
import type { Json } from './wire.ts';

const stops = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  calls: 'STOP',
  filter: 'SAFETY',
  refusal: 'SAFETY',
  sequence: 'STOP',
};

function parts(script: Script): Json[] {
  const text = script.text ?? script.refusal;
  const signature = script.thought && { thoughtSignature: script.thought.signature };
  return [
    ...(script.thought && script.thought.text !== '' ? [{ text: script.thought.text, thought: true }] : []),
    ...(text === undefined ? [] : [{ text, ...(script.calls === undefined && signature) }]),
    ...(script.image ? [{ inlineData: { mimeType: 'image/png', data: script.image } }] : []),
    // Only the first call of a turn is signed.
    ...(script.calls ?? []).map(({ name, args }, index) => ({
      functionCall: { name, args },
      ...(index === 0 && signature),
    })),
  ];
}

function tail(script: Script): Json {
  const { usage, citation, text = '' } = script;
  return {
    candidate: {
      finishReason: stops[script.stop],
      index: 0,
      ...(citation && {
        groundingMetadata: {
          webSearchQueries: [],
          groundingChunks: [{ web: { uri: citation.url, title: citation.title } }],
          groundingSupports: [
            {
              segment: { startIndex: 0, endIndex: Buffer.byteLength(text), text },
              groundingChunkIndices: [0],
            },
          ],
        },
      }),
    },
    more: {
      usageMetadata: {
        promptTokenCount: usage.input,
        cachedContentTokenCount: usage.cached,
        candidatesTokenCount: usage.output - usage.reasoning,
        thoughtsTokenCount: usage.reasoning,
        totalTokenCount: usage.input + usage.output,
      },
      modelVersion: 'upstream-model',
      responseId: 'upstream-id',
    },
  };
}

function logprobsOf({ logprobs }: Script): Json {
  if (logprobs === undefined) return {};
  const chosenCandidates = logprobs.map(({ token, logprob }) => ({ token, logProbability: logprob }));
  return {
    logprobsResult: { chosenCandidates, topCandidates: chosenCandidates.map(() => ({ candidates: [] })) },
  };
}

function second({ second: text }: Script): Json[] {
  return text === undefined
    ? []
    : [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 1 }];
}

export function generateAnswer(script: Script): Json {
  const { candidate, more } = tail(script);
  return {
    candidates: [
      { content: { role: 'model', parts: parts(script) }, ...candidate, ...logprobsOf(script) },
      ...second(script),
    ],
    ...more,
  };
}

export function generateStream(script: Script): string {
  const { candidate, more } = tail(script);
  const chunk = (pieces: Json[], rest: Json = {}) =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: pieces }, index: 0, ...rest }], ...more })}\r\n\r\n`;
  const pieces = parts(script).flatMap((part) => {
    if (part.text === undefined) return [part];
    const half = part.text.length / 2;
    return [
      { ...part, text: part.text.slice(0, half), thoughtSignature: undefined },
      { ...part, text: part.text.slice(half) },
    ];
  });
  const others = second(script).map(
    (one) => `data: ${JSON.stringify({ candidates: [one], ...more })}\r\n\r\n`,
  );
  const first = pieces.map((piece, index) => chunk([piece], index === 0 ? logprobsOf(script) : {}));
  return [...first, ...others, chunk([{ text: '' }], candidate)].join('');
}

const textOf = (content: Json): string =>
  (content.parts ?? [])
    .filter(({ thought }: Json) => !thought)
    .map((part: Json) => part.text ?? '')
    .join('');

const mediaOf = (list: Json[]): string[] =>
  list.flatMap((part) => {
    if (part.functionResponse) return mediaOf(part.functionResponse.parts ?? []);
    const type: string = part.inlineData?.mimeType ?? part.fileData?.mimeType ?? '';
    const kind = /^(image|audio)/.exec(type)?.[1] ?? 'document';
    if (part.inlineData)
      return [
        `${kind} ${kind === 'audio' ? part.inlineData.data : `data:${type};base64,${part.inlineData.data}`}`,
      ];
    return part.fileData ? [`${kind} ${part.fileData.fileUri}`] : [];
  });

const resultText = (response: Json): string => {
  const [only, ...others] = Object.values(response);
  const isPlain = others.length === 0 && ['output', 'error'].includes(Object.keys(response)[0] ?? '');
  return isPlain ? String(only) : JSON.stringify(response);
};

export function generateUpstreamView(body: Json): UpstreamView {
  const contents: Json[] = body.contents;
  const all: Json[] = contents.flatMap((content) => content.parts);
  const calls = all.flatMap(({ functionCall }) => functionCall ?? []);
  const results = all.flatMap(({ functionResponse }) => functionResponse ?? []);
  const config = body.generationConfig ?? {};
  const calling = body.toolConfig?.functionCallingConfig;
  const choiceNames = { AUTO: 'auto', VALIDATED: 'auto', ANY: 'required', NONE: 'none' } as Json;
  const thinking = config.thinkingConfig;
  return {
    system: textOf(body.systemInstruction ?? {}),
    texts: contents
      .filter((content) => textOf(content) !== '')
      .map((content) => `${content.role === 'model' ? 'assistant' : 'user'}: ${textOf(content)}`),
    media: mediaOf(all),
    tools: (body.tools ?? [])
      .flatMap(({ functionDeclarations }: Json) => functionDeclarations ?? [])
      .map((tool: Json) => ({
        name: tool.name,
        description: tool.description,
        properties: Object.keys(tool.parametersJsonSchema?.properties ?? {}),
      })),
    choice:
      calling === undefined ? 'unsaid' : (calling.allowedFunctionNames?.[0] ?? choiceNames[calling.mode]),
    calls: calls.map(({ name, args }) => `${name}(${JSON.stringify(args)})`),
    results: results.map(({ name, response }) => `${name}: ${resultText(response)}`),
    errors: results.filter(({ response }) => response.error !== undefined).map(({ name }) => name),
    maxTokens: config.maxOutputTokens,
    temperature: config.temperature,
    topP: config.topP,
    topK: config.topK,
    seed: config.seed,
    stops: config.stopSequences ?? [],
    schema: config.responseJsonSchema && Object.keys(config.responseJsonSchema.properties),
    json: config.responseMimeType === 'application/json' && config.responseJsonSchema === undefined,
    thinks: thinking !== undefined && thinking.thinkingBudget !== 0,
    search: (body.tools ?? []).some(({ googleSearch }: Json) => googleSearch),
    single: false,
    ...(config.frequencyPenalty !== undefined && {
      penalties: { frequency: config.frequencyPenalty, presence: config.presencePenalty },
    }),
    ...(config.responseLogprobs && { logprobs: config.logprobs }),
    candidates: config.candidateCount,
    signatures: all.flatMap(({ thoughtSignature }) => thoughtSignature ?? []),
  };
}
