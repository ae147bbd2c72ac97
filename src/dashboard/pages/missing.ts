// What a deployment still lacks, said so that it can be mended.
import type { Config } from '../../config.ts';
import { hasSchema } from './schema-store.ts';

/** Empty: all is there. */
export async function missingOf(config: Config, db: D1Database): Promise<string[]> {
  return [
    ...(config.adminKey === null ? ['The secret ADMIN_KEY is not set: nobody can make tokens.'] : []),
    ...(config.encryptionKey === null
      ? ['The secret ENCRYPTION_KEY is not set: channels cannot keep their keys.']
      : []),
    ...((await hasSchema(db))
      ? []
      : ['The database lacks tables or columns: schema.sql and migrations/ were not applied.']),
  ];
}
