// Tests translated sessions of twenty requests by real agents: each request starts with the previous one,
// providers' prompt caches are hit, and token counts are right.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Format } from '../sdk/matrix/script.ts';
import { type Agent, claudeCode, codex, geminiCli } from './agents.ts';
import { packageIn } from './packages.ts';
import { cacheShare } from './prompt-cache.ts';
import { channels, faultsOf, startWorld, type World } from './world.ts';

let world: World;
const table: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => {
  await world?.stop();
  console.log('Input tokens that are cache hits, by each provider’s rule:');
  console.table(table);
});

const task = { tool: 'file', calls: 19 } as const;
const pairs = [claudeCode, codex, geminiCli].flatMap((agent) =>
  (Object.keys(channels) as Format[])
    .filter((channel) => channel !== agent.format)
    .map((channel) => ({ name: agent.name, kind: channels[channel].kind, agent, channel })),
);

async function session(agent: Agent, channel: Format) {
  const run = await world.run(agent, channel, task);
  expect(faultsOf(run, agent, channel, task)).toEqual([]);
  expect(run.turns).toHaveLength(20);
  return run;
}

describe.each(pairs)(
  'twenty requests of $name on a channel of kind $kind',
  ({ agent, channel, name, kind }) => {
    it('start each request with the one before, and reach at least 85 % cache hits', async () => {
      const { turns } = await session(agent, channel);
      const { inputTokens, cachedTokens } = cacheShare(channel, turns);
      const share = cachedTokens / inputTokens;
      table[name] ??= {};
      table[name][kind] = `${(100 * share).toFixed(1)} % of ${Math.round(inputTokens)}`;
      expect(share).toBeGreaterThanOrEqual(0.85);
    });
  },
);

describe('the token estimate', () => {
  it('counts Claude Code’s tools within 15 % of an o200k count', async () => {
    const { exchanges } = await world.run(claudeCode, 'openai-chat', { tool: 'file', calls: 1 });
    const { tools } = JSON.parse(exchanges.find(({ body }) => body.includes('"tools":['))?.body ?? '{}');
    expect(tools.length).toBeGreaterThan(5);
    const base = { model: channels['openai-chat'].model, messages: [{ role: 'user', content: 'hi' }] };
    const counted = (await world.countTokens({ ...base, tools })) - (await world.countTokens(base));
    const module = pathToFileURL(
      join(packageIn(inject('agentsFolder'), 'js-tiktoken'), 'dist/index.js'),
    ).href;
    const { getEncoding } = await import(/* @vite-ignore */ module);
    const o200k: number = getEncoding('o200k_base').encode(JSON.stringify(tools)).length;
    console.log(`${tools.length} tools: counted ${counted}, o200k ${o200k} (${(100 * counted) / o200k} %)`);
    expect(Math.abs(counted / o200k - 1)).toBeLessThan(0.15);
  });
});
