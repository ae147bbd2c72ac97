// A management API on the real D1 and KV, with fake ledgers that record their calls and can be unavailable.
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { alertsOf } from '../../../src/alerts/alerts.ts';
import { AccountStore } from '../../../src/dashboard/accounts/account-store.ts';
import { IdentityStore } from '../../../src/dashboard/accounts/identity-store.ts';
import { PasskeyStore } from '../../../src/dashboard/accounts/passkey-store.ts';
import { managementApi } from '../../../src/dashboard/api/management-api.ts';
import type { ManagementServices } from '../../../src/dashboard/api/services.ts';
import { works } from '../../../src/dashboard/doctor/finding.ts';
import { RelayError } from '../../../src/lib/relay-error.ts';
import { PriceStore } from '../../../src/metering/price-store.ts';
import { ModelOverrideStore } from '../../../src/models/override-store.ts';
import type { AccountStanding } from '../../../src/quota/account-budget.ts';
import type { AccountLedgers } from '../../../src/quota/account-client.ts';
import { compareVersions } from '../../../src/quota/policy.ts';
import type { Audit, Balance, Ledgers } from '../../../src/quota/quota.ts';
import { AliasStore } from '../../../src/routing/alias-store.ts';
import { GroupStore } from '../../../src/routing/group-store.ts';
import { everything } from '../../../src/routing/model-directory.ts';
import { RoutingStore } from '../../../src/routing/store.ts';
import { TokenCache } from '../../../src/tokens/cache.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import type { TokenPolicy } from '../../../src/tokens/token.ts';

export const adminKey = 'admin-key-of-the-tests';

/** Stores policies as a real ledger does: ignores older and equal versions, and keeps deletions. */
class FakeLedgers implements Ledgers {
  readonly policies = new Map<string, TokenPolicy>();
  readonly spent = new Map<string, number>();
  readonly calls: string[] = [];
  away = false;

  async configure(policy: TokenPolicy): Promise<void> {
    this.answer(`configure ${policy.tokenId} ${policy.status}`);
    const before = this.policies.get(policy.tokenId);
    if (before !== undefined && (before.status === 'deleted' || compareVersions(before, policy) >= 0)) return;
    this.policies.set(policy.tokenId, policy);
  }

  async restore(policy: TokenPolicy, spentNanoUsd: number): Promise<boolean> {
    await this.configure(policy);
    if (spentNanoUsd < (this.spent.get(policy.tokenId) ?? 0)) return false;
    this.spent.set(policy.tokenId, spentNanoUsd);
    return true;
  }

  async balance(tokenId: string): Promise<Balance> {
    this.answer(`balance ${tokenId}`);
    const spentNanoUsd = this.spent.get(tokenId) ?? 0;
    return {
      spentNanoUsd,
      reservedNanoUsd: 250_000_000,
      open: 1,
      budgetSpentNanoUsd: 0,
      budgets: [],
      unspentAllocation: null,
      lastUsedAtMs: null,
    };
  }

  async audit(tokenId: string): Promise<Audit> {
    this.answer(`audit ${tokenId}`);
    const spentNanoUsd = this.spent.get(tokenId) ?? 0;
    return { spentNanoUsd, carriedNanoUsd: 0, pending: [], pendingRows: 0 };
  }

  async deliverLog(tokenId: string): Promise<void> {
    this.answer(`deliverLog ${tokenId}`);
  }

  answer(call: string): void {
    this.calls.push(call);
    if (this.away) throw new RelayError('service_unavailable', 'the ledger is away');
  }
}

/** Remembers the spend of account budgets. Calls are recorded in the tokens' own list and fail with them. */
class FakeAccountLedgers implements AccountLedgers {
  readonly standings = new Map<string, AccountStanding>();
  private readonly answer: (call: string) => void;

  constructor(answer: (call: string) => void) {
    this.answer = answer;
  }

  async configure(accountId: string): Promise<void> {
    this.answer(`configure-account ${accountId}`);
  }

