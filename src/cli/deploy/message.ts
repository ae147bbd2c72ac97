// What `npm run deploy` says at the end.
import type { Deployment } from './deployment.ts';

/** The addresses; the first time the secrets too, with the advice to keep them. */
export function deployedMessage(addresses: readonly string[], deployment: Readonly<Deployment>): string {
  const [address = 'see the output above'] = addresses;
  return [
    '',
    ...(addresses.length > 0 ? addresses : [address]).map((url) => `  Deployed to     ${withScheme(url)}`),
    ...secretLines(deployment.pending_secrets ?? {}),
    '',
    '  A provider without any set-up: npx wrangler secret put OPENAI_API_KEY --name ' +
      (deployment.name ?? ''),
    '  (likewise ANTHROPIC_API_KEY, GEMINI_API_KEY, each with an optional …_BASE_URL).',
    '  Ids, account and custom domains ("domains": ["api.example.com"]) are in .deploy.json, which git does not track.',
    '',
  ].join('\n');
}

/** Those that a deploy makes; others are a rotation's, which shows its own. */
const shownSecrets = ['ADMIN_KEY', 'ENCRYPTION_KEY'];

function secretLines(secrets: Readonly<Record<string, string>>): string[] {
  const shown = Object.entries(secrets).filter(([name]) => shownSecrets.includes(name));
  const lines = shown.map(([name, value]) => `  ${name.padEnd(16)}${value}`);
  if (lines.length === 0) return [];
  return [
    ...lines.map((line) => line.replace('  ADMIN_KEY       ', '  Admin key       ')),
    '',
    '  Keep both safe, in a password manager for instance: they are shown this once and Cloudflare never shows',
    '  them again. Without ENCRYPTION_KEY the keys of your channels cannot be read any more, not from a backup either.',
  ];
}

function withScheme(address: string): string {
  return address.includes('://') ? address : `https://${address}`;
}
