// Runs coding agents from npm through a tool loop of two turns on each kind of channel. `npm run test:agents`;
// needs npm's registry.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Format } from '../sdk/matrix/script.ts';
import { type Agent, agents, claudeCode, codex } from './agents.ts';
import type { Task } from './model.ts';
import { aliases, channels, faultsOf, startWorld, type World } from './world.ts';

let world: World;
const table: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => {
  await world?.stop();
  console.table(table);
});

const formats = Object.keys(channels) as Format[];

interface Case {
  agent: Agent;
  channel: Format;
  task: Task;
  /** A suffix of the agent's row for this case. */
  row?: string;
  model?: string | undefined;
}

async function expectRun({ agent, channel, task, row = '', model }: Case): Promise<void> {
  const run = await world.run(agent, channel, task, model);
  const faults = faultsOf(run, agent, channel, task);
  const line = agent.name + row;
  table[line] ??= {};
  table[line][channels[channel].kind] =
    faults[0]?.slice(0, 80) ?? `ok (${(run.tookMs / 1_000).toFixed(1)} s)`;
  expect(faults).toEqual([]);
}

const each = (chosen: readonly Format[]) =>
  it.each(chosen.map((channel) => ({ kind: channels[channel].kind, channel })));

describe.each(agents.map((agent) => ({ name: agent.name, agent })))('$name', ({ agent }) => {
  each(formats)('reads a file in a loop of two turns on a channel of kind $kind', ({ channel }) =>
    expectRun({ agent, channel, task: { tool: 'file', calls: 1 } }),
  );
});

describe.each([claudeCode, codex].map((agent) => ({ name: agent.name, agent })))('$name', ({ agent }) => {
  each(formats)('calls a tool of its MCP server on a channel of kind $kind', ({ channel }) =>
    expectRun({ agent, channel, task: { tool: 'mcp', calls: 1 }, row: ', MCP tool' }),
  );
});

describe('Codex with a model it knows, answered by another provider’s model', () => {
  each(Object.keys(aliases) as Format[])(
    'calls a tool of its MCP server on a channel of kind $kind',
    ({ channel }) =>
      expectRun({
        agent: codex,
        channel,
        task: { tool: 'mcp', calls: 1 },
        row: ', MCP tool, known model',
        model: aliases[channel],
      }),
  );
});
