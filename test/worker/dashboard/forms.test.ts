// Forms that a browser's own checks did not hold back, that came late, or twice over: nothing is changed that was not
// meant, and nothing that was typed is lost.
import { expect, it } from 'vitest';
import { openDashboard, type Person } from './open-dashboard.ts';

const noNumbers = ['abc', '1,5', '1e999', 'NaN', '-'];

async function tokenOf(person: Person, fields: object = {}): Promise<string> {
  return (await person.api('POST', '/tokens', { name: 'x', quota_usd: 5, ...fields })).body.id;
}

it('takes no limit away from a token because what was typed is no number', async () => {
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

it('tops a token up by an amount, and by nothing else', async () => {
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

/** The fields of a page's form as a browser would send them. */
function fieldsOf(html: string): Record<string, string> {
  const text = (raw = '') => raw.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
  const form = /<main.*?<form method="post"[^>]*>(.*?)<\/form>/s.exec(html)?.[1] ?? '';
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

it('edits what was changed on the page, and leaves what somebody else changed meanwhile', async () => {
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
  // One that is wrong first: what the page was shown with is not forgotten over it.
  const wrong = await admin.post(address, { ...fields, name: '', rpm: '' });
  expect(wrong.status).toBe(400);
  expect((await admin.post(address, { ...fieldsOf(wrong.text), name: 'renamed' })).status).toBe(303);
  const after = (await admin.api('GET', `/tokens/${id}`)).body;
  expect(after).toMatchObject({ ...elsewhere, name: 'renamed', limits: {} });
});

it('does so in the forms of groups and channels too', async () => {
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

it('says what is wrong with a field in words for people', async () => {
  const { admin } = await openDashboard();
  const ask = async (body: object) => (await admin.api('POST', '/tokens', body)).body.errors[0].message;
  expect(await ask({})).toBe('is missing');
  expect(await ask({ name: 5 })).toBe('must be text');
  expect(await ask({ name: 'x'.repeat(201) })).toBe('must have at most 200 characters');
  expect(await ask({ name: 'x', quota_usd: '5' })).toBe('must be a number');
  expect(await ask({ name: 'x', limits: { rpm: 1.5 } })).toBe('must be a whole number');
  expect(await ask({ name: 'x', limits: { rpm: 2_000_000_000 } })).toBe('must be at most 1,000,000,000');
  expect(await ask({ name: 'x', models: 'gpt-4o' })).toBe('must be a list');
  expect(await ask({ name: 'x', status: 'on' })).toBe('must be one of active, disabled');
  expect(await ask({ name: ' ' })).toBe('must not be empty');
  const status = (await admin.api('GET', '/logs?status=abc')).body.errors[0].message;
  expect(status).toBe('must be a number');
});
