// The channel form for providers that need more than a key.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { RoutingStore } from '../../../src/routing/store.ts';
import { openDashboard } from './open-dashboard.ts';

let dashboard: Awaited<ReturnType<typeof openDashboard>>;

beforeEach(async () => {
  dashboard = await openDashboard();
});

const awsKey = 'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const stored = async () => (await new RoutingStore(env.DB).loadChannels())[0];

it('shows each provider’s own fields and explains its key', async () => {
  const { text } = await dashboard.admin.get('/dashboard/channels/new');
  for (const label of [
    'Amazon Bedrock (Claude)',
    'Google Vertex AI (Gemini, Claude)',
    'Cloudflare Workers AI',
  ]) {
    expect(text).toContain(label);
  }
  for (const name of ['region', 'location', 'project']) expect(text).toContain(`name="${name}"`);
  expect(text).toMatch(/class="only-for for-bedrock">ACCESS_KEY_ID:SECRET_ACCESS_KEY/);
  expect(text).toMatch(/class="only-for for-vertex">The whole JSON file of a service account/);
});

it('creates a Bedrock channel, and explains a missing value beside its field', async () => {
  const { admin } = dashboard;
  const refused = await admin.post('/dashboard/channels/new', { provider: 'bedrock', key: awsKey });
  expect(refused.status).toBe(400);
  expect(refused.text).toMatch(/id="help-region"><strong class="error">a channel of the provider/);
  const fields = { provider: 'bedrock', key: awsKey, region: 'eu-west-3', location: 'ignored' };
  expect((await admin.post('/dashboard/channels/new', fields)).status).toBe(303);
  expect(await stored()).toMatchObject({
    provider: 'bedrock',
    models: ['anthropic.claude-*', '*.anthropic.claude-*'],
    settings: { region: 'eu-west-3' },
  });
});

it('edits a channel on its page, and leaves what the form does not show', async () => {
  const { admin } = dashboard;
  await admin.api('POST', '/channels', {
    name: 'v',
    provider: 'vertex',
    keys: ['AQ.key'],
    models: ['gemini-*'],
    settings: { location: 'us-east5', idle_ms: 60_000 },
  });
  const { id = '' } = (await stored()) ?? {};
  const shown = await admin.get(`/dashboard/channels/${id}`);
  expect(shown.text).toMatch(/name="location"[^>]*value="us-east5"/);
  const fields = {
    provider: 'vertex',
    name: 'v',
    models: 'gemini-*',
    location: 'global',
    project: 'our-project',
  };
  expect((await admin.post(`/dashboard/channels/${id}`, fields)).status).toBe(303);
  expect((await stored())?.settings).toEqual({ location: 'global', project: 'our-project', idleMs: 60_000 });
});

it('explains beside the model mapping which entry is wrong and why', async () => {
  const { admin } = dashboard;
  const channel = { provider: 'openai', key: 'sk-0123456789abcdef', models: 'a', model_map: 'half' };
  const { status, text } = await admin.post('/dashboard/channels/new', channel);
  expect([status, text]).toEqual([
    400,
    expect.stringMatching(/id="help-model_map"><strong class="error">half: must not be empty/),
  ]);
});
