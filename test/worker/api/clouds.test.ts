// Cloud channels (Bedrock, Vertex, Workers AI) in the management API: the required fields and their errors.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { unseal } from '../../../src/lib/seal.ts';
import { RoutingStore } from '../../../src/routing/store.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const awsKey = 'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const account = {
  type: 'service_account',
  project_id: 'our-project',
  private_key_id: 'abc',
  private_key: '-----BEGIN PRIVATE KEY-----\nMIIB VgIBADAN\n-----END PRIVATE KEY-----\n',
  client_email: 'relay@our-project.iam.gserviceaccount.com',
  client_id: '1',
};
const file = JSON.stringify(account, null, 2);
const bedrock = {
  name: 'b',
  provider: 'bedrock',
  keys: [awsKey],
  models: ['*'],
  settings: { region: 'us-east-1' },
};
const vertex = { name: 'v', provider: 'vertex', keys: [file], models: ['*'] };
const workersAi = { name: 'w', provider: 'workers-ai', models: ['@cf/*'] };

async function storedKeys(): Promise<string[]> {
  const [stored] = await new RoutingStore(env.DB).loadChannels();
  return Promise.all(stored?.keys.map((key) => unseal(key, 'encryption-key-of-the-tests')) ?? []);
}

describe('Bedrock channels', () => {
  it('creates a Bedrock channel from a region and credentials, and shows only the access key id', async () => {
    const { status, body } = await relay().call('POST', '/channels', bedrock);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      base_url: null,
      settings: { region: 'us-east-1' },
      keys: [{ hint: 'AKIA…MPLE' }],
    });
    expect(await storedKeys()).toEqual([awsKey]);
  });

  it('reads the region of a Bedrock channel from its address, and accepts a Bedrock API key', async () => {
    const { call } = relay();
    const at = {
      ...bedrock,
      settings: {},
      base_url: 'https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com',
    };
    expect((await call('POST', '/channels', { ...at, keys: ['ABSKQmVkcm9ja0FQSUtleQ=='] })).status).toBe(201);
  });

  it.each([
    ['no region', { settings: {} }, 'settings.region'],
    [
      'an address without a region',
      { settings: {}, base_url: 'https://proxy.example.com' },
      'settings.region',
    ],
    ['an invalid region', { settings: { region: 'Frankfurt' } }, 'settings.region'],
    ['an incomplete credential', { keys: ['AKIAIOSFODNN7EXAMPLE:'] }, 'keys'],
    ['credentials in another order', { keys: [awsKey.split(':').reverse().join(':')] }, 'keys'],
    ['no key', { keys: [] }, 'keys'],
    ['a location', { settings: { region: 'us-east-1', location: 'global' } }, 'settings.location'],
  ])('rejects a Bedrock channel with %s, and names the field', async (_what, fields, field) => {
    const { status, body } = await relay().call('POST', '/channels', { ...bedrock, ...fields });
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
  });
});

describe('Vertex channels', () => {
  it('accepts a service account file unchanged, and stores only what signing needs', async () => {
    const { status, body } = await relay().call('POST', '/channels', vertex);
    expect(status).toBe(201);
    expect(body.keys).toMatchObject([{ hint: account.client_email }]);
    const [kept = ''] = await storedKeys();
    const { client_id: _, ...signing } = account;
    expect(JSON.parse(kept)).toEqual({ ...signing, token_uri: 'https://oauth2.googleapis.com/token' });
  });

  it('accepts an API key with project and location, and more keys later', async () => {
    const { call } = relay();
    const settings = { project: 'other-project', location: 'us-east5' };
    const { body } = await call('POST', '/channels', { ...vertex, keys: ['AQ.key'], settings });
    expect(body.settings).toEqual(settings);
    const edited = await call('PATCH', `/channels/${body.id}`, { add_keys: [file] });
    expect(edited.body.keys).toHaveLength(2);
    const refused = await call('PATCH', `/channels/${body.id}`, { add_keys: ['{"type":"service_account"}'] });
    expect(refused.body.errors).toEqual([
      { field: 'add_keys', message: expect.stringContaining('JSON of a service account') },
    ]);
  });

  it.each([
    ['a file without a key', { keys: [JSON.stringify({ client_email: 'a@b' })] }, 'keys'],
    ['a key that is not PEM', { keys: [JSON.stringify({ ...account, private_key: 'x' })] }, 'keys'],
    ['an invalid token URL', { keys: [JSON.stringify({ ...account, token_uri: 'file:///x' })] }, 'keys'],
    ['an incomplete file', { keys: [file.slice(0, -1)] }, 'keys.0'],
    ['a project that is a path', { settings: { project: 'a/b' } }, 'settings.project'],
    ['a location that is a host', { settings: { location: 'x.example.com' } }, 'settings.location'],
    ['a region', { settings: { region: 'us-east-1' } }, 'settings.region'],
  ])('rejects a Vertex channel with %s, and names the field', async (_what, fields, field) => {
    const { status, body } = await relay().call('POST', '/channels', { ...vertex, ...fields });
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
  });
});

describe('Workers AI channels', () => {
  it('creates a Workers AI channel without key and address', async () => {
    const { call } = relay();
    expect((await call('POST', '/channels', workersAi)).status).toBe(201);
    const withKey = await call('POST', '/channels', { ...workersAi, keys: ['k'] });
    expect(withKey.body.errors[0].field).toBe('keys');
    const withAddress = await call('POST', '/channels', { ...workersAi, base_url: 'https://example.com' });
    expect(withAddress.body.errors[0].field).toBe('base_url');
  });
});

it('rejects keys of other providers that contain white space', async () => {
  const fields = { name: 'x', provider: 'openai', keys: [file], models: ['*'] };
  const { body } = await relay().call('POST', '/channels', fields);
  expect(body.errors).toEqual([{ field: 'keys', message: 'must be printable ASCII without spaces' }]);
});

it('exports and imports cloud credentials whole', async () => {
  const { call } = relay();
  for (const channel of [bedrock, { ...vertex, settings: { location: 'us-east5' } }, workersAi]) {
    await call('POST', '/channels', channel);
  }
  const exported = (await call('GET', '/export')).body;
  const before = (await call('GET', '/channels')).body.data;
  await emptyDatabase();
  const { status } = await call('POST', '/import', exported);
  expect(status).toBe(200);
  expect((await call('GET', '/channels')).body.data).toEqual(before);
  expect(JSON.stringify(exported)).not.toMatch(/EXAMPLEKEY|PRIVATE KEY/);
});
