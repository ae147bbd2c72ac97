// schema.sql and the files of migrations/, as texts in the Worker's bundle. A test compares the list with the
// folder.
import base from '../../schema.sql';
import charges from '../migrations/0002-charges.sql';
import rollUps from '../migrations/0003-roll-ups.sql';
import channelSettings from '../migrations/0004-channel-settings.sql';
import groups from '../migrations/0005-groups.sql';
import accounts from '../migrations/0006-accounts.sql';
import firstBytes from '../migrations/0007-first-bytes.sql';
import signIn from '../migrations/0008-sign-in.sql';
import boundsOfAccounts from '../migrations/0009-bounds-of-accounts.sql';
import requestLog from '../migrations/0010-request-log.sql';
import modelOverrides from '../migrations/0011-model-overrides.sql';
import attribution from '../migrations/0012-attribution.sql';
import type { SchemaScripts } from './steps.ts';

export const schemaScripts: SchemaScripts = {
  base,
  migrations: {
    '0002-charges.sql': charges,
    '0003-roll-ups.sql': rollUps,
    '0004-channel-settings.sql': channelSettings,
    '0005-groups.sql': groups,
    '0006-accounts.sql': accounts,
    '0007-first-bytes.sql': firstBytes,
    '0008-sign-in.sql': signIn,
    '0009-bounds-of-accounts.sql': boundsOfAccounts,
    '0010-request-log.sql': requestLog,
    '0011-model-overrides.sql': modelOverrides,
    '0012-attribution.sql': attribution,
  },
};
