// Structured answers: natively where the model has them, else by a tool that the model must call.
// https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import { rootKind, type WrappedSchema, wrapRoot } from '../json-schema-root.ts';
import type { NeutralRequest, ResponseFormat } from '../neutral.ts';
import { claudePropertyKeys, fitName } from '../tool-names.ts';
import { canConstrain, claudeSchema, toolSchema } from './json-schema.ts';
import type { ClaudeTraits } from './model-traits.ts';

export interface WrittenFormat {
  /** `output_config.format`. */
  native: JsonObject | null;
  /** The tool whose arguments are the answer. */
  tool: JsonObject | null;
  /** An instruction for the system prompt. */
  instruction: string | null;
  /** The object that the answer comes in, if it is not one itself. */
  wrapped: WrappedSchema | null;
}

/** The forced tool's name if the schema has no name. */
const answerToolName = 'json_answer';

export function writeResponseFormat(
  { responseFormat: format, tools }: NeutralRequest,
  traits: ClaudeTraits,
): WrittenFormat {
  const none = { native: null, tool: null, instruction: null, wrapped: null };
  switch (format?.type) {
    case undefined:
    case 'text':
      return none;
    case 'json':
      // Claude has no such mode. OpenAI requires its callers to ask for JSON in the prompt too.
      return {
        ...none,
        instruction: 'Answer with one JSON object and nothing else: no prose, no code fence.',
      };
    case 'json-schema': {
      const wrapped = wrappedFor(format, traits);
      const schema = wrapped?.schema ?? format.schema;
      if (isNative(format, traits))
        return { ...none, wrapped, native: { type: 'json_schema', schema: claudeSchema(schema) } };
      const name = tools.some((tool) => tool.type === 'function' && tool.name === format.name)
        ? answerToolName
        : format.name || answerToolName;
      const description = format.description ?? 'Gives the answer. Call it once, with the whole answer.';
      return { ...none, wrapped, tool: { name, description, input_schema: toolSchema(schema) } };
    }
  }
}

type SchemaFormat = Extract<ResponseFormat, { type: 'json-schema' }>;

/** A schema that no grammar can be made of is a tool's, which is not strict. */
function isNative({ schema }: SchemaFormat, { structuredOutput }: ClaudeTraits): boolean {
  return structuredOutput && canConstrain(schema);
}

/**
 * Lists and single values come in an object; unions, and objects with members that no tool's input may have, where the answer is a
 * tool's input.
 */
function wrappedFor(format: SchemaFormat, traits: ClaudeTraits): WrappedSchema | null {
  const kind = rootKind(format.schema);
  if ((kind === 'object' || kind === 'union') && isNative(format, traits)) return null;
  if (kind === 'object' && !hasIllegalKey(format.schema)) return null;
  return wrapRoot(format.schema);
}

function hasIllegalKey(schema: JsonObject): boolean {
  const { properties } = toolSchema(schema);
  return (
    isObject(properties) && Object.keys(properties).some((key) => fitName(key, claudePropertyKeys) !== key)
  );
}
