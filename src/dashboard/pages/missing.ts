// What a deployment still lacks, said so that it can be mended.
import type { Config } from '../../config.ts';
import { hasSchema } from '../schema-store.ts';
import { strings } from './strings.ts';

/** Empty: all is there. */
export async function missingOf(config: Config, db: D1Database): Promise<string[]> {
  return [
    ...(config.adminKey === null ? [strings().setup.noAdminKey] : []),
    ...(config.encryptionKey === null ? [strings().setup.noEncryptionKey] : []),
    ...((await hasSchema(db)) ? [] : [strings().setup.noSchema]),
  ];
}
