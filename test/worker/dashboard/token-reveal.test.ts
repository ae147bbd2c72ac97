// The page that reveals a new token's value: its examples work when they are pasted.
import { expect, it } from 'vitest';
import { openDashboard } from './open-dashboard.ts';

/** Returns the models in the three curl examples of a new token. */
async function exampleModels(channels: string[][], models: string): Promise<string[]> {
  const { relay, admin } = await openDashboard();
  for (const models of channels)
    await relay.channel({ name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models });
  const { text } = await admin.post('/dashboard/tokens/new', { name: 'x', more_models: models });
  const curl = (id: string) => new RegExp(`id="snippet-curl-${id}">(.*?)</pre>`, 's').exec(text)?.[1] ?? '';
  const inBody = (id: string) => /&quot;model&quot;: &quot;(.*?)&quot;/.exec(curl(id))?.[1] ?? '';
  return [
    inBody('openai'),
    inBody('anthropic'),
    /models\/(.*?):generateContent/.exec(curl('gemini'))?.[1] ?? '',
  ];
}

it('shows the usual model of each format where the token allows it', async () => {
  const all = ['gpt-4o', 'claude-3-5-sonnet-20241022', 'gemini-2.0-flash'];
  expect(await exampleModels([], '')).toEqual(all);
  expect(await exampleModels([['*']], 'gpt-*\nclaude-*\ngemini-*')).toEqual(all);
});

it('shows an allowed model in every format if the usual one is not allowed', async () => {
  const claude = 'claude-3-5-sonnet-20241022';
  expect(await exampleModels([['*']], 'claude-*')).toEqual([claude, claude, claude]);
  expect(await exampleModels([['*']], 'claude-*\ngpt-4o')).toEqual(['gpt-4o', claude, 'gpt-4o']);
});

it('shows a model that a channel serves', async () => {
  const served = [['text-embedding-3-small', 'mistral-large', 'codestral']];
  expect(await exampleModels(served, '')).toEqual(['mistral-large', 'mistral-large', 'mistral-large']);
  expect(await exampleModels(served, 'code*')).toEqual(['codestral', 'codestral', 'codestral']);
  expect(await exampleModels([['gpt-4o-mini', 'gemini-*']], '')).toEqual([
    'gpt-4o-mini',
    'gpt-4o-mini',
    'gemini-2.0-flash',
  ]);
});
