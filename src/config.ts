// The Worker's environment, read once and frozen. Nothing else reads the variables that env.ts names.

import type { Env } from './env.ts';
import { type EncryptionKeys, encryptionKeysOf } from './lib/encryption-keys.ts';

/**
 * Names of the variables and secrets in Env that an operator sets. Bindings, and what `npm start` sets itself,
 * are not among them.
 */
type VariableName = {
  [Name in keyof Env]-?: NonNullable<Env[Name]> extends string
    ? Name extends `DEMO_${string}`
      ? never
      : Name
    : never;
}[keyof Env];

/** What the documentation says about a variable (`npm run docs`). */
export interface VariableText {
  /** What holds when it is not set. */
  readonly default: string;
  readonly text: string;
}

const providerKey = (provider: string): VariableText => ({
  default: 'unset',
  text: `A key of ${provider}. Makes a channel for that provider's own model names, without any setup.`,
});

const providerAddress = (name: string): VariableText => ({
  default: "the provider's own",
  text: `The address that requests with \`${name}\` go to.`,
});

/**
 * Every variable of the Worker. A variable that is in Env but not here does not compile. The calls are marked as pure, so that the
 * bundle leaves these texts out.
 */
export const variables: Readonly<Record<VariableName, VariableText>> = {
  ADMIN_KEY: {
    default: 'created at the first start',
    text: 'Opens the dashboard the first time, and the management API.',
  },
  ENCRYPTION_KEY: {
    default: 'created at the first start',
    text: 'Encrypts the keys of channels. Without it, stored keys cannot be read again.',
  },
  ENCRYPTION_KEY_NEXT: {
    default: 'unset',
    text: 'The new key while `npm run rotate-encryption-key` runs. The command sets and removes it.',
  },
  ENCRYPTION_KEY_PREVIOUS: {
    default: 'unset',
    text: 'The old key while you rotate by hand. It still decrypts what it encrypted.',
  },
  OPENAI_API_KEY: /* @__PURE__ */ providerKey('OpenAI'),
  OPENAI_BASE_URL: /* @__PURE__ */ providerAddress('OPENAI_API_KEY'),
  ANTHROPIC_API_KEY: /* @__PURE__ */ providerKey('Anthropic'),
  ANTHROPIC_BASE_URL: /* @__PURE__ */ providerAddress('ANTHROPIC_API_KEY'),
  GEMINI_API_KEY: /* @__PURE__ */ providerKey('Google Gemini'),
  GEMINI_BASE_URL: /* @__PURE__ */ providerAddress('GEMINI_API_KEY'),
  LOG_RETENTION_DAYS: {
    default: '`90`',
    text: 'Days until rows of the request log are deleted. `0` never deletes them. The sums that charts use always stay.',
  },
  PRICES_URL: {
    default: "genai-prices' table on GitHub; `off` with `npm start`",
    text: 'The address that the price table is refreshed from. `off` uses only the table in the release.',
  },
  CONVERSATION_DAYS: {
    default: 'unset: nothing is stored',
    text: 'Days that translated responses are stored for `previous_response_id`, at most 365.',
  },
  CORS_ORIGINS: {
    default: 'any origin',
    text: 'Origins, separated by commas, whose pages may call the model endpoints.',
  },
  PUBLIC_PRICING: {
    default: 'unset',
    text: '`1` shows the models and prices of the default group to everybody at `/pricing`.',
  },
  ALLOW_PRIVATE_WEBHOOKS: {
    default: 'unset',
    text: '`1` lets webhooks go to private addresses and to http, for a receiver beside the relay.',
  },
  GITHUB_CLIENT_ID: {
    default: 'unset',
    text: 'The client id of a GitHub OAuth app. With the secret, people can sign in with GitHub.',
  },
  GITHUB_CLIENT_SECRET: { default: 'unset', text: 'The client secret of the GitHub OAuth app.' },
  GITHUB_BASE_URL: {
    default: '`https://github.com`',
    text: 'The address of a GitHub Enterprise Server.',
  },
  ACCESS_TEAM_DOMAIN: {
    default: 'unset',
    text: '`https://TEAM.cloudflareaccess.com`. With `ACCESS_AUD`, people can sign in with Cloudflare Access.',
  },
  ACCESS_AUD: { default: 'unset', text: 'The AUD tag of the application in Cloudflare Access.' },
};

/** The names of these variables. `npm start` passes them on from its environment. */
export const variableNames = /* @__PURE__ */ Object.keys(variables) as readonly VariableName[];

/** A channel that exists because an environment variable names its key. */
interface EnvironmentChannel {
  provider: 'openai' | 'anthropic' | 'gemini';
  key: string;
  baseUrl: string | null;
}

/** The demo upstream of `npm start`: its address, and its models by provider. */
interface DemoUpstream {
  baseUrl: string;
  models: Readonly<Record<string, string[]>>;
}

