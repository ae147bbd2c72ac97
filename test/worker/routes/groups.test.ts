// What a group applies to its tokens: an edit is in force at the very next request, as a token's own is.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { managementLimits } from '../../../src/dashboard/api/limits.ts';
import { LedgerClient } from '../../../src/quota/client.ts';
import { type GroupChanges, GroupStore } from '../../../src/routing/group-store.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { jsonBody, ownHeader, refusals } from './routes.ts';

let relay: OpenRelay;
let serial = 0;
let group: string;

const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };

beforeEach(async () => {
  relay = openRelay();
  relay.upstream = () => Response.json({ id: 'c', object: 'chat.completion', choices: [], usage });
  await addChannels(relay);
  serial += 1;
  group = `team-${serial}`;
  await relay.manage('POST', '/groups', { name: group });
});

const send = (token: string, model = 'gpt-4o') =>
  relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', token) },
    body: JSON.stringify(jsonBody(model)),
  });

/** Creates a token of the group that isolate, KV and ledger have cached. */
async function warmToken(fields: object = {}) {
  const made = await relay.token({ group, ...fields });
  expect((await send(made.token)).status).toBe(200);
  return made;
}

/** Edits as PATCH in another isolate does: this isolate's catalog snapshot and cached tokens stay as they are. */
async function editElsewhere(changes: GroupChanges): Promise<void> {
  await new GroupStore(env.DB).update(group, changes);
  const tokens = new TokenStore(env.DB);
  const ledgers = new LedgerClient(env.LEDGER, (id) => tokens.findPolicy(id));
  for (const { policy } of await tokens.list({ group }, null, 100)) await ledgers.configure(policy);
}

const edit = (fields: object) => relay.manage('PATCH', `/groups/${group}`, fields);

describe('edits of a group', () => {
  it('removes models from the group’s tokens at the very next request, and restores them', async () => {
    const { token } = await warmToken();
    await edit({ models: ['claude-*'] });
    const message = expectRefusal(await send(token), 'openai', refusals.modelNotAllowed);
    expect(message).toContain(group);
    const { body } = await relay.fetch('/v1/models', { headers: ownHeader('openai', token) });
    const names: string[] = body.data.map(({ id }: { id: string }) => id);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !name.startsWith('claude-'))).toEqual([]);
    await edit({ models: null });
    expect((await send(token)).status).toBe(200);
  });

  it('multiplies the prices of the list of models', async () => {
    const { token } = await warmToken();
    const promptPrice = async () => {
      const { body } = await relay.fetch('/v1/models/gpt-4o', { headers: ownHeader('openai', token) });
      return Number(body.pricing.prompt);
    };
    const before = await promptPrice();
    await edit({ price_multiplier: 1.5 });
    expect(await promptPrice()).toBeCloseTo(before * 1.5, 12);
    await edit({ price_multiplier: 1 });
  });

  it('lists what the operator says about a model instead of the table', async () => {
    const { token } = await warmToken();
    const listed = async () =>
      (await relay.fetch('/v1/models/gpt-4o', { headers: ownHeader('openai', token) })).body;
    const before = await listed();
    expect(before).toMatchObject({ context_length: 128_000, shutdown_date: '2027-01-14' });
    await relay.manage('PUT', '/models/gpt-4o', { context_length: 64_000, end_date: '2030-02-03' });
    expect(await listed()).toMatchObject({
      context_length: 64_000,
      name: before.name,
      shutdown_date: '2030-02-03',
    });
    expect((await send(token)).headers.get('x-relay-model-sunset')).toBe('2030-02-03');
    expect((await relay.manage('GET', '/models')).body.data).toMatchObject([
      { model: 'gpt-4o', end_date: '2030-02-03' },
    ]);
    await relay.manage('DELETE', '/models/gpt-4o');
    expect(await listed()).toEqual(before);
    expect((await send(token)).headers.get('x-relay-model-sunset')).toBe('2027-01-14');
    await expect(relay.manage('PUT', '/models/gpt-4o', { context_length: 0 })).rejects.toThrow(
      'context_length',
    );
    await expect(relay.manage('DELETE', '/models/gpt-4o')).rejects.toThrow('404');
  });

  it('applies the lower of both limits to each token at the very next request', async () => {
    const { token } = await warmToken({ limits: { rpm: 100 } });
    await edit({ limits: { rpm: 2 } });
    expect((await send(token)).status).toBe(200);
    expect((await send(token)).status).toBe(429);
    const other = await warmToken({ limits: { rpm: 1 } });
    expect((await send(other.token)).status).toBe(429);
    await edit({ limits: {} });
    expect((await send(token)).status).toBe(200);
    expect((await send(other.token)).status).toBe(429);
  });

  it('applies a new price to the very next request, also in another isolate', async () => {
    const { id, token } = await warmToken();
    const before = await spentOf(id);
    await editElsewhere({ priceMultiplierMillionths: 2_500_000 });
    expect((await send(token)).status).toBe(200);
    expect((await spentOf(id)) - before).toBe(before * 2.5);
    await editElsewhere({ priceMultiplierMillionths: 0 });
    const sum = await spentOf(id);
    expect((await send(token)).status).toBe(200);
    expect(await spentOf(id)).toBe(sum);
  });

  it('binds the group’s tokens to channels, also in another isolate', async () => {
    const { id } = await relay.channel({ name: 'x', provider: 'openai', keys: ['k'], models: ['other'] });
    const { token } = await warmToken();
    await editElsewhere({ channels: [id] });
    expect((await send(token)).status).toBe(404);
    await editElsewhere({ channels: [] });
    expect((await send(token)).status).toBe(200);
  });

  it('reaches ledgers without notification as soon as the isolate has read the catalog', async () => {
    const { id, token } = await warmToken();
    // The state that an edit leaves that notifies too many tokens for one call, or whose call was aborted.
    await env.DB.prepare(`UPDATE groups SET models = '["claude-*"]', version = version + 1 WHERE name = ?`)
      .bind(group)
      .run();
    expect((await send(token)).status).toBe(200);
    // Any write through this isolate reloads its catalog.
    await relay.manage('PUT', '/prices/some-model', { input: 1, output: 1 });
    expectRefusal(await send(token), 'openai', refusals.modelNotAllowed);
    expect((await relay.manage('GET', `/tokens/${id}`)).body.group).toBe(group);
  });

  it('counts versions across groups for a token that moves between them', async () => {
    const { id, token } = await warmToken();
    await edit({ limits: { rpm: 50 } });
    await edit({ limits: {} });
    await relay.manage('POST', '/groups', { name: `${group}-narrow`, models: ['claude-*'] });
    await relay.manage('PATCH', `/tokens/${id}`, { group: `${group}-narrow` });
    expectRefusal(await send(token), 'openai', refusals.modelNotAllowed);
    await relay.manage('PATCH', `/tokens/${id}`, { group });
    expect((await send(token)).status).toBe(200);
  });
});

