// What the real providers refuse of a request, whatever it asks: each refusal with where its words are quoted.
import { claudeRefusal } from './refusals-claude.ts';
import { geminiRefusal } from './refusals-gemini.ts';
import { chatRefusal, responsesRefusal } from './refusals-openai.ts';
import type { Format } from './script.ts';
import type { Json } from './wire.ts';

const refusals: Record<Format, (body: Json, model: string) => string | null> = {
  'openai-chat': chatRefusal,
  'openai-responses': responsesRefusal,
  'anthropic-messages': claudeRefusal,
  'gemini-generate': geminiRefusal,
};

/** Null: it is taken. */
export function refusalOf(format: Format, body: Json, model: string): { refuse: string } | null {
  const message = refusals[format](body, model);
  return message === null ? null : { refuse: message };
}
