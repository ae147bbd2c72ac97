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

const openai = { provider: 'openai', name: 'Main', key: 'sk-0123456789abcdef', models: 'gpt-4o' };
const channelId = async () => (await stored())?.id ?? '';

it('saves timeouts in seconds and extra headers, and removes the emptied ones', async () => {
  const { admin } = dashboard;
  const fields = {
    ...openai,
    first_byte_s: '90',
    idle_s: '2.5',
    headers: 'X-Team: search\r\nX-Pair: a:1',
  };
  expect((await admin.post('/dashboard/channels/new', fields)).status).toBe(303);
  expect(await stored()).toMatchObject({
    settings: { firstByteMs: 90_000, idleMs: 2_500 },
    headers: { 'X-Team': 'search', 'X-Pair': 'a:1' },
  });
  const path = `/dashboard/channels/${await channelId()}`;
  const { text } = await admin.get(path);
  expect(text).toMatch(/name="first_byte_s"[^>]*value="90"/);
  expect(text).toContain('X-Team: search\nX-Pair: a:1</textarea>');
  const { key: _key, ...known } = fields;
  const edited = await admin.post(path, { ...known, idle_s: '', headers: 'X-Team: ads' });
  expect([edited.status, /<strong class="error">.*?<|alert error">.*?</.exec(edited.text)?.[0]]).toEqual([
    303,
    undefined,
  ]);
  expect(await stored()).toMatchObject({ settings: { firstByteMs: 90_000 }, headers: { 'X-Team': 'ads' } });
  expect((await stored())?.settings.idleMs).toBeUndefined();
  const wrong = await admin.post(path, { ...known, first_byte_s: '0.5' });
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringMatching(/id="help-first_byte_s"><strong/)]);
  const header = await admin.post(path, { ...known, headers: 'Host: x' });
  expect([header.status, header.text]).toEqual([400, expect.stringContaining('this header cannot be set')]);
});

it('shows the base URL without opening anything, for the providers that need one', async () => {
  const { text } = await dashboard.admin.get('/dashboard/channels/new');
  expect(text.indexOf('name="base_url"')).toBeLessThan(text.indexOf('<details'));
});

it('saves and tests in one step if asked to', async () => {
  const { admin, relay } = dashboard;
  relay.upstream = () => Response.json({ error: { message: 'No such key.' } }, { status: 401 });
  const { status, text } = await admin.post('/dashboard/channels/new', { ...openai, test: 'yes' });
  expect([status, (await stored())?.name]).toEqual([200, 'Main']);
  expect(text).toContain('Main: Test failed · 401 No such key.');
  expect(text).toContain(
    `Check the key, or add another one. <a href="/dashboard/channels/${await channelId()}">Edit</a>`,
  );
});

it('removes a draft when it is cancelled, and never a channel that is in use', async () => {
  const { admin, relay } = dashboard;
  relay.upstream = () => Response.json({ error: { message: 'Incorrect API key.' } }, { status: 401 });
  const draft = await admin.post('/dashboard/channels/new', { ...openai, discover: 'yes' });
  const path = `/dashboard/channels/${await channelId()}`;
  expect(draft.text).toContain('Couldn’t list models.');
  expect(draft.text).toContain('(401: Incorrect API key.)');
  expect(draft.text).toContain(`formaction="${path}/discard"`);
  expect((await stored())?.enabled).toBe(false);
  expect((await admin.post(`${path}/discard`)).headers.get('location')).toBe('/dashboard/channels');
  expect(await stored()).toBeUndefined();

  await admin.post('/dashboard/channels/new', openai);
  const inUse = `/dashboard/channels/${await channelId()}`;
  expect((await admin.get(inUse)).text).not.toContain('/discard');
  await admin.post(`${inUse}/discard`);
  expect((await stored())?.name).toBe('Main');
});

it('saves what was edited when a key is added, and explains a refused key', async () => {
  const { admin } = dashboard;
  await admin.post('/dashboard/channels/new', openai);
  const path = `/dashboard/channels/${await channelId()}`;
  const { key: _key, ...known } = openai;
  const refused = await admin.post(path, { ...known, name: 'Renamed', add_key: 'two words', add: 'yes' });
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('without spaces')]);
  expect(refused.text).toMatch(/name="name"[^>]*value="Renamed"/);
  expect(refused.text).not.toContain('two words');
  const added = await admin.post(path, {
    ...known,
    name: 'Renamed',
    add_key: 'sk-another-0123456789',
    add: 'yes',
  });
  expect([added.status, added.headers.get('location')]).toEqual([303, path]);
  expect(await stored()).toMatchObject({ name: 'Renamed' });
  expect((await stored())?.keys).toHaveLength(2);
});
