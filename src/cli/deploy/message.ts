// The final output of `npm run deploy`.
import type { SchemaState } from './health.ts';
import { neededSecrets, type Secrets } from './secrets.ts';

/** The result of a deploy. */
export interface Deployed {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly schema: SchemaState;
  /** Secrets that were created and not shown yet. */
  readonly pending: Secrets;
  /** Secrets that were set from the environment. */
  readonly given: readonly string[];
  /** Secrets that the Worker lacks. */
  readonly unset: readonly string[];
  /** Whether the output is a terminal that only its user reads. */
  readonly isPrivate: boolean;
  /** Absolute path of the file that keeps pending secrets. */
  readonly file: string;
}

/** Returns the addresses, the state of the schema, and the messages about secrets. */
export function deployedMessage(deployed: Deployed): string {
  const { name, addresses } = deployed;
  return [
    '',
    ...(addresses.length > 0 ? addresses : ['see the output above']).map((url) => `  Deployed to     ${url}`),
    `  Schema          ${schemaText(deployed.schema)}`,
    ...deployed.given.map((secret) => `  ${secret.padEnd(16)}set to the value of the environment`),
    ...pendingLines(deployed),
    ...unsetLines(deployed),
    '',
    `  A provider without any set-up: npx wrangler secret put OPENAI_API_KEY --name ${name}`,
    '  (likewise ANTHROPIC_API_KEY, GEMINI_API_KEY, each with an optional …_BASE_URL).',
    '  Account and custom domains ("domains": ["api.example.com"]) are in .deploy.json, which git does not track.',
    `  Check it at any time: npm run doctor -- --url ${addresses[0] ?? 'ADDRESS'}`,
    '',
  ].join('\n');
}

function schemaText(schema: SchemaState): string {
  switch (schema.state) {
    case 'applied':
      return `up to date (version ${schema.version} of the relay answers)`;
    case 'failed':
      return `not there: ${schema.reason}`;
    case 'unreachable':
      return `the first request applies it; the address does not answer yet (${schema.reason})`;
  }
}

/** A rotation's new key may be among the pending ones; this program must not show it. */
export function shownSecrets(pending: Secrets): [name: string, value: string][] {
  return Object.entries(pending).filter(([name]) => neededSecrets.some((needed) => needed === name));
}

function pendingLines({ pending, isPrivate, file }: Deployed): string[] {
  const secrets = shownSecrets(pending);
  if (secrets.length === 0) return [];
  const names = secrets.map(([name]) => name).join(' and ');
  if (!isPrivate) {
    return [
      '',
      `  ${names} were made and are set. They are not printed, because this output is not a terminal:`,
      `  they are in ${file} ("pending_secrets") until \`npm run deploy\` shows them in a terminal.`,
    ];
  }
  return [
    ...secrets.map(([name, value]) => `  ${(name === 'ADMIN_KEY' ? 'Admin key' : name).padEnd(16)}${value}`),
    '',
    '  Keep them safe, in a password manager for instance: they are shown this once and Cloudflare never shows',
    '  them again. Without ENCRYPTION_KEY the keys of your channels cannot be read any more, not from a backup either.',
  ];
}

function unsetLines({ unset, name }: Deployed): string[] {
  if (unset.length === 0) return [];
  return [
    '',
    `  Not set: ${unset.join(' and ')}. In CI none is made, because nobody would see it. Keep a value of your own, and either set it`,
    '  in the environment of this job under that name, or run in a terminal:',
    ...unset.map((secret) => `    npx wrangler secret put ${secret} --name ${name}`),
  ];
}
