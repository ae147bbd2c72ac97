// Forms that bypass the browser's checks, arrive late or arrive twice: they change nothing by accident and lose no
// typed value.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { managementLimits } from '../../../src/dashboard/api/limits.ts';
import { openDashboard, type Person } from './open-dashboard.ts';

const noNumbers = ['abc', '1,5', '1e999', 'NaN', '-'];

async function tokenOf(person: Person, fields: object = {}): Promise<string> {
  return (await person.api('POST', '/tokens', { name: 'x', quota_usd: 5, ...fields })).body.id;
}

it('removes no limit of a token when the typed value is no number', async () => {
  const { member } = await openDashboard();
  const fields = ['quota_usd', 'budget_usd', 'rpm', 'tpm', 'concurrency'];
  const limits = { rpm: 3, tpm: 4, concurrency: 5 };
  const id = await tokenOf(member, { budget: { usd: 2, period: 'day' }, limits });
  const before = (await member.api('GET', `/tokens/${id}`)).body;
  const kept = { name: 'x', quota_usd: '5', budget_usd: '2', budget_period: 'day', rpm: '3', tpm: '4' };
  for (const field of fields) {
    for (const typed of noNumbers) {
      const form = { ...kept, concurrency: '5', [field]: typed };
      for (const path of ['/dashboard/tokens/new', `/dashboard/tokens/${id}/edit`]) {
        const reply = await member.post(path, form);
        expect([path, field, typed, reply.status]).toEqual([path, field, typed, 400]);
        expect(reply.text).toMatch(
          new RegExp(`id="help-${field}"[^>]*><strong class="error">must be a number`),
        );
      }
    }
  }
  expect((await member.api('GET', `/tokens/${id}`)).body).toEqual(before);
  expect((await member.api('GET', '/tokens')).body.data).toHaveLength(1);
});

it('tops a token up by an amount, and changes nothing else', async () => {
  const { member } = await openDashboard();
  const id = await tokenOf(member);
  const quota = async () => (await member.api('GET', `/tokens/${id}`)).body.quota_usd;
  for (const amount of [...noNumbers, '', ' ', '0', '-5', '-1', '99000000']) {
    const reply = await member.post(`/dashboard/tokens/${id}/top-up`, { amount });
    expect([amount, reply.status, await quota()]).toEqual([amount, 400, 5]);
    expect(reply.text).toContain('id="help-amount"');
    expect(reply.text).toContain(`value="${amount}"`);
  }
  expect((await member.post(`/dashboard/tokens/${id}/top-up`, { amount: '0.1' })).status).toBe(303);
  expect(await quota()).toBe(5.1);
  await member.api('PATCH', `/tokens/${id}`, { quota_usd: null });
  expect((await member.post(`/dashboard/tokens/${id}/top-up`, { amount: '1' })).status).toBe(400);
  expect(await quota()).toBeNull();
});

/** Returns the fields of a page's first form, or of the one that posts to `action`, as a browser sends them. */
function fieldsOf(html: string, action?: string): Record<string, string> {
  const text = (raw = '') => raw.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
  const [, main = ''] = html.split('<main');
  const forms = [...main.matchAll(/<form ([^>]*method="post"[^>]*)>(.*?)<\/form>/gs)];
  const isMeant = ([, attributes = '']: string[]) => attributes.includes(`action="${action}"`);
  const form = (action === undefined ? forms[0] : forms.find(isMeant))?.[2] ?? '';
  const named = (tag: string) => /name="([^"]*)"/.exec(tag)?.[1] ?? '';
  const inputs = [...form.matchAll(/<input [^>]*>/g)]
    .filter(([tag]) => !tag.includes('type="checkbox"') || / checked/.test(tag))
    .map(([tag]) => [named(tag), text(/ value="([^"]*)"/.exec(tag)?.[1])] as const);
  const areas = [...form.matchAll(/(<textarea [^>]*>)(.*?)<\/textarea>/gs)].map(
    ([, tag = '', value]) => [named(tag), text(value)] as const,
  );
  const selects = [...form.matchAll(/(<select [^>]*>)(.*?)<\/select>/gs)].map(
    ([, tag = '', options = '']) =>
      [named(tag), /<option value="([^"]*)" selected/.exec(options)?.[1] ?? ''] as const,
  );
  return Object.fromEntries([...inputs, ...areas, ...selects]);
}