/** An application of Cloudflare Access. */
export interface AccessApplication {
  /** `https://TEAM.cloudflareaccess.com`, without a trailing slash. */
  teamDomain: string;
  /** The application's AUD tag. */
  audience: string;
}

/** An OAuth app of GitHub, or of a GitHub Enterprise Server. */
export interface GithubApp {
  clientId: string;
  clientSecret: string;
  /** Without a trailing slash. */
  baseUrl: string;
}

/** How people sign in to the dashboard besides passwords and passkeys. Null: not available. */
interface SignIn {
  readonly github: GithubApp | null;
  readonly access: AccessApplication | null;
}

export interface Config {
  readonly adminKey: string | null;
  /** The key that seals. */
  readonly encryptionKey: string | null;
  readonly encryptionKeys: EncryptionKeys;
  /** Null: responses are not stored. */
  readonly conversationDays: number | null;
  readonly demo: DemoUpstream | null;
  /** Null: every origin. */
  readonly corsOrigins: readonly string[] | null;
  /** Null: log rows are kept forever. */
  readonly logRetentionMs: number | null;
  /** Null: the price table is never refreshed. */
  readonly pricesUrl: string | null;
  readonly environmentChannels: readonly EnvironmentChannel[];
  readonly signIn: SignIn;
  /** Whether anybody may see the models and prices of the default group. */
  readonly hasPublicPricing: boolean;
  /** Whether there is Workers AI, which serves models that nothing else is configured for. */
  readonly hasWorkersAi: boolean;
}

/** Returns the frozen configuration of an environment. Empty strings count as unset. */
export function readConfig(env: Env): Config {
  const encryptionKeys = encryptionKeysOf(
    env.ENCRYPTION_KEY,
    env.ENCRYPTION_KEY_NEXT,
    env.ENCRYPTION_KEY_PREVIOUS,
  );
  return Object.freeze({
    adminKey: env.ADMIN_KEY || null,
    encryptionKey: encryptionKeys.seal,
    encryptionKeys,
    conversationDays: conversationDays(env.CONVERSATION_DAYS),
    demo:
      env.DEMO_BASE_URL && env.DEMO_MODELS
        ? { baseUrl: env.DEMO_BASE_URL, models: JSON.parse(env.DEMO_MODELS) }
        : null,
    corsOrigins: env.CORS_ORIGINS ? env.CORS_ORIGINS.split(',').map((origin) => origin.trim()) : null,
    logRetentionMs: logRetentionMs(env.LOG_RETENTION_DAYS),
    pricesUrl: pricesUrl(env.PRICES_URL),
    environmentChannels: environmentChannels(env),
    signIn: signIn(env),
    hasPublicPricing: env.PUBLIC_PRICING === '1',
    hasWorkersAi: env.AI !== undefined,
  });
}

/** How long log rows are kept by default. */
export const usualRetentionDays = 90;

/** Invalid values mean the default, so a typo never deletes logs. */
function logRetentionMs(text: string | undefined): number | null {
  const days = text === undefined || text.trim() === '' ? usualRetentionDays : Number(text);
  if (days === 0) return null;
  return (Number.isFinite(days) && days > 0 ? days : usualRetentionDays) * 86_400_000;
}

/** genai-prices' own copy of its table. A test compares it with the library's REMOTE_DATA_JSON_URL. */
export const usualPricesUrl =
  'https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json';

function pricesUrl(text: string | undefined): string | null {
  if (text === undefined || text.trim() === '') return usualPricesUrl;
  return URL.canParse(text) ? text : null;
}

/** Invalid values count as unset; callers then learn that nothing is stored. At most a year. */
function conversationDays(text: string | undefined): number | null {
  const days = Number(text ?? 0);
  return days > 0 ? Math.min(days, mostConversationDays) : null;
}

const mostConversationDays = 365;

function environmentChannels(env: Env): EnvironmentChannel[] {
  const all = [
    { provider: 'openai', key: env.OPENAI_API_KEY, baseUrl: env.OPENAI_BASE_URL || null },
    { provider: 'anthropic', key: env.ANTHROPIC_API_KEY, baseUrl: env.ANTHROPIC_BASE_URL || null },
    { provider: 'gemini', key: env.GEMINI_API_KEY, baseUrl: env.GEMINI_BASE_URL || null },
  ] as const;
  return all.flatMap(({ key, ...rest }) => (key ? [{ ...rest, key }] : []));
}

function signIn(env: Env): SignIn {
  const { GITHUB_CLIENT_ID: clientId, GITHUB_CLIENT_SECRET: clientSecret } = env;
  const { ACCESS_TEAM_DOMAIN: teamDomain, ACCESS_AUD: audience } = env;
  const baseUrl = withoutSlash(env.GITHUB_BASE_URL || 'https://github.com');
  return {
    github: clientId && clientSecret ? { clientId, clientSecret, baseUrl } : null,
    access: teamDomain && audience ? { teamDomain: withoutSlash(teamDomain), audience } : null,
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
