// The Cloudflare account to deploy to.
import { CommandFailure } from '../failure.ts';
import { type RunWrangler, runWrangler, wranglerJson } from '../wrangler.ts';

/** Returns the environment's account, the one deployed to before, or the only one that the login can see. */
export async function chooseAccount(
  kept: string | undefined,
  asked: string | undefined,
  run: RunWrangler = runWrangler,
): Promise<string> {
  if (kept && asked && kept !== asked) {
    throw new CommandFailure(
      `.deploy.json belongs to account ${kept}, but CLOUDFLARE_ACCOUNT_ID is ${asked}. To deploy to another account, move .deploy.json away.`,
    );
  }
  return kept || asked || (await onlyAccount(run));
}

async function onlyAccount(run: RunWrangler): Promise<string> {
  const accounts = accountsIn(await whoami(run));
  const [first] = accounts;
  if (first === undefined) {
    throw new CommandFailure('the login sees no account: set CLOUDFLARE_ACCOUNT_ID to the one to deploy to');
  }
  if (accounts.length === 1) return first.id;
  const list = accounts.map(({ id, name }) => `  ${id}  ${name}`).join('\n');
  throw new CommandFailure(`the login sees several accounts: set CLOUDFLARE_ACCOUNT_ID to one of\n${list}`);
}

async function whoami(run: RunWrangler): Promise<unknown> {
  try {
    return await wranglerJson(['whoami', '--json'], { purpose: 'asking who is logged in' }, run);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      `not logged in to Cloudflare: run \`npx wrangler login\`, or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID).\n${detail}`,
    );
  }
}

function accountsIn(answer: unknown): { id: string; name: string }[] {
  const accounts = (answer as { accounts?: unknown } | null)?.accounts;
  if (!Array.isArray(accounts)) return [];
  return accounts.filter((account) => typeof account?.id === 'string');
}
