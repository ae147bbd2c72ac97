// The page about alerts: endpoints are added, tested, edited, and deleted without script; deliveries are sent again.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { alertsOf } from '../../../src/alerts/alerts.ts';
import type { OpenRelay } from '../routes/open-relay.ts';
import { openDashboard, type Person } from './open-dashboard.ts';

const address = '/dashboard/alerts';
const hook = 'https://hooks.acme.dev/relay';
const alerts = alertsOf(env.HEALTH);

let relay: OpenRelay;
let admin: Person;
let member: Person;
let status: number;

beforeEach(async () => {
  for (const { id } of await alerts.endpoints()) await alerts.deleteEndpoint(id);
  const open = await alerts.openIncidents();
  await alerts.report(
    open.map(({ event, subject, facts }) => ({ event, subject, facts, status: 'resolved' })),
  );
  ({ relay, admin, member } = await openDashboard());
  status = 204;
  relay.upstream = () => new Response(null, { status });
});

const add = async (fields: Record<string, string> = {}) =>
  admin.post(`${address}/new`, { url: hook, format: 'json', ...fields });
const onlyEndpoint = async () => (await alerts.endpoints())[0]?.id ?? '';

it('adds an endpoint and shows its secret once', async () => {
  const made = await add({ events: 'channel.down' });
  expect(made.status).toBe(201);
  const [secret] = /whsec_[A-Za-z0-9+/]{43}=/.exec(made.text) ?? [];
  expect(secret).toBeDefined();
  for (const path of [address, `${address}/${await onlyEndpoint()}`]) {
    const { text } = await admin.get(path);
    expect(text).toContain(hook);
    expect(text).not.toContain(String(secret));
  }
  expect(await alerts.endpoints()).toMatchObject([{ url: hook, events: ['channel.down'], format: 'json' }]);
});

it('shows what is wrong beside its field, and keeps what was entered', async () => {
  const refused = await add({ url: 'http://10.0.0.1/', format: 'slack' });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('must begin with https://');
  expect(refused.text).toContain('value="http://10.0.0.1/"');
  expect(refused.text).toMatch(/value="slack" selected/);
});

it('sends a test, and lists and repeats deliveries', async () => {
  await add();
  const page = `${address}/${await onlyEndpoint()}`;
  expect((await admin.post(`${page}/test`)).text).toContain('Test delivered.');
  status = 500;
  const failed = (await admin.post(`${page}/test`)).text;
  expect(failed).toContain('Test not delivered. The endpoint answered 500.');
  const [{ id = '' } = {}] = await alerts.deliveries({ endpointId: null, after: null, limit: 1 });
  expect(failed).toContain(`action="${page}/deliveries/${id}/resend"`);
  const resent = (await admin.post(`${page}/deliveries/${id}/resend`)).text;
  expect(resent).toContain('The delivery will be sent again within seconds.');
  expect(resent).toContain('Pending');
});

it('edits an endpoint, and deletes it after a question', async () => {
  await add();
  const page = `${address}/${await onlyEndpoint()}`;
  expect((await admin.post(page, { url: `${hook}/2`, format: 'discord' })).text).toContain('Endpoint saved.');
  expect(await alerts.endpoints()).toMatchObject([{ url: `${hook}/2`, format: 'discord', events: [] }]);
  expect((await admin.get(`${page}/delete`)).text).toContain('Delete this endpoint?');
  expect(await alerts.endpoints()).toHaveLength(1);
  expect((await admin.post(`${page}/delete`)).headers.get('location')).toBe(address);
  expect(await alerts.endpoints()).toEqual([]);
});

it('lists open incidents here and on the overview, in the language of the reader', async () => {
  const facts = { model: 'gpt-4o', served_model: '<b>gpt-4o-mini</b>', channel_id: 'ch_1' };
  await alerts.report([{ event: 'model.substituted', subject: 'ch_1 gpt-4o', status: 'opened', facts }]);
  for (const path of [address, '/']) {
    const { text } = await admin.get(path);
    expect(text).toContain('Provider answers with another model');
    expect(text).toContain('&lt;b&gt;gpt-4o-mini');
  }
  const chinese = await relay.fetch(address, { headers: { cookie: `${admin.cookie}; oo8_language=zh` } });
  expect(chinese.text).toContain('上游用其他模型作答');
  expect((await member.get('/')).text).not.toContain('gpt-4o-mini');
});

it('is for admins only', async () => {
  expect((await member.get(address)).status).toBe(403);
  expect((await member.api('GET', '/webhook-endpoints')).status).toBe(403);
  expect((await member.api('POST', '/webhook-endpoints', { url: hook })).status).toBe(403);
});

it('keeps the address of a webhook out of the audit log', async () => {
  await admin.api('POST', '/webhook-endpoints', { url: `${hook}/secret-path` });
  expect((await admin.api('GET', '/audit')).text).not.toContain('secret-path');
});
