// Calls each official SDK in one way: the same question in, the SDK's own result out.
import { messagesCaller } from './caller-anthropic.ts';
import { generateCaller } from './caller-gemini.ts';
import { chatCaller, responsesCaller } from './caller-openai.ts';
import type { CallerView, Format, Question } from './script.ts';
import type { Json } from './wire.ts';

export interface Target {
  url: string;
  token: string;
}

export interface Caller {
  /** Returns the question in the SDK's parameters. */
  body(question: Question, model: string): Json;
  /** Calls the SDK. `answer` is the SDK's own object. Headers are empty if the SDK does not expose them. */
  call(
    target: Target,
    body: Json,
    stream: boolean,
  ): Promise<{ view: CallerView; headers: Headers; answer: Json }>;
}

export const callers: Record<Format, Caller> = {
  'openai-chat': chatCaller,
  'openai-responses': responsesCaller,
  'anthropic-messages': messagesCaller,
  'gemini-generate': generateCaller,
};
