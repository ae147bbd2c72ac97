// The official SDKs, one way to call each: the same question in, what the SDK says came back out.
import { messagesCaller } from './caller-anthropic.ts';
import { generateCaller } from './caller-gemini.ts';
import { chatCaller, responsesCaller } from './caller-openai.ts';
import type { Ask, Format, Told } from './script.ts';
import type { Json } from './wire.ts';

export interface Target {
  url: string;
  token: string;
}

export interface Caller {
  /** The question as the SDK takes it. */
  body(ask: Ask, model: string): Json;
  /** `answer` is the SDK's own object. Headers are empty where the SDK does not show them. */
  call(target: Target, body: Json, stream: boolean): Promise<{ told: Told; headers: Headers; answer: Json }>;
}

export const callers: Record<Format, Caller> = {
  'openai-chat': chatCaller,
  'openai-responses': responsesCaller,
  'anthropic-messages': messagesCaller,
  'gemini-generate': generateCaller,
};
