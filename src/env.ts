// The Worker's bindings, variables, and secrets, by name.
import type { AiBinding } from './providers/workers-ai.ts';

/**
 * Bindings, variables, and secrets as Cloudflare provides them (wrangler.toml, .dev.vars, secrets). Code that
 * calls a Durable Object names the port that it uses (LedgerRpc, AccountLedgerRpc, HealthRegistryPort): Env
 * knows none of their classes.
 */
export interface Env {
  DB: D1Database;
  CACHE: KVNamespace;
  LEDGER: DurableObjectNamespace;
  ACCOUNTS: DurableObjectNamespace;
  REALTIME: DurableObjectNamespace;
  HEALTH: DurableObjectNamespace;
  ASSETS: Fetcher;
  /** Workers AI, if the deployment has it (wrangler.toml). It runs only on Cloudflare. */
  AI?: AiBinding;
  /** Set by the local host: sends each request on a connection that no other request has used. */
  NEW_CONNECTIONS?: Fetcher;
  /** Set by the local host: a network that refuses private addresses. */
  PUBLIC_NETWORK?: Fetcher;
  ADMIN_KEY?: string;
  ENCRYPTION_KEY?: string;
  /** Set during a rotation of the key (`npm run rotate-encryption-key`): this key seals from now on. */
  ENCRYPTION_KEY_NEXT?: string;
  /** For a rotation by hand: the previous key, which still opens what it sealed. */
  ENCRYPTION_KEY_PREVIOUS?: string;
  OPENAI_API_KEY?: string;
  OPENAI_BASE_URL?: string;
  ANTHROPIC_API_KEY?: string;
  ANTHROPIC_BASE_URL?: string;
  GEMINI_API_KEY?: string;
  GEMINI_BASE_URL?: string;
  /** Set by `npm start` only: the address of the demo upstream. */
  DEMO_BASE_URL?: string;
  /** Set beside it: JSON of the models that it serves, by provider. */
  DEMO_MODELS?: string;
  /** Days that rows of the request log are kept; 0: forever. Unset: 90. */
  LOG_RETENTION_DAYS?: string;
  /** The address that the price table is refreshed from; `off`: only the table in the bundle. */
  PRICES_URL?: string;
  /** Days that responses are stored for channels that cannot store them. Unset or 0: not at all. */
  CONVERSATION_DAYS?: string;
  /** Comma-separated origins that browsers may call from. Unset: every origin. */
  CORS_ORIGINS?: string;
  /** `1`: webhooks may go to private addresses and to http. */
  ALLOW_PRIVATE_WEBHOOKS?: string;
  /** `1`: /pricing shows the models and prices of the default group to everybody. */
  PUBLIC_PRICING?: string;
  /** An OAuth app of GitHub that people sign in to the dashboard with. */
  GITHUB_CLIENT_ID?: string;
  GITHUB_CLIENT_SECRET?: string;
  /** The address of a GitHub Enterprise Server. Unset: https://github.com. */
  GITHUB_BASE_URL?: string;
  /**
   * Cloudflare Access in front of the dashboard: `https://TEAM.cloudflareaccess.com`, and the application's AUD
   * tag.
   */
  ACCESS_TEAM_DOMAIN?: string;
  ACCESS_AUD?: string;
}
