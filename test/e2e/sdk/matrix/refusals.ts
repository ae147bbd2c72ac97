// Collects what the real providers refuse in any request, each with the source of its text.
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

/** Returns the refusal, or null if the provider accepts the request. */
export function refusalOf(format: Format, body: Json, model: string): { refuse: string } | null {
  const message = refusals[format](body, model);
  return message === null ? null : { refuse: message };
}
