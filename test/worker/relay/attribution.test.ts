// For whom and for what a request was, in its row, in filters, and in sums.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { attributedUsage } from '../../../src/metering/attributed-usage-log.ts';
import { type OpenRelay, openRelay, type Reply } from '../routes/open-relay.ts';

let relay: OpenRelay;

beforeEach(async () => {
  relay = openRelay();
  await relay.channel({ name: 'a', provider: 'anthropic', keys: ['k'], models: ['claude-*'] });
  relay.upstream = () =>
    Response.json({
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1_000, output_tokens: 10 },
    });
});

const send = (token: string, fields: object, headers: Record<string, string> = {}): Promise<Reply> =>
  relay.fetch('/v1/messages', {
    method: 'POST',
    headers: { 'x-api-key': token, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
      ...fields,
    }),
  });

const claudeCode = (session: string, device = 'd1') => ({
  metadata: { user_id: JSON.stringify({ device_id: device, account_uuid: '', session_id: session }) },
});

it('is in the row, in filters, and in sums, from the log alone', async () => {
  const { id, token } = await relay.token({ tags: ['project=apollo'], note: 'For the team.' });
  const replies = [
    await send(token, claudeCode('s-1'), { 'x-relay-tags': 'project=evil, env=prod' }),
    await send(token, claudeCode('s-2')),
    await send(token, claudeCode('s-2', 'd2')),
    await send(token, { max_tokens: 'wrong', user: 'someone' }, { 'x-relay-tags': 'env=test' }),
  ];
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 400]);
  await runDurableObjectAlarm(env.LEDGER.get(env.LEDGER.idFromName(id)));
  const rows = (await relay.manage('GET', '/logs')).body.data.toReversed();
  expect(
    rows.map(({ end_user, session, tags }: Record<string, unknown>) => [end_user, session, tags]),
  ).toEqual([
    ['d1', 's-1', ['project=apollo', 'env=prod']],
    ['d1', 's-2', ['project=apollo']],
    ['d2', 's-2', ['project=apollo']],
    ['someone', null, ['project=apollo', 'env=test']],
  ]);
  const count = async (query: string) => (await relay.manage('GET', `/logs?${query}`)).body.data.length;
  expect(await count('end_user=d1')).toBe(2);
  expect(await count('session=s-2')).toBe(2);
  expect(await count('tag=env%3Dprod')).toBe(1);
  const sums = async (query: string) => {
    const { body } = await relay.manage('GET', `/usage?group_by=${query}`);
    expect(body.examined_from).toBeNull();
    return body.data.map((row: Record<string, unknown>) => [
      row.key,
      row.second_key,
      row.requests,
      row.errors,
    ]);
  };
  expect(await sums('end_user')).toEqual([
    ['d1', null, 2, 0],
    ['d2', null, 1, 0],
    ['someone', null, 1, 1],
  ]);
  expect(await sums(`session,model&token=${id}`)).toEqual([
    ['s-2', 'claude-sonnet-4-5', 2, 0],
    ['s-1', 'claude-sonnet-4-5', 1, 0],
    ['', 'claude-sonnet-4-5', 1, 1],
  ]);
  expect(await sums('tag:env')).toEqual([
    ['', null, 2, 0],
    ['prod', null, 1, 0],
    ['test', null, 1, 1],
  ]);
  expect(await sums('end_user&token=other')).toEqual([]);
  const csv = await relay.manage('GET', '/usage.csv?group_by=end_user');
  expect(csv.text.split('\r\n')[0]).toMatch(/^end_user,requests/);
});

it('examines the newest rows of a range, and says from when on', async () => {
  await env.DB.exec('DELETE FROM request_log');
  const { id, token } = await relay.token();
  for (const user of ['old', 'new', 'newest']) await send(token, { metadata: { user_id: user } });
  await runDurableObjectAlarm(env.LEDGER.get(env.LEDGER.idFromName(id)));
  const query = { groupBy: ['end_user'] as const, fromMs: 0, toMs: Date.now() + 1_000 };
  const two = await attributedUsage(env.DB, query, 2);
  expect(two.sums.map(({ key }) => key)).toEqual(['new', 'newest']);
  expect(two.examinedFromMs).toBeGreaterThan(0);
  const three = await attributedUsage(env.DB, query, 3);
  expect([three.sums.length, three.examinedFromMs]).toEqual([3, null]);
});

it('keeps tags, note, and include_cost of a token through edits, exports, and imports', async () => {
  const fields = { tags: ['project=apollo', 'env=prod'], note: 'For the team.', include_cost: true };
  const { id, ...made } = await relay.token(fields);
  expect(made).toMatchObject(fields);
  await relay.manage('PATCH', `/tokens/${id}`, { note: 'Else.' });
  const exported = (await relay.manage('GET', '/export')).body;
  await relay.manage('PATCH', `/tokens/${id}`, { tags: null, note: null, include_cost: false });
  const { body: emptied } = await relay.manage('GET', `/tokens/${id}`);
  expect(emptied).toMatchObject({ tags: [], note: '', include_cost: false });
  const [token] = exported.tokens.filter((each: { id: string }) => each.id === id);
  await relay.manage('POST', '/import', { ...exported, tokens: [{ ...token, version: 9 }] });
  expect((await relay.manage('GET', `/tokens/${id}`)).body).toMatchObject({ ...fields, note: 'Else.' });
});

it('refuses tags without a value, too many, too long, or with one key twice', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`);
  await relay.token({ tags: many(10) });
  await relay.token({ tags: [`k=${'v'.repeat(62)}`] });
  for (const tags of [many(11), [`k=${'v'.repeat(63)}`], ['a'], ['=a'], ['a='], ['a=b,c=d'], ['a=1', 'a=2']])
    await expect(relay.token({ tags })).rejects.toThrow(/400/);
  await relay.token({ note: 'x'.repeat(1_000) });
  await expect(relay.token({ note: 'x'.repeat(1_001) })).rejects.toThrow(/400/);
});
