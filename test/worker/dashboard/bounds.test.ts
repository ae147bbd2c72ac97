// How much of an endless body the dashboard and the management API read.
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { managementLimits } from '../../../src/dashboard/api/limits.ts';
import { openDashboard, origin } from './open-dashboard.ts';

/** Returns a body of a hundred megabytes without a length, and counts how much of it was read. */
function endlessBody() {
  const read = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (read.bytes > 100_000_000) return controller.close();
      read.bytes += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(0x61));
    },
  });
  return { body, read };
}

describe('endless request bodies', () => {
  it.each([
    '/dashboard/login',
    '/dashboard/login/key',
    '/dashboard/login/passkey',
    '/dashboard/setup',
    '/dashboard/invite',
    '/dashboard/language',
  ])('rejects an endless body without a session at %s', async (path) => {
    const { relay } = await openDashboard();
    const { body, read } = endlessBody();
    const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await relay.fetch(path, { method: 'POST', headers, body });
    expect(reply.status).toBe(413);
    expect(reply.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(read.bytes).toBeLessThan(managementLimits.formBytes * 2);
    const declared = { ...headers, 'content-length': '100000000' };
    expect((await relay.fetch(path, { method: 'POST', headers: declared, body: 'a=1' })).status).toBe(413);
  });

  it('rejects an endless body at the management API', async () => {
    const { relay } = await openDashboard();
    const { body, read } = endlessBody();
    const key = { authorization: `Bearer ${env.ADMIN_KEY}`, 'content-type': 'application/json' };
    const reply = await relay.fetch('/api/tokens', { method: 'POST', headers: key, body });
    expect(reply.status).toBe(413);
    expect(read.bytes).toBeLessThan(managementLimits.bodyBytes * 2);
  });
});

describe('bodies that are no form', () => {
  it.each([
    '/dashboard/login',
    '/dashboard/login/key',
    '/dashboard/setup',
    '/dashboard/invite',
    '/dashboard/language',
  ])('rejects a body that is no form at %s as the client’s error', async (path) => {
    const { relay } = await openDashboard();
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      const headers = { origin, 'content-type': type };
      expect((await relay.fetch(path, { method: 'POST', headers, body: 'garbage' })).status).toBe(400);
    }
  });

  it('ignores the files of a form', async () => {
    const { relay, admin } = await openDashboard();
    const body = new FormData();
    body.set('name', 'x');
    body.set('quota_usd', new Blob(['5']), 'five.txt');
    const headers = { origin, cookie: admin.cookie };
    const reply = await relay.fetch('/dashboard/tokens/new', { method: 'POST', headers, body });
    expect([reply.status, reply.text]).toEqual([200, expect.stringContaining('Your new token')]);
  });
});
