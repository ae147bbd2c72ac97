// POST /v1/embeddings and POST /v1/moderations.
import { countTokens, newId, textOf } from './answer.ts';
import {
  type DemoAnswer,
  type DemoRequest,
  type Json,
  jsonAnswer,
  jsonBody,
  needed,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';

const moderationCategories = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
];

/** Embeddings: the same text has the same vector; as numbers or in base64. */
export function embeddings(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const model = servedModel(body.model, demoModels.openai);
  const inputs = inputList(needed(body, 'input'));
  const defaultSize = model.endsWith('large') ? 3072 : 1536;
  const size = typeof body.dimensions === 'number' ? body.dimensions : defaultSize;
  const data = inputs.map((input, index) => {
    const vector = vectorOf(JSON.stringify(input), size);
    const embedding = body.encoding_format === 'base64' ? asBase64(vector) : vector;
    return { object: 'embedding', index, embedding };
  });
  const tokens = inputs.reduce<number>((sum, input) => sum + inputTokens(input), 0);
  return jsonAnswer({ object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

/** Moderations: nothing is flagged. */
export function moderations(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  const model = servedModel(body.model ?? 'omni-moderation-latest', demoModels.openai);
  const results = inputList(needed(body, 'input')).map(() => ({
    flagged: false,
    categories: Object.fromEntries(moderationCategories.map((name) => [name, false])),
    category_scores: Object.fromEntries(moderationCategories.map((name) => [name, 0.0001])),
    category_applied_input_types: Object.fromEntries(moderationCategories.map((name) => [name, ['text']])),
  }));
  return jsonAnswer({ id: newId('modr-'), model, results });
}

/** Returns a unit vector that depends only on the text. */
export function vectorOf(text: string, size: number): number[] {
  let state = 2_166_136_261;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 16_777_619) >>> 0;
  }
  const raw = Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2_147_483_648 - 1;
  });
  const norm = Math.hypot(...raw) || 1;
  return raw.map((value) => value / norm);
}

/** One text, several, one list of token numbers, or several such lists. */
function inputList(input: Json): Json[] {
  if (!Array.isArray(input)) return [input];
  return input.every((value) => typeof value === 'number') ? [input] : input;
}

function inputTokens(input: Json): number {
  const isTokens = Array.isArray(input) && input.every((value) => typeof value === 'number');
  return isTokens ? input.length : countTokens(textOf(input));
}

function asBase64(vector: number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString('base64');
}
