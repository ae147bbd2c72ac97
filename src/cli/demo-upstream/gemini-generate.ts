// POST /v1beta/models/{model}:verb, Gemini's API.
import { type Answer, composeAnswer, countTokens, lastTurn, newId, textOf } from './answer.ts';
import {
  type DemoAnswer,
  DemoRefusal,
  type DemoRequest,
  type Json,
  type JsonObject,
  jsonAnswer,
  jsonBody,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';
import { vectorOf } from './openai-vectors.ts';

/** One call of a model, by its verb. */
export function callGemini(request: DemoRequest): DemoAnswer {
  const [, model = '', verb = ''] = /^\/v1(?:beta)?\/models\/([^:]+):(\w+)$/.exec(request.path) ?? [];
  servedModel(model, demoModels.gemini);
  const body = jsonBody(request);
  switch (verb) {
    case 'generateContent':
      return jsonAnswer(wholeContent(model, generate(model, body)));
    case 'streamGenerateContent':
      return streamContent(contentChunks(model, generate(model, body)), request.query.get('alt') === 'sse');
    case 'countTokens':
      return jsonAnswer(tokenCount(countTokens(textOf(promptOf(body)))));
    case 'embedContent':
      return jsonAnswer({ embedding: embed(body) });
    case 'batchEmbedContents':
      return jsonAnswer({ embeddings: objects(body.requests).map(embed) });
    default:
      throw new DemoRefusal(404, `Method ${verb} is not served by the demo upstream.`);
  }
}

function generate(model: string, body: JsonObject): Answer {
  if (body.contents === undefined) {
    throw new DemoRefusal(400, '* GenerateContentRequest.contents: contents is not specified');
  }
  const [configuration] = objects([body.generationConfig ?? body.generation_config ?? {}]);
  const bound = configuration?.maxOutputTokens ?? configuration?.max_output_tokens;
  return composeAnswer(model, promptOf(body), lastTurn(body.contents), bound);
}

function promptOf(body: JsonObject): Json {
  const [wrapped] = objects([body.generateContentRequest ?? null]);
  const source = wrapped ?? body;
  return [source.systemInstruction ?? source.system_instruction ?? '', source.contents ?? ''];
}

function wholeContent(model: string, answer: Answer): JsonObject {
  return content(newId(''), model, answer, answer.text, answer.outputTokens, true);
}

/** Every chunk has the usage so far; the last one has the finish reason. */
function contentChunks(model: string, answer: Answer): JsonObject[] {
  const id = newId('');
  let said = '';
  return answer.pieces.map((piece, index) => {
    said += piece;
    return content(id, model, answer, piece, countTokens(said), index === answer.pieces.length - 1);
  });
}

function content(
  id: string,
  model: string,
  answer: Answer,
  text: string,
  output: number,
  last: boolean,
): JsonObject {
  const finish = last ? { finishReason: answer.cut ? 'MAX_TOKENS' : 'STOP' } : {};
  return {
    candidates: [{ content: { parts: [{ text }], role: 'model' }, ...finish, index: 0 }],
    usageMetadata: {
      promptTokenCount: answer.inputTokens,
      candidatesTokenCount: output,
      totalTokenCount: answer.inputTokens + output,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: answer.inputTokens }],
    },
    modelVersion: model,
    responseId: id,
  };
}

/** Gemini ends its lines in CRLF; without alt=sse the stream is one JSON array. */
function streamContent(chunks: JsonObject[], sse: boolean): DemoAnswer {
  if (sse) {
    const pieces = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`);
    return { kind: 'stream', contentType: 'text/event-stream', pieces };
  }
  const pieces = chunks.map(
    (chunk, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk, null, 2)}\n`,
  );
  return { kind: 'stream', contentType: 'application/json; charset=UTF-8', pieces: [...pieces, ']'] };
}

function tokenCount(tokens: number): JsonObject {
  return { totalTokens: tokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }] };
}

function embed(body: JsonObject): JsonObject {
  const size = body.outputDimensionality ?? body.output_dimensionality;
  return { values: vectorOf(textOf(body.content), typeof size === 'number' ? size : 3072) };
}

function objects(value: Json | undefined): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? [entry] : [],
  );
}
