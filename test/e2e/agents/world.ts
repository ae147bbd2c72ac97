// Starts what the agents' tests share: the relay as in `npm start`, an imitated upstream behind four channels, and
// a proxy in front that sees the agents' answers.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { startRelay } from '../../support/relay.ts';
import { startUpstream } from '../../support/upstream.ts';
import type { Format } from '../sdk/matrix/script.ts';
import { scriptedModel } from '../sdk/matrix/upstream-formats.ts';
import { type Agent, codexModel } from './agents.ts';
import {
  answerOf,
  declaredTools,
  fileOf,
  readRequest,
  type Task,
  type UpstreamRequest,
  wordIn,
} from './model.ts';
import { programIn } from './packages.ts';
import { beginsWith } from './prompt-cache.ts';
import { type Exchange, startRecordingProxy } from './recording-proxy.ts';
import { runAgent } from './run-agent.ts';

/** One channel of each kind, with the model that it serves. */
export const channels: Record<Format, { kind: string; provider: string; model: string }> = {
  // OpenAI supports tools for it in the Responses API only: chat clients reach it by translation.
  'openai-responses': { kind: 'Responses', provider: 'openai', model: 'gpt-6.2-sol' },
  'openai-chat': { kind: 'chat only', provider: 'openai-compatible', model: 'deepseek-v4-pro' },
  'anthropic-messages': { kind: 'Messages', provider: 'anthropic', model: 'claude-opus-5-5' },
  'gemini-generate': { kind: 'Gemini', provider: 'gemini', model: 'gemini-3.1-pro-preview' },
};

/**
 * OpenAI model names that Codex knows and declares tools for in its own way, each an alias of another channel's
 * model.
 */
export const aliases: Partial<Record<Format, string>> = {
  'openai-chat': 'gpt-6-sol',
  'anthropic-messages': 'gpt-6.1-sol',
  'gemini-generate': 'gpt-6.2-astra',
};

/** A run as seen from all sides. */
export interface ObservedRun {
  code: number | null;
  output: string;
  tookMs: number;
  /** The agent's requests to the relay, and their answers. */
  exchanges: Exchange[];
  /** The requests with tools that reached the upstream: its turns. */
  turns: UpstreamRequest[];
  /** The word that only the tool knows. */
  word: string;
}

export interface World {
  /** Runs the agent once with the channel's model, or with `model`. */
  run(agent: Agent, channel: Format, task: Task, model?: string): Promise<ObservedRun>;
  /** Returns the relay's own token estimate of a Messages body. */
  countTokens(body: object): Promise<number>;
  stop(): Promise<void>;
}

/** A single run of an agent. */
const limitMs = 90_000;

export async function startWorld(): Promise<World> {
  const folder = inject('agentsFolder');
  let task: Task = { tool: 'file', calls: 1 };
  const upstream = await startUpstream(scriptedModel((format, body) => answerOf(task, format, body)));
  const relay = await startRelay();
  for (const [format, { provider, model }] of Object.entries(channels)) {
    const models = provider === 'openai' ? [model, codexModel] : [model];
    const fields = { base_url: upstream.url, keys: ['upstream-key'], models };
    await relay.channel({ name: format, provider, ...fields });
  }
  for (const [format, name] of Object.entries(aliases))
    await relay.manage('PUT', `/api/aliases/${name}`, { models: [channels[format as Format].model] });
  const { token } = await relay.token();
  const proxy = await startRecordingProxy(relay.url);

  const run: World['run'] = async (
    agent,
    channel,
    wanted,
    model = agent.models?.[channel] ?? channels[channel].model,
  ) => {
    task = wanted;
    const [exchangesBefore, received] = [proxy.exchanges.length, upstream.received.length];
    const word = `word-${randomBytes(4).toString('hex')}`;
    const files = Array.from({ length: wanted.calls }, (_, turn) => [
      fileOf(turn),
      'The answer is elsewhere.',
    ]);
    const text = `The answer is ${word}.`;
    const end = await runAgent(agent, programIn(folder, agent.program), {
      url: proxy.url,
      token,
      model,
      prompt: 'Look at the notes, one by one, and say what the answer is.',
      files: {
        ...Object.fromEntries(files),
        ...(wanted.tool === 'file' && { [fileOf(wanted.calls - 1)]: text }),
      },
      note: wanted.tool === 'mcp' ? text : 'The answer is elsewhere.',
      limitMs,
    });
    const requests = upstream.received.slice(received).map(readRequest);
    const turns = requests.filter(({ format, body }) => declaredTools(format, body).length > 0);
    return { ...end, exchanges: proxy.exchanges.slice(exchangesBefore), turns, word };
  };

  const stop = async () => {
    await Promise.all([proxy.stop(), relay.stop(), upstream.stop()]);
  };
  const countTokens = async (body: object) => {
    const answer = await fetch(`${relay.url}/v1/messages/count_tokens`, {
      method: 'POST',
      headers: { 'x-api-key': token, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await answer.json()) as { input_tokens: number }).input_tokens;
  };
  return { run, countTokens, stop };
}

/** Returns what went wrong in a run: empty if nothing did. */
export function faultsOf(run: ObservedRun, agent: Agent, channel: Format, task: Task): string[] {
  const { code, output, exchanges, turns, word } = run;
  // A 426 means that there is no WebSocket: the agent continues without one.
  const isExpected = ({ method, status }: Exchange) => method === 'UPGRADE' && status === 426;
  const refused = exchanges.filter((one) => (one.status >= 400 || one.status === 0) && !isExpected(one));
  const seen = turns.some(({ body }) => wordIn(JSON.stringify(body)) === word);
  return [
    ...refused.map(
      ({ method, path, status, error }) => `${method} ${path} was answered ${status} ${error.slice(0, 300)}`,
    ),
    ...(turns.every(({ format }) => format === channel) ? [] : ['the upstream got another format']),
    ...(turns.length > task.calls ? [] : [`only ${turns.length} requests with tools reached the upstream`]),
    // A native request is the agent's own.
    ...(agent.format === channel || task.tool === 'mcp' || isPrefixStable(turns)
      ? []
      : ['a request does not begin with the one before']),
    ...(seen ? [] : ['the result of the tool did not reach the upstream']),
    ...(output.includes(`The last answer is ${word}.`) ? [] : ['the final text was not printed']),
    ...(code === 0 ? [] : [`the agent ended with ${code ?? 'its time limit'}: ${output.slice(-600)}`]),
  ];
}

/** Returns whether each request starts with the previous one. A tool search may change the declared tools. */
function isPrefixStable(turns: readonly UpstreamRequest[]): boolean {
  return turns.slice(1).every(({ body }, index) => beginsWith(body, turns[index]?.body ?? {}));
}
