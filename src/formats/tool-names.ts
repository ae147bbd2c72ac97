// Names of tools as an upstream allows them. What it refuses is made fit by a rule that always gives the same
// name, and turned back in the answer.
import { crc32 } from '../lib/crc32.ts';
import type { NeutralMessage, NeutralRequest, NeutralTool, ToolChoice } from './neutral.ts';

/** What a format allows in a name. */
export interface NameRule {
  /** Matches one character that is not allowed. Global. */
  illegal: RegExp;
  maximumLength: number;
  /** Gemini's names begin with a letter or an underscore. */
  firstIsLetter: boolean;
  /** What is allowed in the names of a tool's arguments; absent: anything. */
  propertyKeys?: NameRule;
}

/** Source: OpenAI's OpenAPI file. */
export const openaiToolNames: NameRule = {
  illegal: /[^a-zA-Z0-9_-]/g,
  maximumLength: 64,
  firstIsLetter: false,
};

/**
 * "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'": checked at the root of a tool's schema only
 * (https://github.com/decocms/studio/pull/6874, 2026-09; https://github.com/anthropics/claude-code/issues/79418, 2026-07).
 */
export const claudePropertyKeys: NameRule = {
  illegal: /[^a-zA-Z0-9_.-]/g,
  maximumLength: 64,
  firstIsLetter: false,
};

export interface FittedNames {
  request: NeutralRequest;
  isChanged: boolean;
  /** The caller's name of a tool that the upstream named. */
  originalOf(name: string): string;
}

export function fitToolNames(request: NeutralRequest, rule: NameRule): FittedNames {
  const originals = new Map<string, string>();
  for (const name of namesIn(request)) {
    const fit = fitName(name, rule);
    if (fit !== name) originals.set(fit, name);
  }
  const originalOf = (name: string) => originals.get(name) ?? name;
  if (originals.size === 0) return { request, isChanged: false, originalOf };
  return { request: renamed(request, (name) => fitName(name, rule)), isChanged: true, originalOf };
}

function namesIn({ tools, messages }: NeutralRequest): string[] {
  const ofTools = tools.flatMap((tool) => ('name' in tool ? [tool.name] : []));
  const ofCalls = messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === 'tool-call' ? [part.name] : [])),
  );
  return [...ofTools, ...ofCalls];
}

/** A name with an illegal character, or too long, gets a checksum so that no two become one. */
export function fitName(name: string, { illegal, maximumLength, firstIsLetter }: NameRule): string {
  const clean = name.replace(illegal, '_');
  const begun = firstIsLetter && !/^[a-zA-Z_]/.test(clean) ? `_${clean}` : clean;
  if (begun === name && name.length <= maximumLength && name !== '') return name;
  const sum = crc32(name).toString(36);
  return `${begun.slice(0, maximumLength - sum.length - 1)}_${sum}`;
}

type Rename = (name: string) => string;

function renamed(request: NeutralRequest, rename: Rename): NeutralRequest {
  return {
    ...request,
    tools: request.tools.map(
      (tool): NeutralTool => ('name' in tool ? { ...tool, name: rename(tool.name) } : tool),
    ),
    toolChoice: request.toolChoice && renamedChoice(request.toolChoice, rename),
    messages: request.messages.map((message) => renamedMessage(message, rename)),
  };
}

function renamedChoice(choice: ToolChoice, rename: Rename): ToolChoice {
  if (choice.type === 'tool') return { ...choice, name: rename(choice.name) };
  return choice.type === 'allowed' ? { ...choice, names: choice.names.map(rename) } : choice;
}

function renamedMessage(message: NeutralMessage, rename: Rename): NeutralMessage {
  const parts = message.parts.map((part) => {
    if (part.type === 'tool-call') return { ...part, name: rename(part.name) };
    return part.type === 'tool-result' && part.name !== undefined
      ? { ...part, name: rename(part.name) }
      : part;
  });
  return { ...message, parts };
}
