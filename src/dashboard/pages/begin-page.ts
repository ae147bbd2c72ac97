// Renders the first page: looks what a deployment lacks, and says so.
import type { Config } from '../../config.ts';
import { BeginPage } from './begin.tsx';
import { hasSchema } from './schema-store.ts';

/** The page at `/`. */
export async function beginPage(url: string, config: Config, db: D1Database): Promise<Response> {
  const missing = [
    ...(config.adminKey === null ? ['The secret ADMIN_KEY is not set: nobody can make tokens.'] : []),
    ...(config.encryptionKey === null
      ? ['The secret ENCRYPTION_KEY is not set: channels cannot keep their keys.']
      : []),
    ...((await hasSchema(db))
      ? []
      : ['The database lacks tables or columns: schema.sql and migrations/ were not applied.']),
  ];
  const html = `<!doctype html>${String(await BeginPage({ origin: new URL(url).origin, missing }))}`;
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    },
  });
}
