// The log's page says why a request failed: in the list, and with each attempt in the details.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { openDashboard } from './open-dashboard.ts';

const attempt = { channelId: 'ch_1', keyId: 'key_1', durationMs: 12 };

it('shows the reason to everybody who sees the row, and what upstreams said to admins only', async () => {
  const { admin, member, other } = await openDashboard();
  const failed = {
    id: 'req_failed',
    accountId: 'acc_bob',
    createdAtMs: Date.now() - 1_000,
    status: 502,
    errorCode: 'upstream_error',
    errorClass: 'upstream',
    errorMessage: 'HTML page, status 502: <b>Bad Gateway</b>',
    attempts: [
      { ...attempt, status: 401, error: 'status 401', message: 'Incorrect API key provided: …' },
      { ...attempt, status: 404, error: null, message: 'No such model' },
    ],
  } as const;
  await appendRows(env.DB, [logRow({ ...failed, attempts: [...failed.attempts] })]);
  for (const path of ['/dashboard/logs', '/dashboard/logs/req_failed']) {
    const { text } = await admin.get(path);
    expect(text).toContain('HTML page, status 502: &lt;b&gt;Bad Gateway&lt;/b&gt;');
    expect(text).toContain('upstream_error · provider error');
    expect(text).toContain('href="/docs/errors#upstream_error"');
    expect(text).toContain('Incorrect API key provided: …');
    expect(text).toMatch(/badge bad">404/);
    const own = (await member.get(path)).text;
    expect(own).toContain('HTML page, status 502');
    expect(own).not.toContain('Incorrect API key');
    expect((await other.get(path)).text).not.toContain('HTML page');
  }
  const row = async (person: typeof admin) => (await person.api('GET', '/logs/req_failed')).body;
  expect((await row(admin)).attempts[1].message).toBe('No such model');
  expect((await row(member)).attempts[1].message).toBeNull();
});
