// Setup checks: what a deployment lacks, what it is needed for, and the commands to fix it.
import type { Config } from '../../config.ts';
import { schemaReadiness } from '../../schema/readiness.ts';
import { messages } from '../i18n/messages.ts';

/** A missing setting or service, without which a part of the relay does not work. */
export interface SetupProblem {
  readonly what: string;
  /** Commands to paste in the folder of the clone. Empty: the reason says what to do. */
  readonly commands: readonly string[];
}

/** A command that prints a value to keep, and reads it. */
const secretCommands = (name: string) => ['openssl rand -hex 32', `npx wrangler secret put ${name}`];

/** Returns an empty list when nothing is missing. Brings the schema up to date first. */
export async function setupProblemsOf(config: Config, db: D1Database): Promise<SetupProblem[]> {
  const { noAdminKey, noEncryptionKey, databaseAway } = messages().setup;
  const missing: SetupProblem[] = [];
  if (config.adminKey === null) missing.push({ what: noAdminKey, commands: secretCommands('ADMIN_KEY') });
  if (config.encryptionKey === null)
    missing.push({ what: noEncryptionKey, commands: secretCommands('ENCRYPTION_KEY') });
  const readiness = await schemaReadiness(db);
  if (readiness.state === 'away') missing.push({ what: databaseAway, commands: [] });
  if (readiness.state === 'failed') missing.push({ what: readiness.reason, commands: [] });
  return missing;
}
