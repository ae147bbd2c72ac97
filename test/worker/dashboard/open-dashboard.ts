// The whole Worker with signed-in accounts: an admin and two members, each with a session cookie.

import { env } from 'cloudflare:workers';
import { scryptSync } from 'node:crypto';
import { AccountStore } from '../../../src/dashboard/accounts/account-store.ts';
import type { Env } from '../../../src/env.ts';
import { emptyDatabase } from '../api/relay.ts';
import { type OpenRelay, openRelay, type Reply } from '../routes/open-relay.ts';

export const origin = 'https://relay.test';
export const password = 'a good enough password';

export interface Person {
  accountId: string;
  /** The session cookie, as the browser sends it. */
  cookie: string;
  get(path: string): Promise<Reply>;
  /** Posts a form as the page does. */
  post(path: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Reply>;
  /** Calls the management API as a dashboard page does. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

/** Creates the accounts and signs them in; `variables` are added to the Worker's environment. */
export async function openDashboard(variables: Partial<Env> = {}) {
  await emptyDatabase();
  const relay = openRelay(variables);
  const admin = await person(relay, 'acc_admin', 'ada@example.com', 'admin');
  const member = await person(relay, 'acc_bob', 'bob@example.com', 'member');
  const other = await person(relay, 'acc_eve', 'eve@example.com', 'member');
  return { relay, admin, member, other, accounts: new AccountStore(env.DB) };
}

async function person(relay: OpenRelay, id: string, email: string, role: string): Promise<Person> {
  await env.DB.prepare(
    `INSERT INTO accounts (id, name, email, role, password, created_at) VALUES (?, ?, ?, ?, ?, 1)
     ON CONFLICT (id) DO UPDATE SET email = excluded.email, password = excluded.password`,
  )
    .bind(id, id, email, role, stored)
    .run();
  const reply = await logIn(relay, email, password);
  const cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? '';
  const send = (method: string, path: string, headers: Record<string, string>, body?: string) =>
    relay.fetch(path, {
      method,
      headers: { cookie, ...headers },
      redirect: 'manual',
      ...(body !== undefined && { body }),
    });
  return {
    accountId: id,
    cookie,
    get: (path) => send('GET', path, {}),
    post: (path, fields = {}, headers = {}) =>
      send('POST', path, { ...form, ...headers }, String(new URLSearchParams(fields))),
    api: (method, path, body, headers = {}) =>
      send(
        method,
        `/api${path}`,
        { ...json, ...headers },
        body === undefined ? undefined : JSON.stringify(body),
      ),
  };
}

/** Stores a password at a thousandth of the usual hashing cost, since every test signs in. */
const stored = storedAtLowCost(password);

function storedAtLowCost(password: string): string {
  const cost = { N: 16, r: 8, p: 1 };
  const salt = Buffer.alloc(16, 's');
  const key = scryptSync(password, salt, 32, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), key.toString('base64')].join('$');
}

const form = { 'content-type': 'application/x-www-form-urlencoded', origin };
const json = { 'content-type': 'application/json', origin };

/** Posts the sign-in form from an address. */
export function logIn(relay: OpenRelay, email: string, password: string, ip = '192.0.2.1'): Promise<Reply> {
  return relay.fetch('/dashboard/login', {
    method: 'POST',
    redirect: 'manual',
    headers: { ...form, 'cf-connecting-ip': ip },
    body: String(new URLSearchParams({ email, password })),
  });
}
