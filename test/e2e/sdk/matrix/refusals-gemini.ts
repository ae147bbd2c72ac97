// Lists what Google's generateContent refuses.
import { everySchema, firstRefusal, type Rule } from './rules.ts';
import type { Json } from './wire.ts';

/** Returns the API's error message, or null if it accepts the request. */
export function geminiRefusal(body: Json, model: string): string | null {
  return firstRefusal(rules, body, model);
}

const callsOf = ({ parts = [] }: Json): Json[] => parts.filter(({ functionCall }: Json) => functionCall);
const resultsOf = ({ parts = [] }: Json): Json[] =>
  parts.filter(({ functionResponse }: Json) => functionResponse);
const functionsOf = ({ tools = [] }: Json): Json[] =>
  tools.flatMap(({ functionDeclarations }: Json) => functionDeclarations ?? []);

/** Returns the turns after the user's last text. */
function currentTurn({ contents }: Json): Json[] {
  const lastText = contents.findLastIndex(
    ({ role, parts = [] }: Json) => role === 'user' && parts.some(({ text }: Json) => text !== undefined),
  );
  return contents.slice(lastText + 1);
}

const rules: Rule[] = [
  // https://github.com/egoist/chatwise-releases/issues/1206 (2025-12), https://github.com/bolna-ai/bolna/pull/956 (2026-08)
  ({ generationConfig }, model) => {
    const level = generationConfig?.thinkingConfig?.thinkingLevel;
    const isRefused =
      (level === 'MINIMAL' && /gemini-3(\.1)?-pro|gemini-3\.[78]-flash(?!-lite)/.test(model)) ||
      (level === 'MEDIUM' && /gemini-3-pro/.test(model));
    return isRefused ? `Thinking level ${level} is not supported for this model.` : null;
  },
  // https://ai.google.dev/gemini-api/docs/thinking (2026-11): a level with a model before Gemini 3 is an error, and so are both.
  ({ generationConfig }, model) => {
    const { thinkingLevel: level, thinkingBudget: budget } = generationConfig?.thinkingConfig ?? {};
    if (level !== undefined && budget !== undefined)
      return 'You can only set only one of thinking budget and thinking level.';
    if (level !== undefined && /gemini-[12]/.test(model))
      return 'Thinking level is not supported for this model.';
    return budget === 0 && /gemini-2\.5-pro/.test(model)
      ? 'Budget 0 is invalid. This model only works in thinking mode.'
      : null;
  },
  // The first call of each step of the current turn: https://ai.google.dev/gemini-api/docs/thought-signatures
  // (2026-11); text from https://github.com/continuedev/continue/issues/8785 (2025-11).
  (body, model) => {
    if (!/gemini-[3-9]/.test(model)) return null;
    const unsigned = currentTurn(body).find((content) => {
      const [first] = callsOf(content);
      return first !== undefined && !first.thoughtSignature;
    });
    return unsigned
      ? `Function call is missing a thought_signature in functionCall parts. Additional data, function call \`default_api:${callsOf(unsigned)[0]?.functionCall.name}\``
      : null;
  },
  // https://github.com/google-gemini/gemini-cli/issues/4217 (2025-07)
  ({ contents }) => {
    const isUneven = (contents as Json[]).some((content, index) => {
      const calls = callsOf(content).length;
      const results = resultsOf(contents[index + 1] ?? {}).length;
      return calls > 0 && calls !== results;
    });
    return isUneven
      ? 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
      : null;
  },
  // https://github.com/google-gemini/gemini-cli/issues/11814 (2025-10)
  ({ contents }) => {
    const isMisplaced = (contents as Json[]).some(
      (content, index) => callsOf(content).length > 0 && contents[index - 1]?.role !== 'user',
    );
    return isMisplaced
      ? 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.'
      : null;
  },
  // https://github.com/vercel/ai/issues/3775 (2024), https://github.com/livekit/agents/pull/1397 (2025)
  ({ contents }) => {
    if (contents.length === 0) return 'GenerateContentRequest.contents: contents is not specified';
    return contents.some(({ parts = [] }: Json) => parts.length === 0)
      ? 'GenerateContentRequest.contents[0].parts: contents.parts must not be empty.'
      : null;
  },
  // https://github.com/kaitranntt/ccs/issues/25 (2025-11), https://github.com/dust-tt/dust/pull/28212 (2026-06)
  (body) => {
    const index = functionsOf(body).findIndex(({ name }) => !/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(name));
    return index < 0
      ? null
      : `GenerateContentRequest.tools[0].function_declarations[${index}].name: Invalid function name. Must start with a letter or an underscore.`;
  },
  (body) => {
    const schemas = [
      ...functionsOf(body).map(({ parametersJsonSchema }) => parametersJsonSchema),
      body.generationConfig?.responseJsonSchema,
    ];
    return schemas.map(schemaRefusal).find((message) => message !== null) ?? null;
  },
];

/**
 * Beside `$ref` only keywords that start with `$`, and values of an enum:
 * https://ai.google.dev/api/generate-content (2026-11). An enum may not contain an empty string, nor `required`
 * a name that no member has.
 */
function schemaRefusal(root: Json | undefined): string | null {
  for (const schema of everySchema(root)) {
    if (schema.$ref !== undefined && Object.keys(schema).some((key) => !key.startsWith('$')))
      return 'If `$ref` is set on a sub-schema, no other properties, except for than those starting as a `$`, may be set.';
    if (schema.enum?.includes('')) return 'enum[0]: cannot be empty';
    const names = Object.keys(schema.properties ?? {});
    const unknown = (schema.required ?? []).find((name: string) => !names.includes(name));
    if (unknown !== undefined && schema.properties) return `required[0]: property is not defined`;
  }
  return null;
}