it('saves what was changed on the page, and keeps concurrent changes of others', async () => {
  const { admin } = await openDashboard();
  const id = await tokenOf(admin, {
    expires_at: '2030-01-01T12:34:56Z',
    models: ['gpt-*'],
    limits: { rpm: 9 },
  });
  const fields = fieldsOf((await admin.get(`/dashboard/tokens/${id}/edit`)).text);
  const elsewhere = { quota_usd: 50, models: ['claude-*'], expires_at: '2031-01-01T00:00:00.000Z' };
  await admin.api('PATCH', `/tokens/${id}`, elsewhere);
  const address = `/dashboard/tokens/${id}/edit`;
  // An invalid form first: the values that the page was rendered with survive it.
  const wrong = await admin.post(address, { ...fields, name: '', rpm: '' });
  expect(wrong.status).toBe(400);
  expect((await admin.post(address, { ...fieldsOf(wrong.text), name: 'renamed' })).status).toBe(303);
  const after = (await admin.api('GET', `/tokens/${id}`)).body;
  expect(after).toMatchObject({ ...elsewhere, name: 'renamed', limits: {} });
});

it('keeps concurrent changes in the forms of groups and channels too', async () => {
  const { admin } = await openDashboard();
  await admin.api('POST', '/groups', { name: 'trial', models: ['gpt-*'] });
  const group = fieldsOf((await admin.get('/dashboard/groups/trial')).text);
  await admin.api('PATCH', '/groups/trial', { price_multiplier: 3 });
  expect((await admin.post('/dashboard/groups/trial', { ...group, rpm: '7' })).status).toBe(303);
  const read = (await admin.api('GET', '/groups/trial')).body;
  expect(read).toMatchObject({ price_multiplier: 3, models: ['gpt-*'], limits: { rpm: 7 } });

  const channel = { name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-*'] };
  const { id } = (await admin.api('POST', '/channels', channel)).body;
  const fields = fieldsOf((await admin.get(`/dashboard/channels/${id}`)).text);
  await admin.api('PATCH', `/channels/${id}`, { enabled: false, settings: { idle_ms: 5_000 }, priority: 4 });
  expect((await admin.post(`/dashboard/channels/${id}`, { ...fields, name: 'renamed' })).status).toBe(303);
  const known = (await admin.api('GET', `/channels/${id}`)).body;
  expect(known).toMatchObject({ name: 'renamed', enabled: false, priority: 4, settings: { idle_ms: 5_000 } });
});

it('explains an invalid field in plain words', async () => {
  const { admin } = await openDashboard();
  const errorFor = async (body: object) => (await admin.api('POST', '/tokens', body)).body.errors[0].message;
  expect(await errorFor({})).toBe('is missing');
  expect(await errorFor({ name: 5 })).toBe('must be text');
  expect(await errorFor({ name: 'x'.repeat(201) })).toBe('must have at most 200 characters');
  expect(await errorFor({ name: 'x', quota_usd: '5' })).toBe('must be a number');
  expect(await errorFor({ name: 'x', limits: { rpm: 1.5 } })).toBe('must be a whole number');
  expect(await errorFor({ name: 'x', limits: { rpm: 2_000_000_000 } })).toBe('must be at most 1,000,000,000');
  expect(await errorFor({ name: 'x', models: 'gpt-4o' })).toBe('must be a list');
  expect(await errorFor({ name: 'x', status: 'on' })).toBe('must be one of active, disabled');
  expect(await errorFor({ name: ' ' })).toBe('must not be empty');
  const status = (await admin.api('GET', '/logs?status=abc')).body.errors[0].message;
  expect(status).toBe('must be a status like 502, or a class like 4xx');
});

it('finds tokens by any part of their name, however long', async () => {
  const { member } = await openDashboard();
  const name = `${'令牌'.repeat(30)} %_ Ünïcode`;
  await tokenOf(member, { name });
  await tokenOf(member, { name: 'another' });
  for (const search of [name, name.slice(0, 40), '%_ Ü', 'x'.repeat(200)]) {
    const reply = await member.api('GET', `/tokens?search=${encodeURIComponent(search)}`);
    expect([reply.status, reply.body.data.map((one: { name: string }) => one.name)]).toEqual([
      200,
      name.includes(search) ? [name] : [],
    ]);
  }
  expect((await member.get(`/dashboard/tokens?search=${'y'.repeat(300)}`)).status).toBe(200);
});

it('rejects names of groups, prices and aliases that no URL can contain', async () => {
  const { admin } = await openDashboard();
  for (const name of ['.', '..']) {
    expect((await admin.api('POST', '/groups', { name })).body.errors[0].field).toBe('name');
  }
  for (const name of ['', ' ', '.', '..']) {
    const price = await admin.post('/dashboard/models/prices', { model: name, input: '1', output: '2' });
    expect([price.status, price.text]).toEqual([
      400,
      expect.stringMatching(/id="help-model"><strong class="error">/),
    ]);
    expect(price.text).not.toContain('There is nothing at this path');
    const alias = await admin.post('/dashboard/models/aliases', { alias: name, alias_models: 'gpt-4o' });
    expect([alias.status, alias.text]).toEqual([
      400,
      expect.stringMatching(/id="help-alias"><strong class="error">/),
    ]);
    expect(alias.text).toContain('gpt-4o</textarea>');
  }
});

it('shows the whole price to edit, and keeps the untouched parts', async () => {
  const { admin } = await openDashboard();
  const price = { input: 2.5, output: 10, cache_write: 3.125, web_search: 0.01, audio_hour: 0.36 };
  await admin.api('PUT', '/prices/gpt-4o', price);
  const list = (await admin.get('/dashboard/models/prices')).text;
  expect(list).toContain('href="/dashboard/models/prices?model=gpt-4o"');
  for (const shown of ['$3.125', '$0.01', '$0.36']) expect(list).toContain(shown);
  const form = fieldsOf(
    (await admin.get('/dashboard/models/prices?model=gpt-4o')).text,
    '/dashboard/models/prices',
  );
  expect(form).toMatchObject({ model: 'gpt-4o', input: '2.5', cache_write: '3.125', image: '' });
  expect(
    (await admin.post('/dashboard/models/prices', { ...form, output: '11', web_search: '' })).status,
  ).toBe(303);
  const { model, updated_at, ...after } = (await admin.api('GET', '/prices')).body.data[0];
  expect(after).toEqual({ input: 2.5, output: 11, cache_write: 3.125, audio_hour: 0.36 });
  const wrong = await admin.post('/dashboard/models/prices', { ...form, web_search: '1,5' });
  expect(wrong.text).toMatch(/id="help-web_search"[^>]*><strong class="error">must be a number/);
  expect(wrong.text).toContain('value="1,5"');
});

it('keeps the typed values when an invitation, a key or a budget is refused, and explains why beside the field', async () => {
  const { admin } = await openDashboard();
  const long = 'n'.repeat(201);
  const invite = await admin.post('/dashboard/people/invite', { name: long, role: 'admin' });
  expect([invite.status, fieldsOf(invite.text, '/dashboard/people/invite')]).toEqual([
    400,
    { name: long, role: 'admin' },
  ]);
  expect(invite.text).toMatch(/id="help-name"><strong class="error">must have at most 200 characters/);
  const key = await admin.post('/dashboard/account/keys', { name: long });
  expect([key.status, fieldsOf(key.text, '/dashboard/account/keys').name]).toEqual([400, long]);
  const path = '/dashboard/people/acc_bob';
  const budget = await admin.post(path, { budget_usd: '-3', budget_period: 'week' });
  expect([budget.status, fieldsOf(budget.text, path)]).toEqual([
    400,
    { budget_usd: '-3', budget_period: 'week' },
  ]);
  expect(budget.text).toMatch(/role="alert"[^>]*>acc_bob: must not be negative/);
});

it('shows the price of a model that is not charged by tokens, instead of free', async () => {
  const { relay, admin } = await openDashboard();
  const models = ['whisper-1', 'tts-1', 'gpt-4o', 'omni-moderation-latest', 'own-by-the-image'];
  await relay.channel({ name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models });
  await admin.api('PUT', '/prices/own-by-the-image', { input: 0, output: 0, image: 0.04 });
  const text = (await admin.get('/dashboard/models')).text.replaceAll(/ data-label="[^"]*"/g, '');
  const rowOf = (model: string) =>
    new RegExp(`<code id="model-\\d+">${model}</code>(.*?)</tr>`, 's').exec(text)?.[1] ?? '';
  expect(rowOf('whisper-1')).toMatch(/<small>Hour of audio: \$0\.\d+<\/small>/);
  expect(rowOf('tts-1')).toMatch(/<small>1M characters of speech: \$15\.00<\/small>/);
  expect(rowOf('own-by-the-image')).toContain('<small>Image: $0.04</small>');
  for (const model of ['whisper-1', 'tts-1', 'own-by-the-image']) {
    expect([model, rowOf(model).includes('$0.00')]).toEqual([model, false]);
  }
  expect(rowOf('gpt-4o')).toContain('<td class="number">$10.00</td>');
  expect(rowOf('omni-moderation-latest')).toContain('<td class="number">$0.00</td>');
});

it('shows every price, channel and group, however many pages there are', async () => {
  const { admin } = await openDashboard();
  const many = managementLimits.pageRows + 5;
  const numbers = Array.from({ length: many }, (_, index) => String(index).padStart(3, '0'));
  const insert = (sql: string) => env.DB.batch(numbers.map((number) => env.DB.prepare(sql).bind(number)));
  await insert(`INSERT INTO groups (name) VALUES ('g-' || ?)`);
  await insert(
    `INSERT INTO prices (model, price, updated_at) VALUES ('p-' || ?, '{"input":1,"output":1}', 1)`,
  );
  await insert(
    `INSERT INTO channels (id, name, provider, created_at, updated_at) VALUES ('ch_' || ?1, 'c-' || ?1, 'openai', 1, 1)`,
  );
  await admin.api('PUT', '/prices/z-last', { input: 1, output: 2, web_search: 3 });
  const last = numbers.at(-1);
  expect((await admin.get('/dashboard/models/prices')).text).toContain('<code>z-last</code>');
  const price = (await admin.get('/dashboard/models/prices?model=z-last')).text;
  expect(fieldsOf(price, '/dashboard/models/prices')).toMatchObject({ model: 'z-last', web_search: '3' });
  expect((await admin.get('/dashboard/channels')).text).toContain(`c-${last}</a>`);
  expect((await admin.get('/dashboard/groups/new')).text).toContain(`c-${last}</label>`);
  for (const path of ['/dashboard/tokens/new', '/dashboard/channels/new']) {
    expect((await admin.get(path)).text).toContain(`value="g-${last}"`);
  }
});

it('explains on the page why a log filter is invalid, and offers no CSV file', async () => {
  const { admin } = await openDashboard();
  const wrong = 'from=2026-02-02&to=2026-01-01';
  expect((await admin.get(`/dashboard/logs?${wrong}`)).text).not.toContain('/dashboard/logs/csv');
  const file = await admin.get(`/dashboard/logs/csv?${wrong}`);
  expect([file.status, file.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
  expect(file.text).toContain('must not be after');
  expect((await admin.get('/dashboard/logs')).text).toContain('/dashboard/logs/csv');
  expect((await admin.get('/dashboard/logs/csv')).headers.get('content-type')).toContain('text/csv');
});

it('saves the channel order that was changed on the page, and keeps concurrent changes', async () => {
  const { admin } = await openDashboard();
  const channel = { provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['m'] };
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c'])
    ids.push((await admin.api('POST', '/channels', { ...channel, name })).body.id);
  const [a, b, c] = ids;
  const order = fieldsOf((await admin.get('/dashboard/channels')).text, '/dashboard/channels/order');
  await admin.api('PATCH', `/channels/${b}`, { priority: 7, weight: 5 });
  const explained = Object.fromEntries(
    ids.flatMap((id) => [
      [`priority-${id}`, '0'],
      [`weight-${id}`, '1'],
    ]),
  );
  const sent = { ...order, ...explained, [`priority-${a}`]: '3', [`weight-${c}`]: '2' };
  expect((await admin.post('/dashboard/channels/order', sent)).status).toBe(303);
  const { data } = (await admin.api('GET', '/channels')).body;
  const now = Object.fromEntries(
    data.map(({ id, priority, weight }: { id: string; priority: number; weight: number }) => [
      id,
      [priority, weight],
    ]),
  );
  expect(now).toEqual({ [a ?? '']: [3, 1], [b ?? '']: [7, 5], [c ?? '']: [0, 2] });
});

it('sets and shows what a token adds to its requests, and filters the log by it', async () => {
  const { member } = await openDashboard();
  const form = { name: 'x', tags: 'project=apollo\nenv=prod', note: 'For <the> team.', include_cost: '1' };
  expect((await member.post('/dashboard/tokens/new', form)).status).toBe(200);
  const [{ id, ...token }] = (await member.api('GET', '/tokens')).body.data;
  const set = { tags: ['project=apollo', 'env=prod'], note: 'For <the> team.', include_cost: true };
  expect(token).toMatchObject(set);
  const details = (await member.get(`/dashboard/tokens/${id}`)).text;
  expect(details).toContain('project=apollo, env=prod');
  expect(details).toContain('For &lt;the&gt; team.');
  const edit = (await member.get(`/dashboard/tokens/${id}/edit`)).text;
  expect(edit).toContain('project=apollo\nenv=prod');
  const wrong = await member.post(`/dashboard/tokens/${id}/edit`, { ...form, tags: 'apollo' });
  expect([wrong.status, wrong.text.includes('must be `key=value`')]).toEqual([400, true]);
  const filtered = await member.get('/dashboard/logs?end_user=nobody&session=s&tag=env%3Dprod');
  expect(filtered.status).toBe(200);
  for (const value of ['nobody', 'env=prod']) expect(filtered.text).toContain(`value="${value}"`);
});
