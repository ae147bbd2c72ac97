// Stored provider keys are sent to no other host than the one that they were entered for.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { RoutingStore } from '../../../src/routing/store.ts';
import { openDashboard } from '../dashboard/open-dashboard.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const key = 'sk-0123456789abcdef';
const serviceAccount = JSON.stringify({
  type: 'service_account',
  client_email: 'a@b.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----',
});
const compatible = { provider: 'openai-compatible', base_url: 'https://one.test/v1', keys: [key] };
const azure = { provider: 'azure', base_url: 'https://east.openai.azure.com', keys: [key] };
const bedrock = { provider: 'bedrock', settings: { region: 'us-east-1' }, keys: ['bedrock-api-key'] };
const vertex = { provider: 'vertex', keys: [serviceAccount] };

async function createChannel(fields: object) {
  const there = relay();
  const { status, body } = await there.call('POST', '/channels', { name: 'c', models: ['*'], ...fields });
  expect(status).toBe(201);
  return { ...there, channel: body };
}

describe('edits that would send stored keys to another host', () => {
  const moves: [string, object, object][] = [
    ['another host', compatible, { base_url: 'https://two.test/v1' }],
    ['another port', compatible, { base_url: 'https://one.test:8443/v1' }],
    ['plain http', compatible, { base_url: 'http://one.test/v1' }],
    ['a host with the same prefix', compatible, { base_url: 'https://one.test.evil.test/v1' }],
    ['a new base URL', { provider: 'openai', keys: [key] }, { base_url: 'https://x.test' }],
    ['a removed base URL', { ...compatible, provider: 'openai' }, { base_url: null }],
    ['another provider with another host', { provider: 'openai', keys: [key] }, { provider: 'anthropic' }],
    ['another Azure resource', azure, { base_url: 'https://west.openai.azure.com' }],
    ['a custom base URL for Bedrock', bedrock, { base_url: 'https://x.test' }],
    ['a custom base URL for Vertex', vertex, { base_url: 'https://aiplatform.googleapis.com.x.test' }],
    [
      'a provider that sends the key instead of signing with it',
      { ...vertex, base_url: 'https://one.test' },
      { provider: 'openai-compatible' },
    ],
    [
      'a gateway header that names a host',
      compatible,
      { headers: { 'X-Portkey-Custom-Host': 'http://x.test' } },
    ],
    ['an added key', compatible, { base_url: 'https://two.test', add_keys: ['sk-new-new-new-new'] }],
  ];
  it.each(moves)(
    'refuses an edit that sends stored keys to another host, and names the keys: %s',
    async (_, fields, edit) => {
      const { call, channel } = await createChannel(fields);
      const { status, body } = await call('PATCH', `/channels/${channel.id}`, edit);
      expect([status, body.errors?.[0]?.field]).toEqual([400, 'keys']);
      expect((await call('GET', `/channels/${channel.id}`)).body.base_url).toBe(channel.base_url);
    },
  );

  it('allows a change of host when the keys are given again, or when there are none', async () => {
    const { call, channel } = await createChannel(compatible);
    const moved = { base_url: 'https://two.test/v1', keys: ['sk-another-another'] };
    expect((await call('PATCH', `/channels/${channel.id}`, moved)).status).toBe(200);
    const without = { base_url: 'https://three.test', keys: [] };
    expect((await call('PATCH', `/channels/${channel.id}`, without)).status).toBe(200);
    expect((await call('PATCH', `/channels/${channel.id}`, { base_url: 'https://four.test' })).status).toBe(
      200,
    );
  });

  const stays: [string, object, object][] = [
    ['another path', compatible, { base_url: 'https://one.test/api/v2' }],
    ['an explicit default port', compatible, { base_url: 'https://one.test:443/v1' }],
    [
      'the provider’s explicit base URL',
      { provider: 'openai', keys: [key] },
      { base_url: 'https://api.openai.com/v1' },
    ],
    ['another region of Bedrock', bedrock, { settings: { region: 'eu-west-3' } }],
    ['Vertex’s base URL of a location', vertex, { base_url: 'https://us-east5-aiplatform.googleapis.com' }],
    ['a header that names no host', compatible, { headers: { 'http-referer': 'https://x.test' } }],
  ];
  it.each(stays)('allows an edit that does not change the host: %s', async (_, fields, edit) => {
    const { call, channel } = await createChannel(fields);
    expect((await call('PATCH', `/channels/${channel.id}`, edit)).status).toBe(200);
  });

  it('refuses a change of host that races with another edit', async () => {
    const { channel, services, call } = await createChannel({ ...compatible, keys: [] });
    const routing = new RoutingStore(env.DB);
    let moved = false;
    services.routing.find = async (id: string) => {
      const before = await routing.find(id);
      if (!moved) {
        moved = true;
        await env.DB.prepare(`UPDATE channels SET base_url = 'https://evil.test' WHERE id = ?`)
          .bind(id)
          .run();
      }
      return before;
    };
    const path = `/channels/${channel.id}`;
    expect((await call('PATCH', path, { add_keys: [key], base_url: 'https://one.test/v1' })).status).toBe(
      200,
    );
    expect((await routing.find(channel.id))?.channel.baseUrl).toBe('https://one.test/v1');
  });
});

