// /api/encryption-key: the ids of the ENCRYPTION_KEYs that this relay knows, and the resealing of stored secrets.
// `npm run rotate-encryption-key` calls both.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { encryptionKeyIdOf } from '../../lib/seal.ts';
import { type ResealCount, resealChannelKeys, resealConversations } from '../../routing/reseal-store.ts';
import type { ApiEnv } from './authenticate.ts';
import { encodeCursor, nameCursor } from './pages.ts';
import { unavailable } from './problem.ts';
import { bodyFailures, callFailures, json, jsonBody } from './responses.ts';
import type { ManagementServices } from './services.ts';

const keyIds = z
  .object({
    seals: z.string().nullable().openapi({ description: 'Id of the key that seals now; null: none is set.' }),
    opens: z.array(z.string()).openapi({ description: 'Ids of all keys that are known.' }),
  })
  .openapi('EncryptionKeyIds');

const resealAsk = z.strictObject({ cursor: z.string().optional() }).openapi('ResealRequest');

const resealAnswer = z
  .object({
    resealed: z.int(),
    locked: z.int().openapi({ description: 'Sealed under a key that is not known here; left as they are.' }),
    next_cursor: z.string().nullable().openapi({ description: 'null: everything has been looked at.' }),
  })
  .openapi('Resealed');

const security = [{ adminKey: [] }];
const tags = ['encryption key'];

const readKeysRoute = createRoute({
  method: 'get',
  path: '/encryption-key',
  summary:
    'Ids of the encryption keys that the relay knows. An id distinguishes keys without revealing them.',
  tags,
  security,
  responses: { 200: json(keyIds, 'The ids.'), ...callFailures },
});

const resealRoute = createRoute({
  method: 'post',
  path: '/encryption-key/reseal',
  summary: 'Seal what is stored under the key that seals now. Safe to repeat, and while requests run.',
  tags,
  security,
  request: { body: jsonBody(resealAsk, false) },
  responses: { 200: json(resealAnswer, 'What was done.'), ...bodyFailures, ...callFailures },
});

/** Adds the routes of the encryption key. */
export function addEncryptionKeyRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { db, encryptionKeys, onChannelsChanged, alerts } = services;
  api.openapi(readKeysRoute, async (context) => {
    const { seal, open } = encryptionKeys;
    const seals = seal === null ? null : await encryptionKeyIdOf(seal);
    return context.json({ seals, opens: await Promise.all(open.map(encryptionKeyIdOf)) }, 200);
  });
  api.openapi(resealRoute, async (context) => {
    if (encryptionKeys.seal === null) throw unavailable('ENCRYPTION_KEY is not set.');
    const after = nameCursor(context.req.valid('json').cursor);
    const keys = after === null ? await resealChannelKeys(db, encryptionKeys) : nothing;
    const secrets = after === null ? await alerts.reseal() : nothing;
    if (keys.resealed > 0) await onChannelsChanged();
    const { next, ...conversations } = await resealConversations(db, encryptionKeys, after ?? '');
    const next_cursor = next === null ? null : encodeCursor(next);
    return context.json({ ...sum(sum(keys, secrets), conversations), next_cursor }, 200);
  });
}

const nothing: ResealCount = { resealed: 0, locked: 0 };

function sum(one: ResealCount, other: ResealCount): ResealCount {
  return { resealed: one.resealed + other.resealed, locked: one.locked + other.locked };
}
