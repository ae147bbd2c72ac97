// The Worker's bindings, variables and secrets, by name.
import type { AiBinding } from './providers/workers-ai.ts';

/**
 * Bindings, variables and secrets as Cloudflare hands them over (wrangler.toml, .dev.vars, secrets). Whoever calls a Durable
 * Object names the port that it speaks (LedgerRpc, AccountLedgerRpc, HealthBoardPort): Env knows none of their classes.
 */
export interface Env {
  DB: D1Database;
  CACHE: KVNamespace;
  LEDGER: DurableObjectNamespace;
  ACCOUNTS: DurableObjectNamespace;
  REALTIME: DurableObjectNamespace;
  HEALTH: DurableObjectNamespace;
  ASSETS: Fetcher;
  /** Workers AI, if the deployment has it (wrangler.toml): it runs nowhere but on Cloudflare. */
  AI?: AiBinding;
  /** Where the relay runs on a machine of its own: sends each request on a connection that no other request has used. */
  NEW_CONNECTIONS?: Fetcher;
  ADMIN_KEY?: string;
  ENCRYPTION_KEY?: string;
  /** Set while the key is rotated (`npm run rotate-encryption-key`): what is sealed is sealed under this one. */
  ENCRYPTION_KEY_NEXT?: string;
  /** For a rotation by hand: the previous key, which still decrypts what it encrypted. */
  ENCRYPTION_KEY_PREVIOUS?: string;
  OPENAI_API_KEY?: string;
  OPENAI_BASE_URL?: string;
  ANTHROPIC_API_KEY?: string;
  ANTHROPIC_BASE_URL?: string;
  GEMINI_API_KEY?: string;
  GEMINI_BASE_URL?: string;
  /** Set by `npm start` only: where the demo upstream listens. */
  DEMO_BASE_URL?: string;
  /** Beside it: JSON of the models that it serves, by provider. */
  DEMO_MODELS?: string;
  /** Days that rows of the request log are kept; 0: for ever. Unset: 90. */
  LOG_RETENTION_DAYS?: string;
  /** Where the price table is refreshed from; `off`: only the one that the relay comes with. */
  PRICES_URL?: string;
  /** For so many days responses are kept for channels that cannot keep them; unset or 0 is not at all. */
  CONVERSATION_DAYS?: string;
  /** Comma-separated origins that browsers may call from; unset is any. */
  CORS_ORIGINS?: string;
  /** An OAuth app of GitHub, by which people log in to the dashboard. */
  GITHUB_CLIENT_ID?: string;
  GITHUB_CLIENT_SECRET?: string;
  /** Of a GitHub Enterprise Server; unset: https://github.com. */
  GITHUB_BASE_URL?: string;
  /** Cloudflare Access in front of the dashboard: `https://TEAM.cloudflareaccess.com`, and the application's AUD tag. */
  ACCESS_TEAM_DOMAIN?: string;
  ACCESS_AUD?: string;
}