describe('imports that would send stored keys to another host', () => {
  const exported = async () => {
    const there = await createChannel(compatible);
    return { ...there, document: (await there.call('GET', '/export')).body };
  };
  const keysHere = async () =>
    (await new RoutingStore(env.DB).loadChannels()).map(({ id, baseUrl, keys }) => ({
      id,
      baseUrl,
      keys: keys.length,
    }));

  it.each([
    ['an existing channel', {}],
    ['a new channel', { id: 'ch_other' }],
  ])('sends no stored key to another host through an import: %s', async (_, changes) => {
    const { call, channel, document } = await exported();
    const evil = {
      ...document.channels[0],
      base_url: 'https://evil.test',
      updated_at: '2027-01-01T00:00:00Z',
      ...changes,
    };
    const { status, body } = await call('POST', '/import', { ...document, channels: [evil] });
    expect([status, body.warnings]).toEqual([200, [expect.stringContaining('does not prove')]]);
    const evils = (await keysHere()).filter(({ baseUrl }) => baseUrl === 'https://evil.test');
    expect(evils.every(({ keys }) => keys === 0)).toBe(true);
    expect(await keysHere()).toContainEqual({ id: channel.id, baseUrl: 'https://one.test/v1', keys: 1 });
  });

  it('restores channels with their keys from an import, also after their deletion', async () => {
    const { call, channel, document } = await exported();
    await call('DELETE', `/channels/${channel.id}`);
    expect((await call('POST', '/import', document)).body).toMatchObject({ channels: 1, warnings: [] });
    expect(await keysHere()).toEqual([{ id: channel.id, baseUrl: 'https://one.test/v1', keys: 1 }]);
    expect((await call('POST', '/import', document)).body.warnings).toEqual([]);
  });

  it('imports a file without destination proofs only where no channel was ever stored, and sends its keys nowhere else', async () => {
    const { channel, document } = await exported();
    delete document.channels[0].keys[0].address_proof;
    await emptyDatabase();
    const fresh = relay();
    expect((await fresh.call('POST', '/import', document)).body).toMatchObject({ channels: 1, warnings: [] });
    expect((await keysHere())[0]?.keys).toBe(1);
    await fresh.call('DELETE', `/channels/${channel.id}`);
    const again = (await fresh.call('POST', '/import', document)).body;
    expect(again.warnings).toEqual([expect.stringContaining('without its keys')]);
    expect(await keysHere()).toEqual([{ id: channel.id, baseUrl: 'https://one.test/v1', keys: 0 }]);
  });
});

describe('the channel form', () => {
  it('explains beside the key that it is needed again, keeps the typed values, and then saves them', async () => {
    const { admin } = await openDashboard();
    const { id } = (await admin.api('POST', '/channels', { name: 'c', models: ['a'], ...compatible })).body;
    const address = `/dashboard/channels/${id}`;
    const fields = {
      provider: 'openai-compatible',
      name: 'renamed',
      models: 'a',
      base_url: 'https://two.test/v1',
    };
    const refused = await admin.post(address, fields);
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/id="help-keys"><strong class="error">give the keys again/);
    for (const typed of ['value="renamed"', 'value="https://two.test/v1"'])
      expect(refused.text).toContain(typed);
    expect((await admin.post(address, { ...fields, keys: 'sk-again-again-again' })).status).toBe(303);
    const after = (await admin.api('GET', `/channels/${id}`)).body;
    expect(after).toMatchObject({
      name: 'renamed',
      base_url: 'https://two.test/v1',
      keys: [{ hint: expect.stringMatching(/gain$/) }],
    });
  });
});