async function spentOf(id: string): Promise<number> {
  const { body } = await relay.manage('GET', `/tokens/${id}`);
  return Math.round(body.spent_usd * 1e9);
}

describe('/api/groups', () => {
  const status = async (method: string, path: string, body?: unknown) => {
    const reply = await relay.fetch(`/api${path}`, {
      method,
      headers: { authorization: `Bearer ${env.ADMIN_KEY}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: reply.body };
  };

  it('creates, reads, lists in pages, edits and deletes groups', async () => {
    const fields = { price_multiplier: 1.5, models: ['gpt-*'], limits: { rpm: 5, tpm: null } };
    const whole = { price_multiplier: 1.5, models: ['gpt-*'], channels: [], limits: { rpm: 5 } };
    const name = `${group}.x`;
    expect((await relay.manage('POST', '/groups', { name, ...fields })).body).toEqual({ name, ...whole });
    expect((await relay.manage('GET', `/groups/${name}`)).body).toEqual({ name, ...whole });
    const { body } = await relay.manage('PATCH', `/groups/${name}`, { limits: null });
    expect(body).toEqual({ name, ...whole, limits: {} });
    const names: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await relay.manage('GET', `/groups?limit=1${cursor && `&cursor=${cursor}`}`);
      names.push(...page.body.data.map((row: { name: string }) => row.name));
      cursor = page.body.next_cursor;
    }
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['default', group, name]));
    await relay.manage('DELETE', `/groups/${name}`);
    expect((await status('GET', `/groups/${name}`)).status).toBe(404);
  });

  it('refuses to delete a group that is in use, and `default`', async () => {
    const { id } = await relay.token({ group });
    expect((await status('DELETE', `/groups/${group}`)).status).toBe(409);
    await relay.manage('DELETE', `/tokens/${id}`);
    const channel = await relay.channel({
      name: 'x',
      provider: 'openai',
      keys: ['k'],
      models: ['m'],
      groups: [group],
    });
    const refused = await status('DELETE', `/groups/${group}`);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining(channel.id)]);
    await relay.manage('DELETE', `/channels/${channel.id}`);
    expect((await status('DELETE', `/groups/${group}`)).status).toBe(204);
    expect((await status('DELETE', `/groups/${group}`)).status).toBe(404);
    expect((await status('DELETE', '/groups/default')).status).toBe(409);
  });

  it('names the invalid field of a group', async () => {
    const wrong: [object, string][] = [
      [{ name: 'a b' }, 'name'],
      [{ name: 'a'.repeat(managementLimits.groupCharacters + 1) }, 'name'],
      [{ name: 'ok', price_multiplier: 0.1234567 }, 'price_multiplier'],
      [{ name: 'ok', price_multiplier: -1 }, 'price_multiplier'],
      [{ name: 'ok', channels: ['ch_none'] }, 'channels'],
      [{ name: 'ok', limits: { rpm: 0 } }, 'limits.rpm'],
    ];
    for (const [fields, field] of wrong) {
      const { status: code, body } = await status('POST', '/groups', fields);
      expect([code, body.errors?.[0]?.field], JSON.stringify(fields)).toEqual([400, field]);
    }
    expect((await status('POST', '/groups', { name: group })).status).toBe(409);
  });

  it('rejects a token of an unknown group with a 400', async () => {
    const made = await status('POST', '/tokens', { name: 't', group: 'nobody' });
    expect([made.status, made.body.errors[0].field]).toEqual([400, 'group']);
    const { id } = await relay.token();
    expect((await status('PATCH', `/tokens/${id}`, { group: 'nobody' })).status).toBe(400);
  });
});