  async standing(accountId: string): Promise<AccountStanding> {
    this.answer(`account-standing ${accountId}`);
    return this.standings.get(accountId) ?? { spentNanoUsd: 0, periodStartMs: 0 };
  }

  async spending(accountId: string): Promise<number> {
    return (await this.standing(accountId)).spentNanoUsd;
  }

  async restore(accountId: string, _: unknown, standing: AccountStanding): Promise<void> {
    this.answer(`restore-account ${accountId}`);
    this.standings.set(accountId, standing);
  }
}

/** The relay of one test. Call it with a path below /api, a method and a JSON body. */
export function relay(overrides: Partial<ManagementServices> = {}) {
  const ledgers = new FakeLedgers();
  const accountLedgers = new FakeAccountLedgers((call) => ledgers.answer(call));
  const events: string[] = [];
  const clock = { nowMs: Date.parse('2026-11-01T12:00:00Z') };
  const services: ManagementServices = {
    version: '1.2.3',
    adminKey,
    encryptionKey: 'encryption-key-of-the-tests',
    encryptionKeys: { seal: 'encryption-key-of-the-tests', open: ['encryption-key-of-the-tests'] },
    logRetentionMs: null,
    db: env.DB,
    accounts: new AccountStore(env.DB),
    passkeys: new PasskeyStore(env.DB),
    identities: new IdentityStore(env.DB),
    tokens: new TokenStore(env.DB),
    routing: new RoutingStore(env.DB),
    groups: new GroupStore(env.DB),
    aliases: new AliasStore(env.DB),
    prices: new PriceStore(env.DB),
    modelOverrides: new ModelOverrideStore(env.DB),
    directory: {
      names: async () => [],
      list: async () => ({ models: [], total: 0 }),
      audienceOfGroup: async () => everything,
    },
    ledgers,
    accountLedgers,
    tokenCache: new TokenCache(env.CACHE, (event) => events.push(event)),
    onChannelsChanged: async () => void events.push('channels-changed'),
    testChannel: async (_id, model) => ({ ok: false, status: 401, latency_ms: 12, error: `no ${model}` }),
    discoverModels: async (id) => ({ models: [`a model of ${id}`] }),
    channelHealth: async () => ({}),
    resetChannelHealth: async () => undefined,
    diagnose: async () => [works('ledger', 'A reservation was made.')],
    alerts: alertsOf(env.HEALTH),
    allowPrivateWebhooks: false,
    report: (event) => events.push(event),
    now: () => clock.nowMs++,
    ...overrides,
  };
  const app = new Hono().route('/api', managementApi(services));
  return { app, ledgers, accountLedgers, events, services, clock, call: caller(app) };
}

/** The parts of a response that tests check; `body` is parsed JSON, or null. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  body: any;
}

function caller(app: Hono) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await app.request(`https://relay.test/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  };
}

/** Empties the tables that tests write. */
export async function emptyDatabase(): Promise<void> {
  const tables = [
    'passkeys',
    'identities',
    'sessions',
    'access_keys',
    'invites',
    'login_tries',
    'audit',
    'token_hashes',
    'tokens',
    'channels',
    'prices',
    'model_aliases',
    'logs',
    'usage_hourly',
    'usage_daily',
    'usage_totals',
    'usage_dirty',
    'usage_served',
    'usage_served_daily',
    'request_log',
    'log_blocks',
    'log_times',
    'log_postings',
    'log_late',
  ];
  const others = [
    `DELETE FROM accounts WHERE id <> 'acc_admin'`,
    `UPDATE accounts SET name = 'Admin', email = NULL, password = NULL WHERE id = 'acc_admin'`,
    `DELETE FROM groups WHERE name <> 'default'`,
  ];
  const all = [...tables.map((table) => `DELETE FROM ${table}`), ...others];
  await env.DB.batch(all.map((sql) => env.DB.prepare(sql)));
}
