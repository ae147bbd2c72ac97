// The dashboard's pages over a database with 10,000 tokens and the log of million-rows.ts, in this
// process.
import type { Hono } from 'hono';
import type { AlertsRpc } from '../../../src/alerts/alerts.ts';
import { AccountStore } from '../../../src/dashboard/accounts/account-store.ts';
import { IdentityStore } from '../../../src/dashboard/accounts/identity-store.ts';
import { PasskeyStore } from '../../../src/dashboard/accounts/passkey-store.ts';
import { hashOfSecret } from '../../../src/dashboard/accounts/secret-value.ts';
import { dashboard } from '../../../src/dashboard/pages/dashboard.tsx';
import type { PageEnv, PageServices } from '../../../src/dashboard/pages/page-env.ts';
import { PriceStore } from '../../../src/metering/price-store.ts';
import { ModelOverrideStore } from '../../../src/models/override-store.ts';
import type { AccountLedgers } from '../../../src/quota/account-client.ts';
import type { Ledgers } from '../../../src/quota/quota.ts';
import { AliasStore } from '../../../src/routing/alias-store.ts';
import { Catalog } from '../../../src/routing/catalog.ts';
import { GroupStore } from '../../../src/routing/group-store.ts';
import { ModelDirectory } from '../../../src/routing/model-directory.ts';
import { RoutingStore } from '../../../src/routing/store.ts';
import { TokenCache } from '../../../src/tokens/cache.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import { type MillionRows, million, openMillionRows } from './million-rows.ts';

/** The cookie of an admin's session, over http. */
export const session = 'session-of-the-test';
const tokens = 10_000;

export interface DashboardAtScale {
  app: Hono<PageEnv>;
  /** The number of statements that the database has run. */
  questions(): Questions;
  /** Returns the `n` of a statement's only row. */
  count(sql: string): Promise<number>;
  stop(): Promise<void>;
}

export async function openDashboardAtScale(): Promise<DashboardAtScale> {
  const rows = await openMillionRows();
  await clean(rows);
  await fill(rows);
  const { db, count } = counted(rows.db);
  return {
    app: dashboard(servicesOver(db)),
    questions: count,
    count: async (sql) => Number(await rows.db.prepare(sql).first('n')),
    stop: async () => {
      await clean(rows);
      await rows.stop();
    },
  };
}

async function fill(rows: MillionRows): Promise<void> {
  const insertTokens = `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
    INSERT INTO tokens (id, account_id, name, hint, created_at, last_used_at, quota_nano_usd, spent_nano_usd)
    SELECT 'tok_page' || n, 'acc_admin', 'token ' || (n * 7919 % 10007), 'h', n, NULLIF(n * 31 % 997, 0), 1000000, n * 17 % 901000 FROM number`;
  await rows.db.batch([
    rows.db.prepare(insertTokens).bind(tokens),
    rows.db
      .prepare(`INSERT INTO sessions VALUES (?, 'ses_page', 'acc_admin', '', 1, ?)`)
      .bind(hashOfSecret(session), million.lastMs + 86_400_000),
    rows.db.prepare(`INSERT INTO accounts (id, name, role, created_at, budget_nano_usd, budget_period)
      SELECT 'acc_' || value, 'Account ' || value, 'member', 1, 1000000000, 'month' FROM json_each('[0,1,2,3,4]')`),
  ]);
}

async function clean(rows: MillionRows): Promise<void> {
  await rows.db.batch(
    [
      `DELETE FROM tokens WHERE id LIKE 'tok_page%'`,
      'DELETE FROM sessions',
      `DELETE FROM accounts WHERE id <> 'acc_admin'`,
    ].map((sql) => rows.db.prepare(sql)),
  );
}

/** What pages sent to the database. */
interface Questions {
  statements: number;
  /** A batch is one call. */
  calls: number;
}

/** Wraps the database to count its statements and calls. */
function counted(database: D1Database): { db: D1Database; count: () => Questions } {
  let statements = 0;
  let calls = 0;
  const db = new Proxy(database, {
    get: (target, member) => {
      const value = Reflect.get(target, member);
      if (member === 'prepare') {
        statements += 1;
        calls += 1;
      }
      if (member === 'batch')
        return (batched: D1PreparedStatement[]) => {
          calls -= batched.length - 1;
          return target.batch(batched);
        };
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { db, count: () => ({ statements, calls }) };
}

const balance = {
  spentNanoUsd: 0,
  reservedNanoUsd: 0,
  open: 0,
  budgetSpentNanoUsd: 0,
  budgets: [],
  unspentAllocation: null,
  lastUsedAtMs: null,
};

function servicesOver(db: D1Database): PageServices {
  return {
    version: 'test',
    adminKey: 'key',
    encryptionKey: 'key',
    encryptionKeys: { seal: 'key', open: ['key'] },
    db,
    accounts: new AccountStore(db),
    passkeys: new PasskeyStore(db),
    identities: new IdentityStore(db),
    tokens: new TokenStore(db),
    routing: new RoutingStore(db),
    groups: new GroupStore(db),
    aliases: new AliasStore(db),
    prices: new PriceStore(db),
    modelOverrides: new ModelOverrideStore(db),
    directory: new ModelDirectory({
      catalog: { current: () => new Catalog({ channels: [], groups: [], overrides: [], aliases: [] }) },
      modelLists: { namesWithin: async () => Array.from({ length: 300 }, (_, index) => `model-${index}`) },
      now: () => million.lastMs,
      background: () => undefined,
    }),
    ledgers: { balance: async () => balance, deliverLog: async () => undefined } as unknown as Ledgers,
    accountLedgers: {} as unknown as AccountLedgers,
    tokenCache: new TokenCache({} as KVNamespace, () => undefined),
    logRetentionMs: null,
    onChannelsChanged: async () => undefined,
    testChannel: async () => ({ ok: true, status: 200, latency_ms: 1 }),
    discoverModels: async () => ({ models: [] }),
    channelHealth: async () => ({}),
    resetChannelHealth: async () => undefined,
    diagnose: async () => [],
    alerts: { openIncidents: async () => [] } as unknown as AlertsRpc,
    allowPrivateWebhooks: false,
    report: (_event, error) => console.error(error),
    now: () => million.lastMs,
    liveChannels: async () => [],
    unpricedModels: async () => [],
    hasPublicPricing: true,
    callModel: async () => new Response(),
    signIn: { github: null, access: null },
    setupProblems: async () => [],
  };
}
