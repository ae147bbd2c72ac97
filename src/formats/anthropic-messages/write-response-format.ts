// Structured answers: natively where the model has them, else by a tool that the model must call.
// https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs
import type { NeutralRequest } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import { claudeSchema } from './json-schema.ts';
import type { ClaudeTraits } from './model-traits.ts';

export interface WrittenFormat {
  /** `output_config.format`. */
  native: JsonObject | null;
  /** The tool whose arguments are the answer. */
  tool: JsonObject | null;
  /** What has to be said in words, in the system prompt. */
  instruction: string | null;
}

/** The forced tool's name when the schema has none. */
const answerToolName = 'json_answer';

export function writeResponseFormat(
  { responseFormat: format, tools }: NeutralRequest,
  traits: ClaudeTraits,
): WrittenFormat {
  const none = { native: null, tool: null, instruction: null };
  switch (format?.type) {
    case undefined:
    case 'text':
      return none;
    case 'json':
      // There is no such mode; OpenAI's callers have to ask for JSON in words too.
      return {
        ...none,
        instruction: 'Answer with one JSON object and nothing else: no prose, no code fence.',
      };
    case 'json-schema': {
      const schema = claudeSchema(format.schema);
      if (traits.structuredOutput) return { ...none, native: { type: 'json_schema', schema } };
      const name = tools.some((tool) => tool.type === 'function' && tool.name === format.name)
        ? answerToolName
        : format.name || answerToolName;
      const description = format.description ?? 'Gives the answer. Call it once, with the whole answer.';
      return { ...none, tool: { name, description, input_schema: { type: 'object', ...format.schema } } };
    }
  }
}
