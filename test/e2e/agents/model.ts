// The imitated model behind the relay: calls a declared tool until it has enough results, then repeats the last
// result.

import type { Received } from '../../support/upstream.ts';
import type { Format, Script } from '../sdk/matrix/script.ts';
import { formatOfPath, upstreamFormats } from '../sdk/matrix/upstream-formats.ts';
import type { Json } from '../sdk/matrix/wire.ts';

/** What the model does in a run. */
export interface Task {
  /** The tool that it calls: one that reads files or runs commands, or one of the MCP server. */
  tool: 'file' | 'mcp';
  /** The number of calls, one per turn. */
  calls: number;
}

export interface DeclaredTool {
  name: string;
  /** The namespace of a Responses tool. */
  namespace?: string;
  schema: Json;
}

/** Returns every function that a request shows to the model in its format. */
export function declaredTools(format: Format, body: Json): DeclaredTool[] {
  const tools: Json[] = body.tools ?? [];
  switch (format) {
    case 'openai-chat':
      return tools.flatMap(({ function: one }) =>
        one ? [{ name: one.name, schema: one.parameters ?? {} }] : [],
      );
    case 'openai-responses': {
      const added = (Array.isArray(body.input) ? body.input : []).flatMap((item: Json) =>
        item.type === 'additional_tools' ? item.tools : [],
      );
      return [...tools, ...added].flatMap((tool: Json) => {
        if (tool.type === 'namespace')
          return tool.tools
            .filter(({ type }: Json) => type === 'function')
            .map((one: Json) => ({ name: one.name, namespace: tool.name, schema: one.parameters ?? {} }));
        return tool.type === 'function' ? [{ name: tool.name, schema: tool.parameters ?? {} }] : [];
      });
    }
    case 'anthropic-messages': {
      // A deferred tool is hidden until a tool search has found it.
      const isSeen = ({ name, defer_loading }: Json) =>
        !defer_loading || JSON.stringify(body.messages).includes(`"tool_name":"${name}"`);
      return tools
        .filter(({ input_schema }) => input_schema)
        .filter(isSeen)
        .map(({ name, input_schema }) => ({ name, schema: input_schema }));
    }
    case 'gemini-generate':
      return tools
        .flatMap(({ functionDeclarations }) => functionDeclarations ?? [])
        .map((one: Json) => ({ name: one.name, schema: one.parametersJsonSchema ?? one.parameters ?? {} }));
  }
}

/** The agents' tools for files and commands, best first. */
const fileTools = [
  /^read$/i,
  /^read_file$/,
  /^view$/,
  /^exec_command$/,
  /^shell_command$/,
  /^shell$/,
  /^bash$/i,
];

/** Claude Code's tool that shows deferred tools. */
const searchTool = 'ToolSearch';

/**
 * Returns the next call of the task, with arguments that fit the tool's schema; null if the request has no tool
 * for it.
 */
function callFor(task: Task, tools: readonly DeclaredTool[], file: string): Call | null {
  if (task.tool === 'file') {
    const reader = fileTools
      .map((pattern) => tools.find(({ name }) => pattern.test(name)))
      .find((tool) => tool);
    return reader ? callOf(reader, argumentsFor(reader.schema, file)) : null;
  }
  const note = tools.find(({ name }) => name.endsWith('read_note'));
  if (note) return callOf(note, { title: 'answer' });
  const search = tools.find(({ name }) => name === searchTool);
  if (search) return callOf(search, { query: 'select:mcp__notes__read_note', max_results: 1 });
  // Codex declares one tool for models that write code, which calls the others. It is a custom tool of OpenAI's
  // kind that accepts free text.
  const exec = tools.find(({ name }) => name.endsWith('exec'));
  const code = 'text(await tools.mcp__notes__read_note({ title: "answer" }))';
  return exec ? callOf(exec, { input: code }) : null;
}

type Call = Omit<NonNullable<Script['calls']>[number], 'id'>;

function callOf({ name, namespace }: DeclaredTool, args: Json): Call {
  return { name, args, ...(namespace && { namespace }) };
}

/** Returns the type that a schema accepts, also if written in capitals (Google) or as a union. */
const typesIn = ({ type, anyOf = [] }: Json): string[] => [
  ...[type ?? []].flat().map((one: string) => one.toLowerCase()),
  ...anyOf.flatMap(typesIn),
];

/** Returns the file if the schema expects a path or a command, and a placeholder for other required members. */
function argumentsFor({ properties = {}, required = [] }: Json, file: string): Json {
  const args: Json = {};
  for (const name of required as string[])
    args[name] = argumentFor(name, typesIn(properties[name] ?? {}), file);
  return args;
}

function argumentFor(name: string, types: readonly string[], file: string): unknown {
  if (/path|^file$/i.test(name)) return file;
  if (/^cmd$|^command$/.test(name)) return types.includes('array') ? ['cat', file] : `cat ${file}`;
  if (types.includes('null')) return null;
  if (types.includes('boolean')) return false;
  return types.some((type) => /integer|number/.test(type)) ? 1 : 'read';
}

/** A request that reached the upstream, read in its format. */
export interface UpstreamRequest {
  format: Format;
  body: Json;
  path: string;
}

export function readRequest({ path, body }: Received): UpstreamRequest {
  const json = JSON.parse(body.toString() || '{}');
  return { format: formatOfPath(path, json).format, body: json, path };
}

/** Returns the code word in a tool's result, if any. */
export const wordIn = (text: string) => /word-[0-9a-f]{8}/.exec(text)?.[0];

/** Returns the thought of a turn, and the provider's signature of it. */
const thoughtOf = (turn: number) => ({
  text: `I need to look, for the ${turn + 1}. time.`,
  signature: Buffer.from(`signature-of-thought-${turn}`).toString('base64'),
  id: String(turn),
});

/**
 * Returns the model's answer. Requests without tools (titles, summaries) get a line of text. Refuses a request
 * that does not return earlier thoughts: signed ones by their signatures, others by their text.
 */
export function answerOf(task: Task, format: Format, body: Json): Script | { refuse: string } {
  const view = upstreamFormats[format].view(body);
  const usage = { input: 5_000, cached: 0, output: 60, reasoning: 30 };
  const turn = view.results.length;
  const tools = declaredTools(format, body);
  if (tools.length === 0) return { text: 'A title', stop: 'stop', usage };
  const expected = Array.from({ length: turn }, (_, index) => thoughtOf(index));
  const signatures = expected.map(({ signature, text }) => (format === 'openai-chat' ? text : signature));
  if (JSON.stringify(view.signatures) !== JSON.stringify(signatures))
    return { refuse: `Earlier thoughts are missing or changed: ${JSON.stringify(view.signatures)}` };
  const done = view.results.filter((result) => !result.startsWith(`${searchTool}: `)).length;
  const call = done < task.calls ? callFor(task, tools, fileOf(done)) : null;
  if (call)
    return {
      thought: thoughtOf(turn),
      text: 'Let me look at it.',
      calls: [{ ...call, id: `${idPrefix[format]}${String(turn).padStart(6, '0')}` }],
      stop: 'calls',
      usage,
    };
  const word = wordIn(view.results.at(-1) ?? '');
  return { text: `The last answer is ${word}.`, stop: 'stop', usage };
}

/** Returns the file to read in a turn. */
export const fileOf = (turn: number) => `note-${turn}.txt`;

const idPrefix = {
  'openai-chat': 'call_00_',
  'openai-responses': 'call_',
  'anthropic-messages': 'toolu_01',
  'gemini-generate': '',
};
